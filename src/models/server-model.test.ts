/** A signal that lives as long as its program, and the calls that come and go with it. */
import { getEventListeners } from "node:events";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { TokenRecord } from "../core/index.ts";
import { surprisalModel } from "./ai-sdk/index.ts";
import type { GenerateOptions, GenerationEnd, ModelIdentity, Prompt } from "./language-model.ts";
import { inOrder } from "./openai/in-order.ts";
import { ServerModel } from "./server-model.ts";

class Echo extends ServerModel {
  readonly identity: ModelIdentity = {
    name: "echo",
    source: "echo",
    sha256: null,
    architecture: null,
    parameters: null,
    quantisation: null,
    bytes: null,
  };
  readonly vocabulary = { size: null, bos: null, eos: null, addsBos: false };
  readonly trainedContext = null;
  readonly settings = {};
  protected readonly source = "Echo";
  /** Resolves where the calls may end. */
  until: Promise<unknown> = Promise.resolve();
  readonly aborted: unknown[] = [];

  constructor() {
    super({ alternatives: 0 });
  }

  protected override async *write(
    _: Prompt,
    { signal }: GenerateOptions,
  ): AsyncGenerator<TokenRecord, GenerationEnd, void> {
    yield { text: "a", logprob: -1 };
    await this.until;
    if (signal?.aborted) this.aborted.push(signal.reason);
    return {
      finishReason: "stop",
      tokens: 1,
      scored: 1,
      partial: false,
      warnings: [],
      provenance: { model: this.identity, probabilities: "raw", eosCounted: false },
    };
  }
}

/** What a signal holds on to: its listeners, and in Node 20 to 22 whatever AbortSignal.any made of it. */
function heldBy(signal: AbortSignal): number {
  const symbol = Object.getOwnPropertySymbols(signal).find(({ description }) =>
    description?.includes("Dependant"),
  );
  const made: unknown = symbol && Reflect.get(signal, symbol);
  const dependants = typeof made === "object" && made !== null ? Number(Reflect.get(made, "size")) : 0;
  return getEventListeners(signal, "abort").length + dependants;
}

const CALLS = 1000;
const warned = vi.fn();
process.on("warning", warned);
afterEach(() => warned.mockClear());

async function readAll(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

describe("1,000 calls with one signal", () => {
  it("leave nothing behind, one after the other", async () => {
    const { signal } = new AbortController();
    const model = new Echo();
    for (let i = 0; i < CALLS; i++) await readAll(model.generate("x", { signal }));
    for (let i = 0; i < CALLS; i++) await readAll(inOrder([1, 2], 2, async (item) => item, signal));
    expect(heldBy(signal)).toBe(0);
  });

  it("listen with one listener side by side, also where some are left, and none when they are over", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const model = new Echo();
    let end = () => {};
    model.until = new Promise<void>((resolve) => {
      end = resolve;
    });
    const generations = Array.from({ length: CALLS }, () => model.generate("x", { signal }));
    for (const each of generations) await each[Symbol.asyncIterator]().next();
    expect(heldBy(signal)).toBeLessThanOrEqual(2);
    end();
    await Promise.all(
      generations.map((each, i) => (i % 2 ? readAll(each) : each.return?.(undefined as never))),
    );
    expect(heldBy(signal)).toBe(0);
    expect(warned).not.toHaveBeenCalled();
  });

  it("are stopped by it, and by the model's end", async () => {
    for (const stop of ["signal", "model"]) {
      const controller = new AbortController();
      const model = new Echo();
      const generation = model.generate("x", { signal: controller.signal });
      await generation[Symbol.asyncIterator]().next();
      if (stop === "signal") controller.abort("enough");
      else await model[Symbol.asyncDispose]();
      await readAll(generation);
      expect(model.aborted).toEqual([stop === "signal" ? "enough" : expect.any(DOMException)]);
    }
  });

  it("leave nothing behind as models of the AI SDK, read or cancelled", async () => {
    const { signal } = new AbortController();
    const model = surprisalModel(new Echo());
    for (let i = 0; i < CALLS / 4; i++) {
      const call = { prompt: [{ role: "user" as const, content: [{ type: "text" as const, text: "x" }] }] };
      await model.doGenerate({ ...call, abortSignal: signal });
      const { stream } = await model.doStream({ ...call, abortSignal: signal });
      const reader = stream.getReader();
      if (i % 2) await reader.cancel();
      else while (!(await reader.read()).done);
    }
    expect(heldBy(signal)).toBe(0);
  });
});

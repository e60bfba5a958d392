import { describe, expect, it } from "vitest";
import { SurprisalError } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { TableModel } from "../../models/test/index.ts";
import type { PromptRow } from "./prompts.ts";
import type { Written } from "./rows.ts";
import { type Work, writeAll } from "./schedule.ts";

const model = TableModel.bytes();
const OPTIONS = { maxTokens: 6, temperature: 1, seed: 3 };
const rowsOf = (prompts: readonly PromptRow["prompt"][]) =>
  prompts.map((prompt, index): PromptRow => ({ index, id: null, where: "", prompt, sha256: String(index) }));

async function write(work: Partial<Work> & Pick<Work, "rows">) {
  const written: Written[] = [];
  const errors: string[] = [];
  let tokens = 0;
  const failure = await writeAll({
    ...{ model, samples: 1, options: OPTIONS, atOnce: 4, isDone: () => false, keepRecords: false },
    onToken: () => tokens++,
    onAnswer: (answer) => written.push(answer),
    onError: ({ index }, sample, error) =>
      errors.push(`${index}.${sample} ${SurprisalError.isInstance(error) ? error.code : error}`),
    ...work,
  }).catch((error: unknown) => error);
  const key = ({ row, sample }: Written) => row.index * 1000 + sample;
  written.sort((a, b) => key(a) - key(b));
  return { written, errors, tokens, failure };
}

/** What `generate` writes with that seed. */
async function alone(prompt: string, seed: number): Promise<string> {
  const bytes: number[] = [];
  for await (const record of model.generate(prompt, { ...OPTIONS, seed }))
    bytes.push(...(record.bytes ?? new TextEncoder().encode(record.text)));
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

/** A model of which another thing is different. */
function changed(changes: Partial<LanguageModel>): LanguageModel {
  return new Proxy<LanguageModel>(model, {
    get(target, name) {
      const value: unknown = Reflect.get(name in changes ? changes : target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

describe("many prompts at once", () => {
  it("come to what each comes to alone, seed by seed", async () => {
    const prompts = ["Once", "The old man", "zzz"];
    const { written, errors, tokens } = await write({ rows: rowsOf(prompts), samples: 5 });
    expect(errors).toEqual([]);
    expect(written).toHaveLength(15);
    expect(tokens).toBe(15 * 6);
    for (const { row, sample, seed, answer, promptTokens } of written) {
      expect(seed).toBe(3 + sample);
      const whole = new TextDecoder().decode(
        new TextEncoder().encode(await alone(row.prompt as string, seed!)),
      );
      expect(whole.startsWith(answer.text)).toBe(true); // a character that it ends in the middle of is not there
      expect(answer.tokens).toBe(6);
      expect(promptTokens).toBe(1 + (row.prompt as string).length); // BOS and a token a byte
    }
  });

  it("leave out what is done, and begin the prompt anew for nothing that is", async () => {
    const isDone: Work["isDone"] = ({ index }, sample) => index === 0 || sample !== 2;
    const { written } = await write({ rows: rowsOf(["a", "b"]), samples: 4, isDone });
    expect(written.map(({ row, sample, seed }) => [row.index, sample, seed])).toEqual([[1, 2, 5]]);
  });

  it("go on without one that fails", async () => {
    const bad = new SurprisalError({ code: "CORPUS_MALFORMED", what: "bad row" });
    const { written, errors, failure } = await write({ rows: rowsOf(["a", bad, "\ud800", "d"]), samples: 2 });
    expect(written.map(({ row }) => row.index)).toEqual([0, 0, 3, 3]);
    expect(errors.sort()).toEqual([
      "1.0 CORPUS_MALFORMED",
      "1.1 CORPUS_MALFORMED",
      "2.0 INVALID_ARGUMENT",
      "2.1 INVALID_ARGUMENT",
    ]);
    expect(failure).toBeUndefined();
  });

  it("end with an error that all would have", async () => {
    let asked = 0;
    const broken = changed({
      generate: (prompt, options) => {
        asked++;
        if (asked > 2) throw new SurprisalError({ code: "UNAUTHORIZED", what: "no key" });
        return model.generate(prompt, options);
      },
    });
    const rows = rowsOf(Array.from({ length: 50 }, () => "a"));
    const { written, failure } = await write({ rows, model: broken, atOnce: 1 });
    expect(failure).toMatchObject({ code: "UNAUTHORIZED" });
    expect(written.length).toBeLessThanOrEqual(2);
    expect(asked).toBe(3);
  });

  it("are never more at once than there are places", async () => {
    let running = 0;
    let most = 0;
    const counting = changed({
      generate(prompt, options) {
        const source = model.generate(prompt, options);
        let begun = false;
        return {
          ...source,
          [Symbol.asyncIterator]() {
            return this;
          },
          get end() {
            return source.end;
          },
          async next() {
            if (!begun) running++;
            begun = true;
            most = Math.max(most, running);
            await new Promise((resolve) => setImmediate(resolve));
            const result = await source.next();
            if (result.done) running--;
            return result;
          },
        };
      },
    });
    const { written } = await write({
      rows: rowsOf(Array.from({ length: 20 }, (_, i) => `p${i}`)),
      model: counting,
      atOnce: 3,
    });
    expect(written).toHaveLength(20);
    expect([running, most]).toEqual([0, 3]);
  });

  it("wait where a source has no room, and are sampled in as many as it takes", async () => {
    let open = 0;
    const small = changed({
      sample(prompt, options) {
        if (options.n > 3)
          throw new SurprisalError({ code: "INVALID_ARGUMENT", what: "too many", where: "n" });
        return model.sample(prompt, options);
      },
      generate(prompt, options) {
        const source = model.generate(prompt, options);
        const crowded = open >= 2;
        if (!crowded) open++;
        return {
          ...source,
          [Symbol.asyncIterator]() {
            return this;
          },
          get end() {
            return source.end;
          },
          async next() {
            await new Promise((resolve) => setImmediate(resolve));
            if (crowded) throw new SurprisalError({ code: "TOO_MANY_SEQUENCES", what: "full" });
            const result = await source.next();
            if (result.done) open--;
            return result;
          },
        };
      },
    });
    const waiting = await write({ rows: rowsOf(["a", "b", "c", "d", "e", "f"]), model: small, atOnce: 4 });
    expect(waiting.errors).toEqual([]);
    expect(waiting.written).toHaveLength(6);
    const sampled = await write({ rows: rowsOf(["a"]), model: small, samples: 8 });
    expect(sampled.written.map(({ seed }) => seed)).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
  });
});

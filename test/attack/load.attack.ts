/** The library under load: mixed calls side by side on one real model, with aborts and early ends; memory stays flat. */
import { resolve } from "../../src/index.ts";
import type { LanguageModel } from "../../src/models/index.ts";
import { collectGarbage } from "../garbage.ts";
import { attack, type Trial } from "./attack.ts";

/** Calls of a round, side by side. */
const CALLS = 40;
/**
 * What the second half of the rounds may take beside what the first half took, MiB. The allocator keeps what side-by-side calls
 * have freed, so that memory grows for some thousand calls, ever more slowly; a leak does not slow down.
 */
const SLACK_MIB = 80;

/** A trial is a round of calls, about half a second each: 40 take half a minute, 1,200 ten minutes. */
attack({ name: "load", short: 40, long: 1200, trials });

async function* trials({ count }: { count: number; seed: number }): AsyncGenerator<Trial> {
  const warnings: string[] = [];
  const onWarning = ({ name }: Error) => warnings.push(name);
  process.on("warning", onWarning);
  const model = await resolve("mini");
  try {
    const expected: string[] = [];
    for (let kind = 0; kind < KINDS.length; kind++) expected.push(await KINDS[kind]!(model));
    let settled = 0;
    for (let round = 0; round < count; round++) {
      const calls = Array.from({ length: CALLS }, (_, i) => KINDS[(i + round) % KINDS.length]!(model));
      const outcomes = await Promise.allSettled(calls);
      const wrong = outcomes.find(
        (outcome, i) =>
          outcome.status === "rejected" || outcome.value !== expected[(i + round) % KINDS.length],
      );
      collectGarbage();
      const mib = process.memoryUsage.rss() / 2 ** 20;
      if (2 * round <= count) settled = Math.max(settled, mib);
      const detail = `round ${round}: ${mib.toFixed(0)} MiB, at most ${settled.toFixed(0)} in the first half`;
      if (wrong !== undefined)
        yield {
          verdict: "wrong",
          detail: `${detail}: ${wrong.status === "rejected" ? wrong.reason.stack : wrong.value}`,
        };
      else if (warnings.length > 0) yield { verdict: "wrong", detail: `${detail}: ${warnings.splice(0)}` };
      else if (mib > settled + SLACK_MIB) yield { verdict: "crashed", detail };
      else yield { verdict: "held", detail };
      if (process.env.ATTACK_LONG && round % 60 === 0) console.log(detail);
    }
  } finally {
    await model[Symbol.asyncDispose]();
    process.off("warning", onWarning);
  }
}

/** Calls that end with the same text whenever they are made. */
const KINDS: readonly ((model: LanguageModel) => Promise<string>)[] = [
  async (model) => {
    for await (const { logprob } of model.score([{ context: "The cat", continuation: " sat on the mat" }]))
      return logprob!.toFixed(2);
    return "nothing";
  },
  async (model) => {
    let text = "";
    for await (const record of model.generate("Once upon a time", { maxTokens: 6 })) text += record.text;
    return text === "" ? "nothing" : "text";
  },
  async (model) => {
    const controller = new AbortController();
    const writing = model.generate("There was a", { maxTokens: 200, signal: controller.signal });
    try {
      for await (const record of writing) if (record) controller.abort();
    } catch (error) {
      return (error as { code: string }).code;
    }
    return "not aborted";
  },
  async (model) => {
    for await (const record of model.generate("He left early", { maxTokens: 200 })) return typeof record.text;
    return "nothing";
  },
  async (model) => {
    const [vector] = await model.embed(["a text"]);
    return vector!.length > 0 ? "vector" : "nothing";
  },
  async (model) => {
    const sequence = await model.open();
    const other = await (async () => {
      await sequence.extend([1, 2, 3]);
      return sequence.fork();
    })();
    await other.extend([4]);
    await other.truncate(2);
    const { length } = other;
    await other[Symbol.asyncDispose]();
    await sequence[Symbol.asyncDispose]();
    return String(length);
  },
  async (model) => {
    const { loss } = await model.loss("A short text about nothing much at all.");
    return loss.toFixed(2);
  },
  async (model) => {
    try {
      for await (const _ of model.score([{ context: "x", continuation: "" }])) return "scored";
    } catch (error) {
      return (error as { code: string }).code;
    }
    return "nothing";
  },
];

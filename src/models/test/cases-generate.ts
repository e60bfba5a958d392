/** Conformance: several answers at once, and how an answer begins, ends and is chosen. */
import { distributionShape, type TokenRecord } from "../../core/index.ts";
import type { GenerateOptions, LanguageModel, Prompt } from "../language-model.ts";
import { type ConformanceCase, conformanceCase } from "./_case.ts";
import { allClose, check, collect, refuses, same, scoreOne, textIds } from "./_check.ts";

const PROMPT = "Once upon a time, there was a";
const HOT = { maxTokens: 6, temperature: 1.5 };

export const generateCases: readonly ConformanceCase[] = [
  conformanceCase("answers written at once are what each is alone", ["generate"], async (model) => {
    const asked: GenerateOptions[] = [{ ...HOT, seed: 1 }, { ...HOT, seed: 2 }, { maxTokens: 6 }];
    const alone: string[] = [];
    for (const options of asked) alone.push(written(await collect(model.generate(PROMPT, options))));
    const atOnce = await Promise.all(
      asked.map(async (options) => written(await collect(model.generate(PROMPT, options)))),
    );
    same(atOnce, alone, "three at once");
  }),

  conformanceCase(
    "sample writes what generate writes with the seeds that follow",
    ["generate"],
    async (model) => {
      const alone: string[] = [];
      for (const seed of [5, 6, 7])
        alone.push(written(await collect(model.generate(PROMPT, { ...HOT, seed }))));
      const answers = model.sample(PROMPT, { ...HOT, seed: 5, n: 3 });
      same(answers.length, 3, "answers");
      const [first, second, third] = answers as [
        (typeof answers)[0],
        (typeof answers)[0],
        (typeof answers)[0],
      ];
      for await (const record of second) if (record) break; // the others go on
      const read = await Promise.all([third, first].map(async (answer) => written(await collect(answer))));
      same(read, [alone[2], alone[0]], "the third and the first");
      check(first.end !== null && third.end !== null, "each has an end of its own");
      same(second.end, null, "the end of the one that was left");
      for (const n of [0, 1.5, 10_000, Number.NaN])
        await refuses("INVALID_ARGUMENT", () => model.sample(PROMPT, { n }), `n ${n}`);
    },
  ),

  conformanceCase(
    "the shape of a distribution is that of all its probabilities",
    ["generate", "distribution", "fork"],
    async (model, tolerance) => {
      const first = async (shape: boolean) =>
        (await collect(model.generate(PROMPT, { maxTokens: 1, shape })))[0]?.shape;
      const sequence = await model.open();
      await sequence.extend(await textIds(model, PROMPT, true));
      const expected = distributionShape(sequence.next(), "logprobs");
      await sequence[Symbol.asyncDispose]();
      allClose(Object.values((await first(true)) ?? {}), Object.values(expected), tolerance, "shape");
      same(await first(false), undefined, "unasked");
    },
  ),

  conformanceCase("an answer ends exactly where a stop string begins", ["generate"], async (model) => {
    const { options, bytes, stop } = await textWithStop(model);
    const at = indexOf(bytes, new TextEncoder().encode(stop));
    const writing = model.generate(PROMPT, { ...options, stop: ["never written by anyone", stop] });
    const records = await collect(writing);
    same(bytesOf(records), bytes.slice(0, at), `what stands before ${JSON.stringify(stop)}`);
    const { end } = writing;
    same(end?.finishReason, "stop", "finish reason");
    if (model.capabilities.distribution)
      check(end?.stop !== undefined, "the end says which stop string it was");
    if (end?.stop) {
      same(end.stop.text, stop, "the stop string");
      const behind = new TextDecoder().decode(Uint8Array.from(bytesOf(end.stop.records)));
      check(behind.endsWith(stop + end.stop.behind), "its tokens hold it, and what lies behind it");
      const { cut } = records.at(-1) ?? {};
      check(cut === undefined || (stop + end.stop.behind).startsWith(cut), "what is cut off the last token");
    }
    const other = await collect(model.generate(PROMPT, { ...options, stop: [`${stop}\u0001\u0002`] }));
    same(bytesOf(other), bytes, "with a stop string of which only the beginning is written");
  }),

  conformanceCase(
    "what an answer begins with is run, and is none of its tokens",
    ["generate"],
    async (model) => {
      const end = PROMPT.lastIndexOf(" ");
      const [prompt, prefill] = [PROMPT.slice(0, end), PROMPT.slice(end)];
      const whole = written(await collect(model.generate(PROMPT, { maxTokens: 6 })));
      await unlessRefused(async () => {
        const records = await collect(model.generate(prompt, { prefill, maxTokens: 6 }));
        same(written(records), whole, "after a prompt and its prefill");
      });
    },
  ),

  conformanceCase(
    "the beginning of a chat's answer goes on from the generation prompt",
    ["chat", "chatTemplate", "generate"],
    async (model) => {
      const chat: Prompt = [{ role: "user", content: "What is the capital of France?" }];
      const prefill = "The capital";
      const text = model.applyChatTemplate(chat, { addGenerationPrompt: true }) + prefill;
      const whole = await collect(model.generate(text, { maxTokens: 4 }));
      same(written(await collect(model.generate(chat, { prefill, maxTokens: 4 }))), written(whole), "ids");
    },
  ),

  conformanceCase(
    "one of some texts is written, with the model's own numbers",
    ["generate", "distribution", "score", "tokenize"],
    async (model, tolerance) => {
      const texts = [" no", " not", " yes, of course"];
      const { ids } = await model.tokenize(PROMPT, { addSpecial: true });
      for (const temperature of [0, 2, 2, 2]) {
        const writing = model.generate(PROMPT, { oneOf: texts, temperature, seed: temperature });
        const records = await collect(writing);
        const text = new TextDecoder().decode(Uint8Array.from(bytesOf(records)));
        check(texts.includes(text), `${JSON.stringify(text)} is none of the texts`);
        const { finishReason, choice } = writing.end!;
        same([finishReason, choice?.index], ["stop", texts.indexOf(text)], "finish reason, choice");
        same(choice?.outside.length, records.length, "masses outside");
        check(
          choice!.outside.every((mass) => mass >= 0 && mass <= 1),
          "a mass outside is no probability",
        );
        // What is drawn from was within the texts, so no token can be likelier than what is not outside.
        for (const [i, { logprob }] of records.entries())
          check(
            Math.exp(logprob!) <= 1 - choice!.outside[i]! + 1e-4,
            `token ${i} is likelier than all allowed ones`,
          );
        const { tokens } = await scoreOne(
          model,
          ids,
          records.map(({ id }) => id!),
        );
        allClose(
          records.map(({ logprob }) => logprob!),
          tokens.logprobs,
          tolerance,
          "logprobs",
        );
      }
      for (const bad of [[], ["a", "a"], [""], ["\ud800"]])
        await refuses("INVALID_ARGUMENT", () => collect(model.generate(PROMPT, { oneOf: bad })), "oneOf");
      await refuses(
        "INVALID_ARGUMENT",
        () => collect(model.generate(PROMPT, { oneOf: ["a"], stop: ["b"] })),
        "oneOf with stop",
      );
    },
  ),

  conformanceCase("minP of 1 is greedy, at any temperature", ["generate", "distribution"], async (model) => {
    const greedy = written(await collect(model.generate(PROMPT, { maxTokens: 6 })));
    const only = await collect(model.generate(PROMPT, { ...HOT, temperature: 2, minP: 1 }));
    same(written(only), greedy, "minP 1");
    const all = await collect(model.generate(PROMPT, { ...HOT, minP: 0 }));
    same(written(all), written(await collect(model.generate(PROMPT, HOT))), "minP 0");
  }),

  conformanceCase(
    "penalties keep tokens away, and leave the numbers alone",
    ["generate", "distribution", "score", "tokenize"],
    async (model, tolerance) => {
      const ids = await textIds(model, PROMPT, true);
      const records = await collect(
        model.generate(PROMPT, { maxTokens: 8, presencePenalty: 100, repeatLastN: -1 }),
      );
      const all = [...ids, ...records.map(({ id }) => id!)];
      const again = records.filter((_, i) => all.indexOf(all[ids.length + i]!) < ids.length + i);
      same(
        again.map(({ text }) => text),
        [],
        "tokens that stood there before",
      );
      const { tokens } = await scoreOne(
        model,
        ids,
        records.map(({ id }) => id!),
      );
      allClose(
        records.map(({ logprob }) => logprob!),
        tokens.logprobs,
        tolerance,
        "logprobs",
      );
      const nowhere = { presencePenalty: -100, frequencyPenalty: -100, repeatPenalty: 0.1, repeatLastN: 0 };
      const greedy = await collect(model.generate(PROMPT, { maxTokens: 6 }));
      same(
        written(await collect(model.generate(PROMPT, { maxTokens: 6, ...nowhere }))),
        written(greedy),
        "repeatLastN 0",
      );
    },
  ),

  conformanceCase(
    "refuses stop strings, beginnings and penalties that make no sense",
    ["generate"],
    async (model) => {
      const bad: GenerateOptions[] = [
        { stop: [""] },
        { stop: ["\udc00"] },
        { prefill: "\ud800" },
        { minP: 2 },
        { minP: -0.1 },
        { repeatPenalty: 0 },
        { repeatLastN: -2 },
        { repeatLastN: 0.5 },
        { presencePenalty: Number.NaN },
        { frequencyPenalty: Number.POSITIVE_INFINITY },
        { maxTokens: 1.5 },
        { whenFull: "never" as never },
        { batching: "sometimes" as never },
      ];
      for (const options of bad)
        await refuses(
          "INVALID_ARGUMENT",
          () => collect(model.generate(PROMPT, { maxTokens: 1, ...options })),
          JSON.stringify(options),
        );
      for (const none of [undefined, null, 5, {}, { messages: [] }])
        await refuses(
          "INVALID_ARGUMENT",
          () => collect(model.generate(none as never, { maxTokens: 1 })),
          `the prompt ${JSON.stringify(none)}`,
        );
    },
  ),
];

/** Ids and texts, for comparing. */
function written(records: readonly TokenRecord[]): string {
  return JSON.stringify(records.map(({ id, text }) => id ?? text));
}

function bytesOf(records: readonly TokenRecord[]): number[] {
  return records.flatMap(({ text, bytes }) => Array.from(bytes ?? new TextEncoder().encode(text)));
}

function indexOf(bytes: readonly number[], part: Uint8Array): number {
  return bytes.findIndex((_, i) => part.every((byte, j) => bytes[i + j] === byte));
}

/** Something the model writes, and two characters that stand in the middle of it. */
async function textWithStop(
  model: LanguageModel,
): Promise<{ options: GenerateOptions; bytes: number[]; stop: string }> {
  for (let seed = 1; seed < 20; seed++) {
    const options = { maxTokens: 24, temperature: 1, seed };
    const bytes = bytesOf(await collect(model.generate(PROMPT, options)));
    const printable = (byte: number | undefined) => byte !== undefined && byte > 0x20 && byte < 0x7f;
    for (let i = Math.floor(bytes.length / 3); i > 0 && i + 1 < bytes.length; i++)
      if (printable(bytes[i]) && printable(bytes[i + 1]))
        return { options, bytes, stop: String.fromCharCode(bytes[i]!, bytes[i + 1]!) };
  }
  throw new Error("the model writes no two characters in a row");
}

/** A source may lack an option that it names. */
async function unlessRefused(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if ((error as { code?: unknown }).code !== "UNSUPPORTED_CAPABILITY") throw error;
  }
}

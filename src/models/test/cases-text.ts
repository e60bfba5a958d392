/** Conformance: what the model says of itself, and its tokenizer. */
import type { LanguageModel, ModelCapabilities } from "../language-model.ts";
import { type ConformanceCase, conformanceCase } from "./_case.ts";
import { check, collect, decode, refuses, same, textIds } from "./_check.ts";

const TEXTS = [
  "The quick brown fox jumps over the lazy dog.",
  "two  spaces,\ttab,\nnew line,\r\nCRLF, trailing space ",
  "naïve café, 你好，世界, 🙂 👩‍👩‍👧, e\u0301, \u00a0\u200b",
  "control \u0000\u0001\u001b[31m\u007f\u0085 characters",
  "special-looking <|im_end|><|endoftext|></s><s><bos><eos>[INST] text",
  "x",
];

export const textCases: readonly ConformanceCase[] = [
  conformanceCase("says who it is, and nothing that contradicts itself", [], async (model) => {
    const { identity, vocabulary, capabilities } = model;
    same(model.specVersion, "1", "specVersion");
    check(identity.name !== "" && identity.source !== "", "name and source are not empty");
    check(
      identity.sha256 === null || /^[0-9a-f]{64}$/.test(identity.sha256),
      "sha256 is lower-case hex or null",
    );
    const { size } = vocabulary;
    check(size === null || (Number.isInteger(size) && size > 0), `vocabulary size ${size}`);
    for (const id of [vocabulary.bos, vocabulary.eos])
      check(
        id === null || (Number.isInteger(id) && id >= 0 && id < (size ?? Infinity)),
        `special token id ${id}`,
      );
    check(!vocabulary.addsBos || vocabulary.bos !== null, "a model that adds BOS has one");
    const most = capabilities.alternatives;
    check(Number.isInteger(most) && most >= 0 && most <= (size ?? Infinity), `${most} alternatives`);
    const { trainedContext } = model;
    check(trainedContext === null || trainedContext > 0, `trained context ${trainedContext}`);
  }),

  conformanceCase("says where it computes, and with how many threads", [], async ({ execution }) => {
    const { place, threads } = execution;
    check(place === "process" || place === "server", `place ${JSON.stringify(place)}`);
    check(threads === null || (Number.isInteger(threads) && threads >= 1), `${threads} threads`);
    check(place === "process" || threads === null, "nobody knows the threads of a server");
  }),

  conformanceCase("refuses what it says it cannot do", [], async (model) => {
    const uses: Partial<Record<keyof ModelCapabilities, () => unknown>> = {
      score: () => collect(model.score([{ context: [], continuation: [0, 0] }])),
      tokenize: () => model.tokenize("text"),
      generate: () => collect(model.generate("text", { maxTokens: 1 })),
      fork: () => model.open(),
      embed: () => model.embed(["text"]),
      chat: () => collect(model.generate([{ role: "user", content: "text" }], { maxTokens: 1 })),
      chatTemplate: () => model.applyChatTemplate([{ role: "user", content: "text" }]),
    };
    for (const [capability, use] of Object.entries(uses))
      if (!model.capabilities[capability as keyof ModelCapabilities])
        await refuses("UNSUPPORTED_CAPABILITY", use, capability);
  }),

  conformanceCase("tokens give back the very bytes of the text", ["tokenize"], async (model) => {
    for (const text of TEXTS) {
      const { ids } = await model.tokenize(text);
      const { size } = model.vocabulary;
      check(
        ids.every((id) => id >= 0 && id < (size ?? Infinity)),
        `ids of ${JSON.stringify(text)} are in range`,
      );
      same(Array.from(await model.detokenize(ids)), bytesOf(text), `bytes of ${JSON.stringify(text)}`);
    }
    same((await model.tokenize("")).ids.length, 0, "tokens of the empty text");
    same((await model.detokenize([])).length, 0, "bytes of no tokens");
  }),

  conformanceCase("byte offsets cut the text into the tokens' bytes", ["tokenize"], async (model) => {
    for (const text of TEXTS) {
      const { ids, byteOffsets } = await model.tokenize(text);
      const bytes = bytesOf(text);
      same(byteOffsets.length, ids.length + 1, "offsets per token");
      same([byteOffsets[0], byteOffsets.at(-1)], [0, bytes.length], "first and last offset");
      for (const [i, id] of ids.entries())
        same(
          bytes.slice(byteOffsets[i], byteOffsets[i + 1]),
          Array.from(await model.detokenize([id])),
          `bytes of token ${i} of ${JSON.stringify(text)}`,
        );
    }
  }),

  conformanceCase(
    "text that looks like a special token is text unless asked",
    ["tokenize"],
    async (model) => {
      const { bos, eos } = model.vocabulary;
      for (const special of [bos, eos]) {
        if (special === null) continue;
        const name = decode(await model.detokenize([special]));
        if (name === "") continue; // a special token without a name cannot be mistaken
        const plain = await textIds(model, `a${name}b`, false);
        check(!plain.includes(special), `${name} in a text became the special token`);
        const parsed = Array.from((await model.tokenize(name, { parseSpecial: true })).ids);
        same(parsed, [special], `${name} with parseSpecial`);
      }
    },
  ),

  conformanceCase(
    "addSpecial puts BOS in front where the model adds one, else nothing",
    ["tokenize"],
    async (model) => {
      const plain = await textIds(model, TEXTS[0]!, false);
      const { ids, byteOffsets } = await model.tokenize(TEXTS[0]!, { addSpecial: true });
      const { addsBos, bos } = model.vocabulary;
      same(Array.from(ids), addsBos ? [bos, ...plain] : plain, "ids with addSpecial");
      if (addsBos) same([byteOffsets[0], byteOffsets[1]], [0, 0], "BOS covers no bytes");
      same(byteOffsets.at(-1), bytesOf(TEXTS[0]!).length, "last offset");
    },
  ),

  conformanceCase("refuses ids outside the vocabulary", ["tokenize"], async (model: LanguageModel) => {
    for (const id of [-1, model.vocabulary.size ?? 2 ** 31 - 1, 0.5, Number.NaN])
      await refuses("INVALID_ARGUMENT", () => model.detokenize([id]), `detokenize id ${id}`);
  }),

  conformanceCase("fills in its chat template", ["chatTemplate"], async (model) => {
    const messages = [{ role: "user", content: "What is the capital of France?" }];
    const closed = model.applyChatTemplate(messages, { addGenerationPrompt: false });
    const open = model.applyChatTemplate(messages, { addGenerationPrompt: true });
    check(closed.includes(messages[0]!.content), "the message is in the prompt");
    check(
      open.startsWith(closed) && open.length > closed.length,
      "the generation prompt comes after the messages",
    );
    same(model.applyChatTemplate(messages), open, "addGenerationPrompt by default");
  }),

  conformanceCase("embeds each text as one vector of the same length", ["embed"], async (model) => {
    const texts = ["A cat sat on the mat.", "A cat was sitting on a mat.", "Interest rates rose."];
    const vectors = await model.embed(texts);
    same(vectors.length, texts.length, "vectors");
    const width = vectors[0]!.length;
    check(width > 0, "a vector has numbers");
    for (const vector of vectors) {
      same(vector.length, width, "length of a vector");
      check(vector.every(Number.isFinite) && vector.some((x) => x !== 0), "a vector is finite and not zero");
    }
    const [near, far] = [cosine(vectors[0]!, vectors[1]!), cosine(vectors[0]!, vectors[2]!)];
    check(near > far, `a paraphrase is nearer (${near}) than another subject (${far})`);
    const alone = await model.embed([texts[1]!]);
    check(cosine(alone[0]!, vectors[1]!) > 0.999, "a text's vector does not depend on the others");
  }),
];

function bytesOf(text: string): number[] {
  return Array.from(new TextEncoder().encode(text));
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

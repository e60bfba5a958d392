/** mini's tokenizer, in our engine: bytes in, bytes out, whatever they are. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LlamaModel } from "../src/models/index.ts";
import { mini } from "./mini.ts";

const encode = (text: string) => Array.from(new TextEncoder().encode(text));

describe("the tokenizer of mini", () => {
  let model: LlamaModel;
  beforeAll(async () => {
    model = await LlamaModel.load(await mini());
  });
  afterAll(async () => {
    await model?.[Symbol.asyncDispose]();
  });

  /** Bytes of each token, and of all of them. */
  const bytesOf = async (ids: ArrayLike<number>) =>
    Promise.all(Array.from(ids, async (id) => Array.from(await model.detokenize([id]))));

  async function checkRoundTrip(text: string): Promise<void> {
    const { ids, byteOffsets } = await model.tokenize(text);
    const bytes = encode(text);
    expect(Array.from(await model.detokenize(ids))).toEqual(bytes);
    const pieces = await bytesOf(ids);
    expect(pieces.flat()).toEqual(bytes);
    for (const [i, piece] of pieces.entries())
      expect(bytes.slice(byteOffsets[i], byteOffsets[i + 1])).toEqual(piece);
    expect(byteOffsets.at(-1)).toBe(bytes.length);
    expect(Array.from(ids)).not.toContain(model.vocabulary.bos); // a text is never a special token
  }

  it.each([
    ["nothing", ""],
    ["line ends of every kind", "a\r\nb\nc\rd\n\n\r\n\te\v\f\u0085\u2028\u2029"],
    ["spaces of every kind", " a  b   c \u00a0\u2003\u3000 d "],
    ["control characters", String.fromCharCode(...Array.from({ length: 32 }, (_, i) => i), 0x7f, 0x80, 0x9f)],
    ["Chinese, Arabic, Devanagari", "你好，世界。 مرحبا बहुत"],
    ["emoji, families, flags", "🙂 👩‍👩‍👧‍👦 🇫🇷 🏴󠁧󠁢󠁳󠁣󠁴󠁿 ❤️"],
    ["marks without letters", "\u0301\u0308 \u0301 a\u0301\u0301\u0301"],
    ["byte order mark and noncharacters", "\ufeff\uffff\u{10ffff}\ue000"],
    ["names of special tokens", "<|endoftext|> a<|endoftext|>b <|im_start|></s>"],
    ["digits", "3.14159 1,000,000 １２３ ٣"],
    ["contractions", "I'll don't we've IT'S '''s"],
  ])("gives back %s", async (_, text) => {
    await checkRoundTrip(text);
  });

  it("gives back any text", async () => {
    // Whole graphemes, any code points (control characters, unassigned ones, ...), and both mixed with plain words.
    const text = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 40 }),
      fc.string({ unit: "binary", maxLength: 40 }),
      fc
        .array(
          fc.oneof(
            fc.constantFrom(" the", "The ", "\r\n", "\0", "<|endoftext|>", "\u0301", "  ", "\t", "12"),
            fc.string({ unit: "binary", maxLength: 3 }),
          ),
        )
        .map((parts) => parts.join("")),
    );
    await fc.assert(fc.asyncProperty(text, checkRoundTrip), { numRuns: 500 });
  });

  it("has a token for every byte, so that there is nothing it cannot write", async () => {
    const size = model.vocabulary.size;
    const single = new Set<number>();
    for (let id = 0; id < size; id++) {
      const bytes = await model.detokenize([id]);
      if (bytes.length === 1) single.add(bytes[0]!);
    }
    expect([...single].sort((a, b) => a - b)).toEqual(Array.from({ length: 256 }, (_, byte) => byte));
  });

  it("reads the name of its special token as one token when asked, and writes it out", async () => {
    const { bos } = model.vocabulary;
    expect(Array.from((await model.tokenize("<|endoftext|>", { parseSpecial: true })).ids)).toEqual([bos]);
    expect(Array.from(await model.detokenize([bos!]))).toEqual(encode("<|endoftext|>"));
    expect((await model.tokenize("<|endoftext|>")).ids.length).toBeGreaterThan(3);
  });
});

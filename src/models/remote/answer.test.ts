/** Putting answers together: tokens against text, tokens against counts. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TokenRecord } from "../../core/index.ts";
import type { FinishReason } from "../language-model.ts";
import { AnswerAssembler, type AnswerOptions, type AnswerPiece } from "./answer.ts";
import { placeTokens } from "./placing.ts";
import { pieceOf, type WireToken } from "./wire-token.ts";

const encoder = new TextEncoder();

interface Answered {
  records: TokenRecord[];
  end: ReturnType<AnswerAssembler["finish"]>["end"];
}

function assemble(
  pieces: readonly AnswerPiece[],
  finishReason: FinishReason = "stop",
  tokens: number | null = null,
  options: AnswerOptions = {},
): Answered {
  const answer = new AnswerAssembler(options);
  const records = pieces.flatMap((piece) => answer.add(piece));
  const { records: rest, end } = answer.finish({ finishReason, tokens });
  return { records: [...records, ...rest], end };
}

const word = (token: string, logprob: number | null = -1): WireToken => ({ token, logprob });
const said = (...tokens: WireToken[]): AnswerPiece => ({
  text: tokens.map(({ token }) => token).join(""),
  tokens,
});
const texts = (records: readonly TokenRecord[]) => records.map(({ text }) => text);
const numbers = (records: readonly TokenRecord[]) => records.map(({ logprob }) => logprob);

/** A text cut into tokens anywhere, also within characters. */
const cutText = fc
  .tuple(fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }), fc.infiniteStream(fc.boolean()))
  .map(([text, cuts]) => {
    const bytes = encoder.encode(text);
    const tokens: Uint8Array[] = [];
    let start = 0;
    for (let at = 1; at <= bytes.length; at++) {
      if (at < bytes.length && !cuts.next().value) continue;
      tokens.push(bytes.slice(start, at));
      start = at;
    }
    return { text, tokens };
  });

/** How servers write tokens: with exact bytes, each on its own, or nothing before a character is complete. */
const SPELLINGS = {
  exact: (bytes: Uint8Array) => ({ token: new TextDecoder().decode(bytes), bytes: Array.from(bytes) }),
  lossy: (bytes: Uint8Array) => ({ token: new TextDecoder().decode(bytes) }),
  repeated: (bytes: Uint8Array) => {
    const token = new TextDecoder().decode(bytes);
    return { token, bytes: Array.from(encoder.encode(token)) };
  },
};

/** The tokens, and the text that each makes known. */
function spoken(tokens: readonly Uint8Array[], spelling: keyof typeof SPELLINGS): AnswerPiece[] {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return tokens.map((bytes, i) => ({
    text: decoder.decode(bytes, { stream: true }),
    tokens: [{ ...SPELLINGS[spelling](bytes), logprob: -1 - i / 8 }],
  }));
}

/** Neighbours put together, as servers and networks do. */
const grouped = (pieces: readonly AnswerPiece[], together: () => boolean): AnswerPiece[] => {
  const groups: AnswerPiece[] = [];
  for (const piece of pieces) {
    const last = groups.at(-1);
    if (last && together())
      groups[groups.length - 1] = { text: last.text + piece.text, tokens: [...last.tokens, ...piece.tokens] };
    else groups.push(piece);
  }
  return groups;
};

describe("an answer", () => {
  const spelling = fc.constantFrom(...(Object.keys(SPELLINGS) as (keyof typeof SPELLINGS)[]));

  it("is the same however its tokens are spelled, cut and put together", () => {
    fc.assert(
      fc.property(cutText, spelling, fc.infiniteStream(fc.boolean()), ({ text, tokens }, how, together) => {
        fc.pre(!text.includes("\uFFFD"));
        const pieces = spoken(tokens, how);
        const { records, end } = assemble(
          grouped(pieces, () => together.next().value),
          "length",
          tokens.length,
        );
        expect(end).toEqual({
          finishReason: "length",
          tokens: tokens.length,
          scored: tokens.length,
          partial: false,
          warnings: [],
        });
        expect(numbers(records)).toEqual(tokens.map((_, i) => -1 - i / 8));
        const bytes = records.flatMap((record) => Array.from(record.bytes ?? encoder.encode(record.text)));
        expect(new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes))).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  it("with a number lost and its text there is partial", () => {
    fc.assert(
      fc.property(cutText, spelling, fc.nat(), fc.boolean(), ({ tokens }, how, at, whole) => {
        fc.pre(tokens.every((bytes) => /[^\s\uFFFD]/.test(new TextDecoder().decode(bytes))));
        const pieces = spoken(tokens, how);
        pieces[at % pieces.length] = { ...pieces[at % pieces.length]!, tokens: [] };
        expect(
          assemble(
            grouped(pieces, () => whole),
            "stop",
          ).end.partial,
        ).toBe(true);
      }),
    );
  });

  it("with a text lost and its number there is partial", () => {
    fc.assert(
      fc.property(cutText, fc.nat(), ({ tokens }, at) => {
        fc.pre(tokens.every((bytes) => /[^\s\uFFFD]/.test(new TextDecoder().decode(bytes))));
        const pieces = spoken(tokens, "exact");
        fc.pre(pieces.every(({ text }) => text !== ""));
        pieces[at % pieces.length] = { ...pieces[at % pieces.length]!, text: "" };
        fc.pre(!new Set(pieces.map(({ text }) => text).join("")).has("<"));
        expect(assemble(pieces, "stop").end.partial).toBe(true);
      }),
    );
  });

  it("with text and no numbers at all has records that say so, as they come", () => {
    const answer = new AnswerAssembler();
    expect(answer.add({ text: "Hel", tokens: [] })).toEqual([{ text: "Hel", logprob: null }]);
    expect(answer.add({ text: "lo", tokens: [] })).toEqual([{ text: "lo", logprob: null }]);
    expect(answer.finish({ finishReason: "length", tokens: 2 }).end).toMatchObject({
      tokens: 2,
      scored: 0,
      partial: true,
    });
  });

  it("of nothing is complete", () => {
    expect(assemble([], "stop", 1).end).toMatchObject({ tokens: 0, scored: 0, partial: false });
    expect(assemble([], "stop", 0).end).toMatchObject({ tokens: 0, partial: false });
    expect(assemble([], "stop", null).end).toMatchObject({ tokens: null, partial: false });
  });
});

describe("tokens and their text", () => {
  it("tokens wait for their text", () => {
    const answer = new AnswerAssembler();
    expect(answer.add({ text: "", tokens: [word("Hel"), word("lo")] })).toEqual([]);
    expect(texts(answer.add({ text: "Hello", tokens: [] }))).toEqual(["Hel", "lo"]);
  });

  it("the true text of halves of characters goes to the last of them", () => {
    const pieces = [
      said(word("a")),
      { text: "", tokens: [word("\uFFFD")] },
      { text: "\u4f60", tokens: [word("\uFFFD")] },
      said(word("b")),
    ];
    expect(texts(assemble(pieces).records)).toEqual(["a", "", "\u4f60", "b"]);
  });

  it("halves of characters with exact bytes keep them", () => {
    const [first, second] = [encoder.encode("\u4f60").slice(0, 2), encoder.encode("\u4f60").slice(2)];
    const pieces = [
      { text: "", tokens: [{ token: "bytes:\\xe4\\xbd", bytes: [...first], logprob: -1 }] },
      { text: "\u4f60", tokens: [{ token: "\\xa0", logprob: -1 }] },
    ];
    expect(assemble(pieces, "length", 2).records.map(({ bytes }) => bytes)).toEqual([first, second]);
  });

  it.each([
    ["<|im_end|>", null],
    ["</s>", null],
    ["", [] as number[]],
  ])("the end-of-text token %j is no record", (token, bytes) => {
    const end = { text: "", tokens: [{ token, bytes, logprob: -0.1 }] };
    const { records, end: finished } = assemble([said(word("a")), end], "stop", 2);
    expect(texts(records)).toEqual(["a"]);
    expect(finished).toMatchObject({ tokens: 1, scored: 1, partial: false });
  });

  it("what looks like one and is in the text is a record", () => {
    const { records, end } = assemble([said(word("<b>")), said(word("x")), said(word("</b>"))], "stop", 3);
    expect(texts(records)).toEqual(["<b>", "x", "</b>"]);
    expect(end.partial).toBe(false);
  });

  it("tokens that steer in the middle are records with the text that the server gives: none", () => {
    const pieces = [
      { text: "", tokens: [word("<think>")] },
      { thinking: "Hm", text: "", tokens: [word("Hm")] },
      { text: "", tokens: [word("</think>"), word("\n\n")] },
      { text: "Yes", tokens: [word("Yes")] },
      { text: "", tokens: [word("<|im_end|>")] },
    ];
    const { records, end } = assemble(pieces, "stop", 6);
    expect(texts(records)).toEqual(["", "Hm", "", "\n\n", "Yes"]);
    expect(end).toMatchObject({ tokens: 5, scored: 5, partial: false });
  });

  it("a whole answer has the numbers of its thinking, or not", () => {
    const both = [{ thinking: "Hm", text: "Yes", tokens: [word("Hm"), word("Yes")] }];
    expect(assemble(both, "stop", 2).end).toMatchObject({ scored: 2, partial: false });
    const one = assemble([{ thinking: "Hm", text: "Yes", tokens: [word("Yes")] }], "stop", 2);
    expect(one.records).toMatchObject([
      { text: "Hm", logprob: null },
      { text: "Yes", logprob: -1 },
    ]);
    expect(one.end.partial).toBe(true);
  });

  it("white space may be trimmed at the ends", () => {
    const { records, end } = assemble(
      [{ text: "Yes", tokens: [word(" "), word("Yes"), word("\n")] }],
      "stop",
      3,
    );
    expect(texts(records)).toEqual([" ", "Yes", "\n"]);
    expect(end.partial).toBe(false);
  });

  it("tokens may end within a character", () => {
    const half = { token: "\uFFFD", bytes: [0xe4, 0xbd], logprob: -1 };
    for (const text of ["", "\uFFFD"]) {
      const { end } = assemble([said(word("a")), { text, tokens: [half] }], "length", 2);
      expect(end).toMatchObject({ scored: 2, partial: false });
    }
    const { records, end } = assemble([said(word("a")), { text: "\uFFFD", tokens: [] }], "length", 2);
    expect(texts(records)).toEqual(["a"]);
    expect(end).toMatchObject({ tokens: 2, scored: 1, partial: true });
  });

  it("where the two differ, no number is believed to be all", () => {
    for (const tokens of [
      [word("b")],
      [word("a"), word("a"), word("b")],
      [word("b"), word("a")],
      [word("a"), word("x")],
    ])
      expect(assemble([{ text: "ab", tokens }], "stop").end.partial).toBe(true);
  });

  it("tool calls are not compared, and counts are", () => {
    const answer = new AnswerAssembler();
    answer.stopComparing();
    const records = answer.add({ text: "", tokens: [word('{"a"'), word(":1}")] });
    expect(records).toHaveLength(2);
    expect(answer.finish({ finishReason: "tool-calls", tokens: 3 }).end).toMatchObject({
      tokens: 2,
      partial: false,
    });
  });
});

describe("the text is the server's, whatever its tokens say", () => {
  /** White space that may be the server's to trim stays, so that it is not compared. */
  const shown = (text: string) => text.replace(/\s/g, "");
  const written = (records: readonly TokenRecord[]) => texts(records).join("");

  it("where tokens are lost, repeated or changed", () => {
    const words = fc.array(fc.constantFrom("a", " b", " is", " <", "\n", "<x>", "\u4f60", "3"), {
      minLength: 1,
    });
    const damage = fc.infiniteStream(fc.constantFrom("no", "no", "lost", "twice", "changed"));
    fc.assert(
      fc.property(words, damage, fc.infiniteStream(fc.boolean()), (words, damage, together) => {
        fc.pre(words.join("").trim() === words.join(""));
        const pieces = words.map((text): AnswerPiece => {
          const how = damage.next().value;
          const token = how === "changed" ? word("q") : word(text);
          return { text, tokens: how === "lost" ? [] : how === "twice" ? [token, token] : [token] };
        });
        const { records } = assemble(
          grouped(pieces, () => together.next().value),
          "length",
        );
        expect(shown(written(records))).toBe(shown(words.join("")));
      }),
      { numRuns: 1000 },
    );
  });

  // llama-server holds "<" back, which may begin "</think>", and sends its text with the next token's number only.
  it.each([false, true])("where a token is lost and its text comes with the next one; whole: %s", (whole) => {
    const pieces = [
      said(word("if")),
      said(word(" x")),
      { text: " <3", tokens: [word("3", -2)] },
      said(word(" ok")),
    ];
    const { records, end } = assemble(
      grouped(pieces, () => whole),
      "stop",
      5,
    );
    expect(texts(records)).toEqual(["if", " x", " <", "3", " ok"]);
    expect(numbers(records)).toEqual([-1, -1, null, -2, -1]);
    expect(end).toMatchObject({ tokens: 4, scored: 4, partial: true });
  });

  it("where the last tokens are not in it", () => {
    const { records, end } = assemble([said(word("a")), { text: "b", tokens: [word("bc")] }], "length", 2);
    expect(texts(records)).toEqual(["a", "", "b"]);
    expect(end.partial).toBe(true);
  });

  it("goes on being compared after a difference", () => {
    const pieces = [said(word("a")), { text: "b", tokens: [word("x", -2)] }, said(word("c", -3))];
    const { records } = assemble(pieces, "length", 3);
    expect(records).toMatchObject([
      { text: "a", logprob: -1 },
      { text: "", logprob: -2 },
      { text: "b", logprob: null },
      { text: "c", logprob: -3 },
    ]);
  });
});

describe("the headers of gpt-oss", () => {
  // vLLM gives a number for each token and leaves headers out of the text.
  const silent = (...tokens: string[]) => tokens.map((token) => ({ text: "", tokens: [word(token)] }));
  const pieces = [
    ...silent("<|channel|>", "analysis", "<|message|>"),
    { text: "", thinking: "Easy", tokens: [word("Easy")] },
    ...silent("<|end|>", "<|start|>", "assistant", "<|channel|>", "final", "<|message|>"),
    said(word("final")),
    said(word("!")),
    ...silent("<|return|>"),
  ];
  const whole = {
    text: "final!",
    thinking: "Easy",
    tokens: pieces.flatMap(({ tokens }) => tokens),
  };

  it.each([
    ["stream", pieces],
    ["whole answer", [whole]],
  ])("are records without text in a %s, and nothing is missing", (_, pieces) => {
    const { records, end } = assemble(pieces, "stop", 13);
    expect(texts(records)).toEqual(["", "", "", "Easy", "", "", "", "", "", "", "final", "!"]);
    expect(end).toEqual({ finishReason: "stop", tokens: 12, scored: 12, partial: false, warnings: [] });
  });

  it("are text where the server shows them", () => {
    const shown = ["<|channel|>", "final", "<|message|>", "Yes"].map((token) => said(word(token)));
    const { records, end } = assemble(shown, "stop", 4);
    expect(texts(records)).toEqual(["<|channel|>", "final", "<|message|>", "Yes"]);
    expect(end.partial).toBe(false);
  });

  it("end: a token that looks like their beginning does not hide what is lost after it", () => {
    const lost = Array.from({ length: 20 }, (_, i) => said(word(`w${i}`)));
    lost[18] = { ...lost[18]!, text: "" };
    expect(assemble([said(word("<|channel|>")), ...lost], "stop").end.partial).toBe(true);
  });
});

describe("counts", () => {
  const three = [said(word("a"), word("b"), word("c"))];

  it.each([
    ["stop", 3, undefined, { tokens: 3, partial: false }],
    ["stop", 4, undefined, { tokens: 3, partial: false }],
    ["stop", 4, true, { tokens: 3, partial: false }],
    ["stop", 4, false, { partial: true }],
    ["stop", 5, undefined, { tokens: 4, partial: true }],
    ["stop", 2, undefined, { partial: true }],
    ["length", 3, undefined, { tokens: 3, partial: false }],
    ["length", 4, undefined, { tokens: 4, partial: true }],
    ["length", 2, undefined, { partial: true }],
    ["stop", null, undefined, { tokens: null, partial: false }],
  ] as const)(
    "after %s, %s tokens counted, end-of-text counted: %s",
    (reason, count, countsEndOfText, expected) => {
      expect(assemble(three, reason, count, { countsEndOfText }).end).toMatchObject({
        scored: 3,
        ...expected,
      });
    },
  );

  it("a record of the end-of-text token is counted with it", () => {
    const ended = [...three, { text: "", tokens: [word("</s>")] }];
    expect(assemble(ended, "stop", 4).end).toMatchObject({ tokens: 3, partial: false });
    expect(assemble(ended, "stop", 5).end).toMatchObject({ partial: true });
    expect(assemble(ended, "stop", 3).end).toMatchObject({ partial: true });
  });

  it("an answer that ended for its length has the tokens that were asked for", () => {
    expect(assemble(three, "length", null, { maxTokens: 3 }).end.partial).toBe(false);
    expect(assemble(three, "length", null, { maxTokens: 4 }).end.partial).toBe(true);
    expect(assemble(three, "stop", null, { maxTokens: 4 }).end.partial).toBe(false);
  });

  it("say how many tokens carry a number", () => {
    expect(assemble([said(word("\u5168"), word("\u7684"))], "length", 5).end).toEqual({
      finishReason: "length",
      tokens: 5,
      scored: 2,
      partial: true,
      warnings: ["2 of 5 tokens carry a number."],
    });
  });

  it("an answer that goes on after its end is out of order", () => {
    const answer = new AnswerAssembler();
    answer.add(said(word("a")));
    answer.markEnd();
    answer.add({ text: "", tokens: [] });
    expect(answer.add(said(word("b")))).toHaveLength(1);
    expect(answer.finish({ finishReason: "stop", tokens: 2 }).end.partial).toBe(true);
  });
});

describe("records", () => {
  const chosen = (logprob: number | null, ...others: (number | null)[]) =>
    assemble([
      {
        text: "x",
        tokens: [
          {
            token: "x",
            logprob,
            alternatives: others.map((other, i) => ({ token: `t${i}`, logprob: other })),
          },
        ],
      },
    ]).records[0]!;

  it.each([
    [-1, [-1, -2, -3], 1],
    [-2, [-1, -2, -3], 2],
    // Likelier than the list's last entry and not in the list: it is another token's list.
    [-2.5, [-1, -2, -3], undefined],
    [-0.5, [-1, -2, -3], undefined],
    [-2, [-3, -1], undefined],
    [-3, [-1, -2, -3], undefined],
    [-4, [-1, -2, -3], undefined],
    [-1, [], undefined],
    [null, [-1], undefined],
    [-2, [-3, -2, -1], 2],
  ] as const)("the rank of %s among %j is %s", (logprob, others, rank) => {
    expect(chosen(logprob, ...others).rank).toBe(rank);
  });

  it("alternatives are as many as asked for, best first, missing ones last", () => {
    const tokens = [
      {
        token: "x",
        logprob: -1,
        alternatives: [-3, null, -1, -2].map((logprob, i) => ({ token: `t${i}`, id: i, logprob })),
      },
    ];
    const { records } = assemble([{ text: "x", tokens }], "stop", null, { alternatives: 3 });
    expect(records[0]!.alternatives!.map(({ id }) => id)).toEqual([2, 3, 0]);
    expect(
      assemble([{ text: "x", tokens }], "stop", null, { alternatives: 0 }).records[0]!.alternatives,
    ).toBeUndefined();
  });

  it("alternatives of one text stay apart", () => {
    const record = chosen(-1, -1, -2, -3);
    const same = {
      ...record,
      alternatives: record.alternatives!.map((other) => ({ ...other, text: "same" })),
    };
    const { records } = assemble([
      {
        text: "x",
        tokens: [
          {
            token: "x",
            logprob: -1,
            alternatives: same.alternatives.map(({ text, logprob }) => ({ token: text, logprob })),
          },
        ],
      },
    ]);
    expect(numbers(records[0]!.alternatives!)).toEqual([-1, -2, -3]);
  });

  it("ids that are none are left out", () => {
    const { records } = assemble([
      {
        text: "xy",
        tokens: [
          { token: "x", id: -1, logprob: -1 },
          { token: "y", id: 0, logprob: -1 },
        ],
      },
    ]);
    expect(records.map(({ id }) => id)).toEqual([undefined, 0]);
  });
});

describe("placeTokens", () => {
  it("finds tokens in their text, wherever it is cut", () => {
    fc.assert(
      fc.property(cutText, ({ text, tokens }) => {
        const pieces = tokens.map((bytes) => pieceOf({ token: "", bytes: Array.from(bytes) }));
        const ends = tokens.map(
          (
            (end) => (bytes: Uint8Array) =>
              (end += bytes.length)
          )(0),
        );
        expect(Array.from(placeTokens(pieces, text)!)).toEqual([0, ...ends]);
      }),
    );
  });

  it("shares out what nobody gave the bytes of", () => {
    const pieces = ["<s>", "a", "\uFFFD", "\uFFFD", "\uFFFD", "b"].map((token) => pieceOf({ token }));
    expect(Array.from(placeTokens(pieces, "a\u4f60b")!)).toEqual([0, 0, 1, 2, 3, 4, 5]);
  });

  it("says when the tokens are not the text", () => {
    for (const tokens of [["a"], ["a", "b", "c"], ["b", "a"], []])
      expect(
        placeTokens(
          tokens.map((token) => pieceOf({ token })),
          "ab",
        ),
      ).toBe(null);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TokenRecord } from "../core/index.ts";
import { isThinkingMark, MarkedReasoning, withoutThinkingMarks } from "./reasoning-marks.ts";

const tokens = (...texts: string[]): TokenRecord[] => texts.map((text) => ({ text, logprob: -1 }));

/** One by one, as a model in process writes them. */
function marked(records: readonly TokenRecord[], prompt?: string) {
  const marks = new MarkedReasoning(prompt);
  const given = records.flatMap((record) => marks.follow([record]));
  return { records: [...given, ...marks.flush()], marks };
}

/** "r:text" of the thinking, "text" of the answer. */
const shown = (records: readonly TokenRecord[]) =>
  records.map(({ part, text }) => (part === "reasoning" ? `r:${text}` : text));

describe("MarkedReasoning", () => {
  it.each<[string, string[], string[]]>([
    [
      "DeepSeek, Qwen",
      ["<think>", "\n", "Hm", "</think>", "\n\n", "Yes"],
      ["<think>", "\n", "Hm", "</think>", "\n\n"],
    ],
    ["Mistral", ["[THINK]", "Hm", "[/THINK]", "Yes"], ["[THINK]", "Hm", "[/THINK]"]],
    ["Seed-OSS", ["<seed:think>", "Hm", "</seed:think>", "Yes"], ["<seed:think>", "Hm", "</seed:think>"]],
    [
      "gpt-oss",
      [
        "<|channel|>",
        "analysis",
        "<|message|>",
        "Hm",
        "<|end|>",
        "<|start|>",
        "assistant",
        "<|channel|>",
        "final",
        "<|message|>",
        "Yes",
      ],
      [
        "<|channel|>",
        "analysis",
        "<|message|>",
        "Hm",
        "<|end|>",
        "<|start|>",
        "assistant",
        "<|channel|>",
        "final",
        "<|message|>",
      ],
    ],
    [
      "Gemma",
      ["<|channel>", "thought", "\n", "Hm", "<channel|>", "Yes"],
      ["<|channel>", "thought", "\n", "Hm", "<channel|>"],
    ],
    [
      "spelled marks",
      ["<th", "ink", ">Hm", " </", "thi", "nk>", "\n", "Yes"],
      ["<th", "ink", ">Hm", " </", "thi", "nk>", "\n"],
    ],
    [
      "white space before",
      [" ", "\n", "<think>", "Hm", "</think>", "Yes"],
      [" ", "\n", "<think>", "Hm", "</think>"],
    ],
  ])("knows the marks of %s", (_, texts, thought) => {
    const { records } = marked(tokens(...texts));
    expect(shown(records)).toEqual([...thought.map((text) => `r:${text}`), "Yes"]);
  });

  it("begins inside the thinking where the prompt's template has opened it", () => {
    const texts = tokens("Hm", "</think>", "\n\n", "Yes", "</think>");
    expect(shown(marked(texts, "<|im_start|>assistant\n<think>\n").records)).toEqual([
      ...["r:Hm", "r:</think>", "r:\n\n"],
      ...["Yes", "</think>"],
    ]);
    // Qwen's template without thinking closes what it opens.
    expect(shown(marked(tokens("Yes"), "<think>\n\n</think>\n\n").records)).toEqual(["Yes"]);
  });

  it("leaves the parts that a server gives", () => {
    const given: TokenRecord[] = [
      { text: "Hm", logprob: -1, part: "reasoning" },
      ...tokens("<think>", "is a tag"),
    ];
    expect(marked(given).records).toEqual(given);
  });

  it("gives on what may be a mark as soon as it is none, or nothing more comes", () => {
    const marks = new MarkedReasoning();
    expect(marks.follow(tokens("<"))).toEqual([]);
    expect(shown(marks.follow(tokens("th")))).toEqual([]);
    expect(shown(marks.follow(tokens("is>")))).toEqual(["<", "th", "is>"]);
    expect(shown(marks.follow(tokens("<think>")))).toEqual(["<think>"]);
    expect(shown(marked(tokens("\n", "<thi")).records)).toEqual(["\n", "<thi"]);
    const blank = new MarkedReasoning();
    expect(Array.from({ length: 100 }, () => blank.follow(tokens(" "))).flat().length).toBeGreaterThan(60);
  });

  it("loses nothing, and changes nothing but the part, however the text is cut", () => {
    const pieces = fc.constantFrom(
      "<think>",
      "</think>",
      "<",
      "think",
      ">",
      "[THINK]",
      " ",
      "\n",
      "Hm",
      "<|channel|>",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), fc.constantFrom("", "<think>\n"), (texts, prompt) => {
        const given = tokens(...texts);
        const { records } = marked(given, prompt);
        expect(records.map(({ part: _, ...record }) => record)).toEqual(given);
      }),
      { numRuns: 500 },
    );
  });

  it("tells of an end without a beginning", () => {
    expect(marked(tokens("Hm", "\n", "</think>", "Yes")).marks.endsUnopened).toBe(true);
    expect(marked(tokens("The tag ", "</think>", " ends it")).marks.endsUnopened).toBe(false);
    expect(marked(tokens("<think>", "Hm", "</think>", "Yes")).marks.endsUnopened).toBe(false);
  });
});

it("the marks can be taken off", () => {
  expect(withoutThinkingMarks("<think>\nHm\n</think>\n\n")).toBe("Hm");
  expect(withoutThinkingMarks("Hm")).toBe("Hm");
  expect(withoutThinkingMarks("<think>Hm, </think> is a tag")).toBe("Hm, </think> is a tag");
  expect(isThinkingMark("</think>\n")).toBe(true);
  expect(isThinkingMark("think")).toBe(false);
});

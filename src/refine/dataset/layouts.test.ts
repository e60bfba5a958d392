/** Layouts of public data sets: TRL's documentation (dataset_formats), LLaMA-Factory's data/README.md, OpenAI's fine-tuning guide. */
import { describe, expect, it } from "vitest";
import { SurprisalError } from "../../core/index.ts";
import { TableModel } from "../../models/test/index.ts";
import { type ReadSampleOptions, readDataset, readSample, refinedLine, solutionParts } from "./index.ts";
import { assistantText, chainOfSample } from "./sample.ts";

const model = TableModel.bytes();
const chat = (content: string) => [
  { role: "user", content: "What is 2+3?" },
  { role: "assistant", content },
];
const read = (line: object, options?: ReadSampleOptions) =>
  readSample(line as Record<string, unknown>, "a:1", options);
const partsOf = (line: object, options?: ReadSampleOptions) => {
  const { reasoning, frame, answer, head, tail } = read(line, options);
  return [head, reasoning, frame, answer, tail];
};
const codeOf = (line: object, options?: ReadSampleOptions) => {
  try {
    read(line, options);
    return null;
  } catch (error) {
    return SurprisalError.isInstance(error) ? `${error.code}: ${error.what}` : String(error);
  }
};

describe("readSample", () => {
  it.each<[name: string, line: object, expected: unknown[]]>([
    ["fields", { question: "q", reasoning: "a\nb", answer: 5 }, ["", "a\nb", "\nAnswer: ", "5", ""]],
    [
      "a list of steps",
      { problem: "q", steps: ["a", "b"], answer: "5" },
      ["", ["a", "b"], "Answer: ", "5", ""],
    ],
    [
      "GSM8K",
      { question: "q", answer: "2+3=5\n5 it is\n#### 5" },
      ["", "2+3=5\n5 it is\n", "#### ", "5", ""],
    ],
    [
      "MATH",
      { problem: "q", solution: "So $x=5$. Hence $\\boxed{5}$." },
      ["", "So $x=5$. ", "Hence $\\boxed{", "5", "}$."],
    ],
    [
      "NuminaMath",
      { problem: "q", solution: "So x. Thus \\boxed{5}", answer: "5" },
      ["", "So x. ", "Thus \\boxed{", "5", "}"],
    ],
    [
      "a solution and the answer",
      { problem: "q", solution: "One.\nTwo.", answer: "5" },
      ["", "One.\nTwo.", "\nAnswer: ", "5", ""],
    ],
    ["OpenAI", { messages: chat("2+3=5\nAnswer: 5") }, ["", "2+3=5\n", "Answer: ", "5", ""]],
    [
      "think",
      { messages: chat("<think>\na\nb\n</think>\n\nIt is 5.\n") },
      ["<think>\n", "a\nb\n", "</think>\n\n", "It is 5.", "\n"],
    ],
    ["TRL texts", { prompt: "q\n", completion: "a\nb\n\\boxed{5}" }, ["", "a\nb\n", "\\boxed{", "5", "}"]],
    [
      "TRL chat",
      { prompt: chat("")[0] && [chat("")[0]], completion: [chat("a.\nThe answer is 5.")[1]] },
      ["", "a.\n", "The answer is ", "5", "."],
    ],
    ["alpaca", { instruction: "i", input: "n", output: "a\nAnswer: 5" }, ["", "a\n", "Answer: ", "5", ""]],
    [
      "ShareGPT",
      {
        conversations: [
          { from: "human", value: "q" },
          { from: "gpt", value: "a\n#### 5" },
        ],
        system: "s",
      },
      ["", "a\n", "#### ", "5", ""],
    ],
    [
      "OpenThoughts",
      {
        conversations: [
          { from: "user", value: "q" },
          {
            from: "assistant",
            value:
              "<|begin_of_thought|>\n\na\n\nb\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\nIt is 5.\n\n<|end_of_solution|>",
          },
        ],
      },
      [
        "<|begin_of_thought|>\n\n",
        "a\n\nb\n\n",
        "<|end_of_thought|>\n\n<|begin_of_solution|>\n\n",
        "It is 5.",
        "\n\n<|end_of_solution|>",
      ],
    ],
    [
      "reasoning_content",
      {
        messages: [
          { role: "user", content: "q" },
          { role: "assistant", reasoning_content: "a\nb", content: "5" },
        ],
      },
      ["<think>\n", "a\nb", "\n</think>\n\n", "5", ""],
    ],
    [
      "Chinese",
      { question: "几个？", reasoning: "先算二加三。\n得五。\n答案：5" },
      ["", "先算二加三。\n得五。\n", "答案：", "5", ""],
    ],
    [
      "parts",
      {
        messages: [
          { role: "user", content: "q" },
          { role: "assistant", content: [{ type: "text", text: "a\n#### 5" }] },
        ],
      },
      ["", "a\n", "#### ", "5", ""],
    ],
  ])("%s", (_, line, expected) => {
    expect(partsOf(line)).toEqual(expected);
  });

  it("takes names that are given, and fields within others", () => {
    const line = { meta: { q: "q?" }, why: "a\nb", out: "5" };
    const options = { promptField: "meta.q", reasoningField: "why", answerField: "out" };
    expect(read(line, options)).toMatchObject({ asked: "q?", reasoning: "a\nb", answer: "5" });
    expect(codeOf(line, { ...options, answerField: "nope" })).toBe(
      'CORPUS_MALFORMED: There is no field "nope"',
    );
    expect(codeOf(line)).toMatch(
      /no question that is known by its name; its fields are "meta", "why", "out"/,
    );
  });

  it.each<[line: object, said: RegExp]>([
    [{ messages: chat("a\n#### 5"), conversations: chat("a\n#### 5") }, /several chats/],
    [{ messages: chat("a\n#### 5"), question: "q", reasoning: "a", answer: "5" }, /2 ways: chat, fields/],
    [
      { question: "q", prompt: "p", reasoning: "a", answer: "5" },
      /which field is the question: "question", "prompt"/,
    ],
    [{ question: "q", rationale: "a", steps: ["b"], answer: "5" }, /which field is the reasoning/],
    [{ question: "q", reasoning: "a", answer: "5", final_answer: "6" }, /which field is the answer/],
    [{ question: "q", solution: "a\n#### 5", response: "b\n#### 5" }, /which field holds the reasoning/],
    [{ messages: chat("<think>a</think>b<think>c</think>d") }, /thinks more than once/],
    [{ messages: chat("<think>a") }, /not ended/],
    [{ messages: [{ role: "assistant", content: "a\n#### 5" }] }, /asks nothing/],
    [{ messages: chat("a\n#### 5").slice(0, 1) }, /does not end with what the assistant says/],
    [{ question: "q", answer: "just words without a mark" }, /No final answer/],
    [{ question: "q", reasoning: "", answer: "5" }, /EMPTY_INPUT/],
    [{ question: "q", steps: [], answer: "5" }, /EMPTY_INPUT/],
    [{ question: "q", answer: "#### 5" }, /EMPTY_INPUT: There is no reasoning/],
    [{ messages: chat("<think>\n\n</think>\n\n5") }, /EMPTY_INPUT/],
    [{ messages: chat("<think>a</think>  ") }, /NOTHING_TO_SCORE/],
    [{ question: "q", reasoning: "a", answer: " " }, /NOTHING_TO_SCORE/],
  ])("says what is not clear, or missing: %j", (line, said) => {
    expect(codeOf(line)).toMatch(said);
  });

  it("leaves every byte of a line where nothing is cut, and puts the chain back together", () => {
    const lines = [
      '{"id": 12345678901234567890, "question":"q\\u00e9","reasoning" : "a\\n\\n1. b\\n2. c\\n","answer":"5", "x":1.0}',
      '{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"<think>\\na\\n\\n```\\nx=1\\n```\\n\\n| a | b |\\n|---|---|\\n| 1 | 2 |\\n</think>\\n5"}],"k":1e3}',
      '{"question":"q","answer":"First a. Then b.\\n#### 5"}',
      '{"question":"q","steps":[{"text":"a","n":1.0},{"text":"b"}],"answer":5}',
    ];
    const { rows } = readDataset(new TextEncoder().encode(lines.join("\n")), "f");
    for (const row of rows) {
      if (row.sample instanceof SurprisalError) throw row.sample;
      const chain = chainOfSample(row.sample, model);
      if (row.sample.place.kind === "whole")
        expect(row.line).toContain(JSON.stringify(assistantText(row.sample, chain)).slice(1, -1));
      const steps = chain.steps.map(({ text }, step) => ({
        step,
        text,
        now: step === 0 ? null : text,
        fate: "kept",
      }));
      const kept = { outcome: "refined", ...row, steps: steps.map((one) => ({ ...one, now: one.text })) };
      expect(refinedLine(row, kept as never)).toBe(row.line);
      const shorter = refinedLine(row, { ...kept, steps } as never)!;
      expect(shorter.length).toBeLessThan(row.line.length);
      expect(Object.keys(JSON.parse(shorter))).toEqual(Object.keys(JSON.parse(row.line)));
    }
    const first = rows[0]!;
    const { steps } = chainOfSample(first.sample as never, model);
    const without = steps.map(({ text }, step) => ({
      step,
      text,
      now: step === 0 ? null : text,
      fate: "kept",
    }));
    const line = refinedLine(first, { outcome: "refined", ...first, steps: without } as never)!;
    expect(line).toBe(
      '{"id": 12345678901234567890, "question":"q\\u00e9","reasoning" : "1. b\\n2. c\\n","answer":"5", "x":1.0}',
    );
  });

  it("writes the layouts of trainers", () => {
    const content = "a\nb\n#### 5";
    const line = JSON.stringify({ messages: [{ role: "system", content: "s" }, ...chat(content)], x: 1 });
    const [row] = readDataset(new TextEncoder().encode(line), "f").rows;
    const kept = { outcome: "kept", ...row } as never;
    const system = { role: "system", content: "s" };
    const [user, assistant] = chat(content);
    expect(refinedLine(row!, kept, "same")).toBe(line);
    expect(JSON.parse(refinedLine(row!, kept, "openai")!)).toEqual({ messages: [system, user, assistant] });
    expect(JSON.parse(refinedLine(row!, kept, "trl")!)).toEqual({
      prompt: [system, user],
      completion: [assistant],
    });
    expect(JSON.parse(refinedLine(row!, kept, "llamafactory")!)).toEqual({
      conversations: [
        { from: "human", value: "What is 2+3?" },
        { from: "gpt", value: content },
      ],
      system: "s",
    });
    const alpaca = { instruction: "What is 2+3?", input: "", output: content, system: "s" };
    expect(JSON.parse(refinedLine(row!, kept, "alpaca")!)).toEqual(alpaca);
    for (const format of ["openai", "trl", "llamafactory", "alpaca"] as const) {
      const [again] = readDataset(new TextEncoder().encode(refinedLine(row!, kept, format)!), "f").rows;
      expect(again!.sample).toMatchObject({ reasoning: "a\nb\n", answer: "5" });
    }
  });

  it("carries tools and a developer's words, and refuses what another layout has no place for", () => {
    const written = (line: object, format: "openai" | "trl" | "llamafactory" | "alpaca") => {
      const [row] = readDataset(new TextEncoder().encode(JSON.stringify(line)), "f").rows;
      return JSON.parse(refinedLine(row!, { outcome: "kept", ...row } as never, format)!);
    };
    const messages = [{ role: "developer", content: "d" }, ...chat("a\nb\n#### 5")];
    const tools = [{ type: "function", function: { name: "add" } }];
    expect(written({ messages, tools }, "openai")).toEqual({ messages, tools });
    expect(written({ messages, tools }, "trl").tools).toEqual(tools);
    for (const format of ["llamafactory", "alpaca"] as const)
      expect(written({ messages, tools }, format)).toMatchObject({
        system: "d",
        tools: JSON.stringify(tools),
      });
    const conversations = [
      { from: "human", value: "q" },
      { from: "gpt", value: "a\nb\n#### 5" },
    ];
    expect(written({ conversations, tools: '[{"name":"add"}]' }, "openai").tools).toEqual(tools);
    expect(written({ conversations, tools: "" }, "openai")).not.toHaveProperty("tools");
    const called = [conversations[0], { from: "function_call", value: "{}" }, conversations[1]];
    for (const format of ["openai", "trl", "llamafactory", "alpaca"] as const) {
      expect(() => written({ conversations: called }, format)).toThrow(/"function_call" says is carried/);
      expect(() => written({ conversations, tools: "nonsense" }, format)).toThrow(/tools are no list/);
    }
  });
});

describe("solutionParts", () => {
  it.each<[text: string, answer: string, reasoning: string]>([
    ["a.\n**Answer:** 42", "42", "a.\n"],
    ["a.\n\nThe final answer is: $\\boxed{\\frac{1}{2}}$", "\\frac{1}{2}", "a.\n\n"],
    ["a\n\\[\n\\boxed{7}\n\\]", "7", "a\n"],
    ["#### Step 1\nadd\n#### 7", "7", "#### Step 1\nadd\n"],
    ["Answer: 5\nWait, no.\nAnswer: 7", "7", "Answer: 5\nWait, no.\n"],
    ["一步。两步。所以答案是42。", "42", "一步。两步。"],
    ["x\nAnswer:\n42", "42", "x\n"],
  ])("%j", (text, answer, reasoning) => {
    const parts = solutionParts(text, "here");
    expect([parts.answer, parts.reasoning]).toEqual([answer, reasoning]);
    expect(parts.head + parts.reasoning + parts.frame + parts.answer + parts.tail).toBe(text);
  });
});

describe("readDataset", () => {
  it("says which lines cannot be read, and reads the others", () => {
    const good = '{"question":"q","reasoning":"a\\nb","answer":"5"}';
    const bytes = Buffer.concat([
      Buffer.from(`\ufeff${good}\r\n\n`),
      Buffer.from([0x7b, 0xff, 0x7d, 0x0a]),
      Buffer.from(`[1]\n{"a":1,"a":2}\n${good.slice(0, 20)}`),
    ]);
    const { rows, unreadable } = readDataset(bytes, "f");
    expect(rows.map(({ line, where }) => [line, where])).toEqual([[good, "f:1"]]);
    expect(unreadable.map(({ line, error }) => [line, error.code])).toEqual([
      [3, "INVALID_UTF8"],
      [4, "CORPUS_MALFORMED"],
      [5, "CORPUS_MALFORMED"],
      [6, "CORPUS_MALFORMED"],
    ]);
    expect(unreadable.at(-1)!.error.what).toMatch(/cut off/);
    expect(() => readDataset(new Uint8Array(), "f")).toThrow(/no lines/);
  });

  it("keeps what ended each line", () => {
    const good = '{"question":"q","reasoning":"a\\nb","answer":"5"}';
    const { rows } = readDataset(Buffer.from(`${good}\r\n${good}\n${good}`), "f");
    expect(rows.map(({ line, lineEnd }) => [line, lineEnd])).toEqual([
      [good, "\r\n"],
      [good, "\n"],
      [good, "\n"],
    ]);
  });

  it.each<[name: string, bytes: Uint8Array, said: RegExp]>([
    ["list over lines", Buffer.from('[\n  {"a": 1},\n{"a": 1}\n]'), /one JSON list/],
    ["list that begins on the first line", Buffer.from('\ufeff\n[{"a": 1},\n{"a": 1}]'), /one JSON list/],
    ["object over lines", Buffer.from('{\n  "a": 1\n}\n{\n  "a": 2\n}\n'), /over several lines/],
    ["UTF-16", Buffer.from("\ufeff{}\n", "utf16le"), /UTF-16/],
  ])("a file that has no lines is refused as a whole: %s", (_, bytes, said) => {
    expect(() => readDataset(bytes, "f")).toThrow(said);
  });
});

describe("what a line lacks is said", () => {
  const read = (line: object, options = {}) => readSample(line as never, "f:1", options);

  it.each<[name: string, line: object, code: string, said: RegExp]>([
    [
      "no reasoning",
      { question: "q", answer: "4" },
      "CORPUS_MALFORMED",
      /No final answer is found in "answer", and/,
    ],
    [
      "null answer",
      { question: "q", reasoning: "a\nb", answer: null },
      "NOTHING_TO_SCORE",
      /"answer"\) is empty/,
    ],
    ["null messages", { messages: null }, "CORPUS_MALFORMED", /"messages" is no list of messages/],
    ["text as messages", { messages: "x" }, "CORPUS_MALFORMED", /"messages" is no list of messages/],
  ])("%s", (_, line, code, said) => {
    expect(() => read(line)).toThrow(expect.objectContaining({ code, what: expect.stringMatching(said) }));
  });

  it("a question with its answer alone is a sample where that is asked for", () => {
    const options = { answerAlone: true };
    for (const line of [
      { question: "q", answer: 4 },
      { question: "q", answer: "4", reasoning: "" },
    ])
      expect(read(line, options)).toMatchObject({ reasoning: "", frame: "Answer: ", answer: "4" });
    expect(read({ question: "q", answer: "a\n#### 4" }, options)).toMatchObject({
      reasoning: "a\n",
      answer: "4",
    });
    expect(() => read({ question: "q" }, options)).toThrow(/no reasoning/);
  });
});

import { describe, expect, it } from "vitest";
import { SurprisalError } from "../../core/index.ts";
import { parseCondition } from "./condition.ts";
import { readConfig } from "./config.ts";
import { EXAMPLE } from "./example.ts";
import { against } from "./judge.ts";

const one = (rest: string) => `checks:\n  - text: Hello there\n    expect: ${rest}\n`;

function faultOf(source: string): SurprisalError {
  try {
    readConfig("ci/surprisal.yaml", source);
  } catch (error) {
    if (SurprisalError.isInstance(error)) return error;
    throw error;
  }
  throw new Error("no fault");
}

describe("a configuration that is broken", () => {
  it.each<[string, string, string, RegExp]>([
    ["nothing", "", "1:1", /empty/],
    ["a comment only", "# nothing\n", "1:1", /empty/],
    ["a list", "- a\n", "1:1", /a list/],
    ["a text", "hello\n", "1:1", /a text/],
    ["a tab", "checks:\n\t- text: a\n", "2:1", /YAML/],
    ["an open quote", 'checks:\n  - text: "a\n', "3:1", /YAML/],
    ["a key twice", "model: a\nmodel: b\nchecks: []\n", "2:1", /YAML.*unique/i],
    ["two documents", "model: a\n---\nmodel: b\n", "2:1", /YAML/],
    ["no checks", "model: mini\n", "1:1", /no checks/],
    ["an empty list", "checks: []\n", "1:9", /no checks/],
    ["an unknown key", "modle: mini\nchecks: []\n", "1:1", /no "modle"; did you mean "model"/],
    ["promptfoo's keys", "providers: [openai:gpt]\n", "1:1", /no "providers"/],
    [
      "an unknown key of a check",
      "checks:\n  - text: a\n    expcet: perplexity < 3\n",
      "3:5",
      /did you mean "expect"/,
    ],
    ["a check that is a text", "checks:\n  - perplexity < 3\n", "2:5", /a text/],
    ["nothing to measure", "checks:\n  - name: a\n    expect: perplexity < 3\n", "2:5", /nothing to measure/],
    [
      "two subjects",
      "checks:\n  - text: a\n    prompt: b\n    expect: perplexity < 3\n",
      "2:5",
      /text and prompt/,
    ],
    ["no conditions", "checks:\n  - text: a\n", "2:5", /expects nothing/],
    ["both lists", `${one("perplexity < 3")}    assert: perplexity < 3\n`, "4:13", /are the same/],
    ["an empty text", 'checks:\n  - text: ""\n    expect: perplexity < 3\n', "2:11", /empty/],
    ["a number as text", "checks:\n  - text: 5\n    expect: perplexity < 3\n", "2:11", /number 5/],
    ["an unknown recipe", `recipe: cachd\n${one("perplexity < 3")}`, "1:9", /no recipe/],
    [
      "an idle option",
      "checks:\n  - text: a\n    maxTokens: 5\n    expect: perplexity < 3\n",
      "3:16",
      /changes nothing/,
    ],
    [
      "a bad number",
      "checks:\n  - prompt: a\n    maxTokens: -1\n    expect: perplexity < 3\n",
      "3:16",
      /maxTokens/,
    ],
    [
      "a name twice",
      "checks:\n  - { name: a, text: b, expect: perplexity < 3 }\n  - { name: a, text: b, expect: perplexity < 3 }\n",
      "3:5",
      /Two checks/,
    ],
    ["an unknown measure", one("perplexty < 3"), "3:13", /did you mean "perplexity"/],
    ["no condition", one("fine"), "3:13", /no condition/],
    ["equality", one("perplexity = 3"), "3:13", /no condition/],
    ["an accuracy of a text", one("accuracy > 0.5"), "3:13", /a text has no accuracy/],
    ["words in a text", one("contains 'x'"), "3:13", /answer to a prompt/],
    ["an unknown assertion", one("{ type: llm-rubric, value: x }"), "3:13", /llm-rubric/],
    ["an assertion without threshold", one("{ type: perplexity }"), "3:13", /no threshold/],
    ["a share beyond 1", "checks:\n  - task: q.jsonl\n    expect: accuracy >= 40\n", "3:13", /share/],
    ["a bad expression", "checks:\n  - prompt: q\n    expect: matches /(/\n", "3:13", /regular expression/],
    ["an alias to nothing", "checks: *a\n", "1:9", /YAML/],
  ])("%s", (_, source, place, message) => {
    const error = faultOf(source);
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.where).toBe(`ci/surprisal.yaml:${place}`);
    expect(error.what).toMatch(message);
    expect(error.wayOut).toBeTruthy();
  });
});

it("reads its own example", () => {
  expect(readConfig("surprisal.yaml", EXAMPLE).checks[0]!.conditions).toHaveLength(2);
});

it("reads promptfoo's assertions as conditions", () => {
  const config = readConfig(
    "s.yaml",
    "checks:\n  - prompt: q\n    assert:\n      - { type: perplexity, threshold: 5 }\n      - { type: perplexity-score, threshold: 0.3 }\n      - { type: not-icontains, value: Paris }\n      - { type: regex, value: 'a+' }\n",
  );
  expect(config.checks[0]!.conditions.map(({ text }) => text)).toEqual([
    "perplexity <= 5",
    "perplexity score >= 0.3",
    'not contains "Paris" ignoring case',
    "matches /a+/",
  ]);
});

it.each([
  ["Perplexity is below 30", { kind: "bound", measure: "perplexity", relation: "<", bound: 30 }],
  ["accuracy >= 40 %", { kind: "bound", measure: "accuracy", relation: ">=", bound: 0.4 }],
  ["bits per byte at most 1.5", { kind: "bound", measure: "bitsPerByte", relation: "<=", bound: 1.5 }],
  [
    "bits per byte not more than 2 % above the last run",
    { kind: "change", side: "above", most: 0.02, relative: true, base: null },
  ],
  [
    "accuracy not more than 2 points below the baseline",
    { kind: "change", side: "below", most: 0.02, relative: false, base: null },
  ],
  [
    "perplexity no more than 1 above runs/main",
    { kind: "change", most: 1, relative: false, base: "runs/main" },
  ],
  [
    '"Paris" is likelier than "London" by 2 bits',
    { kind: "likelier", first: "Paris", second: "London", by: 2 },
  ],
  ["surprisal of ' Paris' < 3 bits", { kind: "surprisal", of: " Paris", relation: "<", bound: 3 }],
  ["not contains 'x' ignoring case", { kind: "text", test: "contains", not: true, ignoreCase: true }],
])("reads %s", (text, wanted) => {
  expect(parseCondition(text)).toMatchObject(wanted);
});

it.each([
  [29, null, "<", "holds", false],
  [30, null, "<", "fails", false],
  [30, null, "<=", "holds", false],
  [29, 1, "<", "holds", true],
  [27, 1, "<", "holds", false],
  [31, 1, "<", "fails", true],
  [null, null, "<", "not judged", false],
] as const)("judges %s ± %s %s 30: %s", (value, standardError, relation, state, withinError) => {
  expect(against({ value, standardError }, relation, 30, "perplexity")).toMatchObject({ state, withinError });
});

/** `decide` with servers that score texts: the numbers of the model behind them. */
import { afterEach, describe, expect, it } from "vitest";
import { type DecideOptions, decide, type Question } from "../src/decide/index.ts";
import { OpenAIModel } from "../src/models/openai/index.ts";
import { type FakeServer, startFakeServer } from "./wire/fake-server.ts";
import { plainModel } from "./wire/plain-model.ts";

let server: FakeServer | undefined;
afterEach(() => server?.close());

const request = {
  state: "The parcel lay in the rain.",
  questions: [
    { type: "predicate", instructions: "Is it wet?" },
    { type: "choice", instructions: "What now?", choices: ["return", "return it", "keep it"] },
  ] satisfies Question[],
};

describe.each(["vllm", "sglang"] as const)("%s", (dialect) => {
  it.each<DecideOptions>([{ end: "\n" }, { end: "\n", rule: "pmi" }, { rule: "label", orders: 2 }])(
    "gives what the model itself gives: %o",
    async (options) => {
      server = await startFakeServer({ dialect, model: plainModel() });
      await using model = await OpenAIModel.open(server.url, { backoffMs: 1 });
      const there = await decide(model, request, options);
      const here = await decide(plainModel(), request, options);
      expect(there.decisions.map(({ choice }) => choice)).toEqual(here.decisions.map(({ choice }) => choice));
      for (const [q, { options, optionMass, tokensRun }] of there.decisions.entries()) {
        expect(tokensRun).toBeNull();
        expect(optionMass).toBeCloseTo(here.decisions[q]!.optionMass!, 6);
        for (const [i, { probability }] of options.entries())
          expect(probability).toBeCloseTo(here.decisions[q]!.options[i]!.probability!, 5);
      }
      expect(there.usage.tokensRun).toBeNull();
    },
  );

  it("says that it knows no end of an answer", async () => {
    server = await startFakeServer({ dialect, model: plainModel() });
    await using model = await OpenAIModel.open(server.url, { backoffMs: 1 });
    const { notes, decisions } = await decide(model, request);
    expect(notes.join()).toContain("Nothing ends an answer");
    expect(decisions[1]!.optionMass).toBeNull(); // "return" is a part of "return it"
  });
});

describe("servers that only write", () => {
  it("are refused what they cannot say, and told the rule that they can", async () => {
    server = await startFakeServer({ dialect: "deepseek", model: plainModel() });
    await using model = await OpenAIModel.open(server.url, { backoffMs: 1 });
    await expect(decide(model, request)).rejects.toThrow(
      expect.objectContaining({
        code: "UNSUPPORTED_CAPABILITY",
        what: expect.stringContaining("so options cannot be scored"),
        wayOut: expect.stringContaining('rule "label"'),
      }),
    );
  });

  it("are read at the first token of their answer, with what is missing", async () => {
    server = await startFakeServer({ dialect: "deepseek", model: plainModel() });
    await using model = await OpenAIModel.open(server.url, { backoffMs: 1 });
    const { decisions, prompt, usage, notes } = await decide(model, request, { rule: "label" });
    expect(prompt.form).toBe("chat");
    expect(usage).toEqual({ tokensRun: null, tokensAlone: null });
    expect(notes.join()).toContain("first token of its answer");
    for (const { missingMass } of decisions) {
      expect(missingMass).toBeGreaterThan(0);
      expect(missingMass).toBeLessThan(1);
    }
  });
});

/** Levels side by side: which answers, within a budget, and what is said where one is missing. */
import { describe, expect, it } from "vitest";
import { SurprisalError } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { TableModel } from "../../models/test/index.ts";
import {
  fixedLevel,
  LADDER_SCHEMA,
  levelName,
  type PaqDecider,
  type PaqLadder,
  type PaqLevel,
  PaqServer,
} from "../index.ts";

const level = (bits: number): PaqLevel => ({
  bits,
  name: levelName(bits),
  file: `m-${bits}.gguf`,
  type: `Q${bits}`,
  bytes: bits * 10,
  bitsPerWeight: bits,
  fallbacks: [],
  identity: {
    model: { name: `m ${bits}`, sha256: null },
    tokenizer: null,
    wordingSha256: null,
    recipe: null,
    kernels: null,
  },
  perplexity: null,
  prefillTokensPerSecond: null,
  generationTokensPerSecond: null,
  cacheBytesPerToken: null,
  memoryBytes: bits * 100,
});
const ladder: PaqLadder = {
  schema: LADDER_SCHEMA,
  source: { name: "m", type: "F16", sha256: "0", isQuantised: false, note: null },
  levels: [2, 4, 8, 16].map(level),
  text: null,
  machine: {
    cpu: "any",
    kernels: null,
    engine: null,
    threads: null,
    memoryBytes: 1,
    date: "2026-11-30T00:00:00Z",
  },
};
/** Prompts say their level: "4 ...". */
const byNumber: PaqDecider = {
  decide: async (prompt) => ({
    level: `${Number.parseInt(prompt, 10)}-bit`,
    probabilities: { "4-bit": 0.9 },
    ms: 2,
    leftOut: prompt.length > 20 ? 3 : 0,
  }),
};

function serving(memoryBytes: number, missing: readonly number[] = [], decider = byNumber) {
  const log: string[] = [];
  const openLevel = async ({ name }: PaqLevel): Promise<LanguageModel> => {
    log.push(`+${name}`);
    const model = TableModel.bytes();
    const dispose = model[Symbol.asyncDispose].bind(model);
    model[Symbol.asyncDispose] = async () => {
      log.push(`-${name}`);
      await dispose();
    };
    return model;
  };
  const hasLevel = ({ bits }: PaqLevel) => !missing.includes(bits);
  return { server: PaqServer.open(ladder, decider, { memoryBytes, openLevel, hasLevel }), log };
}

describe("PaqServer", () => {
  it("answers with the level that is chosen, and keeps it loaded", async () => {
    const { server, log } = serving(3000);
    await using _ = server;
    const heard: string[] = [];
    const answer = await server.run("4 bits", {
      maxTokens: 5,
      onLevel: (name) => heard.push(name),
      onToken: () => heard.push("token"),
    });
    expect(heard).toEqual(["4-bit", ...Array(5).fill("token")]);
    expect(answer).toMatchObject({
      level: "4-bit",
      tokens: 5,
      routerMs: 2,
      decision: { probabilities: { "4-bit": 0.9 } },
    });
    expect(answer.warnings).toEqual([]);
    expect(answer.text).toBe((await server.run("4 bits", { maxTokens: 5 })).text);
    await server.run("16 bits", { maxTokens: 1 });
    expect(log).toEqual(["+4-bit", "+16-bit"]);
    expect(server.loaded).toEqual(["16-bit", "4-bit"]);
    expect(server.notes).toEqual([]);
  });

  it("unloads the level that was used longest ago, and says so", async () => {
    const { server, log } = serving(2400); // 16 and 8, or 16, 4 and 2
    await using _ = server;
    for (const prompt of ["2", "4", "16", "2"]) await server.run(prompt, { maxTokens: 1 });
    const { warnings } = await server.run("8", { maxTokens: 1 });
    expect(log).toEqual(["+2-bit", "+4-bit", "+16-bit", "-4-bit", "-16-bit", "+8-bit"]);
    expect(warnings).toEqual(["Unloaded for 8-bit, since the memory holds no more: 4-bit, 16-bit."]);
    expect(server.loaded).toEqual(["8-bit", "2-bit"]);
  });

  it("works with one at a time where there is no memory for two, and waits for one that is in use", async () => {
    const { server, log } = serving(1600, [2, 4]);
    await using _ = server;
    expect(server.notes).toHaveLength(3);
    expect(server.notes[2]).toMatch(/^There is no memory for two levels at once \(1\.6 kB\)/);
    const answers = await Promise.all(
      ["16", "8", "16", "8"].map((prompt) => server.run(prompt, { maxTokens: 20 })),
    );
    expect(answers.map((answer) => [answer.level, answer.tokens])).toEqual([
      ["16-bit", 20],
      ["8-bit", 20],
      ["16-bit", 20],
      ["8-bit", 20],
    ]);
    expect(log).toEqual(["+16-bit", "-16-bit", "+8-bit", "-8-bit", "+16-bit", "-16-bit", "+8-bit"]);
  });

  it("takes the next higher level for one that is missing, and never a lower one", async () => {
    const { server } = serving(5000, [2, 4, 16]);
    await using _ = server;
    expect(server.notes).toEqual(
      [2, 4, 16].map((bits) => `The file of ${bits}-bit is missing, or is another one (m-${bits}.gguf)`),
    );
    const answer = await server.run("2 bits", { maxTokens: 1 });
    expect(answer.level).toBe("8-bit");
    expect(answer.decision.level).toBe("2-bit");
    expect(answer.warnings).toEqual([
      "The file of 2-bit is missing, or is another one (m-2.gguf): 8-bit answers instead.",
    ]);
    await expect(server.run("16 bits")).rejects.toMatchObject({ code: "MODEL_UNAVAILABLE" });
    expect(() => serving(5000, [2, 4, 8, 16])).toThrow(/Neither 16-bit nor a level of more bits/);
  });

  it("says what does not fit, and that a prompt was cut for the router", async () => {
    const { server } = serving(1000);
    await using _ = server;
    await expect(server.run("16")).rejects.toMatchObject({
      code: "OUT_OF_MEMORY",
      what: expect.stringMatching(/1\.6 kB.*1 kB/),
    });
    const { warnings } = await server.run(`4 ${"long ".repeat(10)}`, { maxTokens: 1 });
    expect(warnings).toEqual([
      "The router did not read the last 3 tokens of the prompt, which is too long for it.",
    ]);
  });

  it("refuses an empty prompt, another router's level and no memory", async () => {
    const { server } = serving(5000);
    await using _ = server;
    await expect(server.run(" \n")).rejects.toMatchObject({ code: "EMPTY_INPUT" });
    await expect(server.run("3 bits")).rejects.toMatchObject({
      code: "ROUTER_INVALID",
      what: 'There is no level "3-bit"',
    });
    expect(() => serving(0)).toThrow(SurprisalError);
    await using fixed = serving(5000, [], fixedLevel("8-bit")).server;
    expect((await fixed.run("2 bits", { maxTokens: 1 })).level).toBe("8-bit");
  });

  it("lets go of all levels, and answers no more", async () => {
    const { server, log } = serving(5000);
    await server.run("2", { maxTokens: 1 });
    await server[Symbol.asyncDispose]();
    expect(log).toEqual(["+2-bit", "-2-bit"]);
    await expect(server.run("2")).rejects.toMatchObject({ code: "MODEL_DISPOSED" });
  });
});

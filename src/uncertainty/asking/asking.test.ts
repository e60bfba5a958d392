/** Asking a model that says what it is told to: what it is asked, and what is read. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type Said, ScriptedModel } from "../../../test/scripted-model.ts";
import { TableModel } from "../../models/test/index.ts";
import {
  type AskedQuestion,
  type AskingMethod,
  askAll,
  countAsked,
  GUESS_WORDINGS,
  introspective,
  linguistic,
  NUMBER_WORDINGS,
  priceAll,
  pTrue,
  repeated,
  topGuesses,
  verbalised,
} from "./index.ts";

const asked: AskedQuestion = { question: "What is 12 + 30?", answer: "42" };
const say = (...texts: string[]) => new ScriptedModel((_, call) => ({ text: texts[call % texts.length]! }));

describe("verbalised", () => {
  it.each<[string, number | string]>([
    ["85", 0.85],
    ["Confidence: 90/100", 0.9],
    ["八成", 0.8],
    ["very confident", 0.9],
    ["I cannot assess this.", "refusal"],
    ["150", "outside"],
    ["<number>", "echo"],
    ["70, or 30", "ambiguous"],
    ["", "nothing"],
  ])("reads %s", async (text, expected) => {
    const estimate = await verbalised().ask(say(text), asked);
    expect(estimate.confidence ?? estimate.missing).toBe(expected);
    expect(estimate.uncertainty).toBe(typeof expected === "number" ? 1 - expected : null);
    expect(estimate).toMatchObject({
      replies: [{ text, cut: false }],
      calls: 1,
      tokens: { read: 10, written: 1 },
    });
    if (typeof expected === "string") expect(estimate.reason).not.toBe("");
  });

  it("asks about the answer in the chat in which it was given, in English and Chinese", async () => {
    for (const [name, words] of [
      ["confidence-en", "How confident are you"],
      ["confidence-zh", "请评估你对上述答案的信心程度"],
    ] as const) {
      const model = say("85");
      await verbalised({ wording: name }).ask(model, asked);
      expect(model.asked[0]!.prompt).toEqual([
        { role: "user", content: asked.question },
        { role: "assistant", content: "42" },
        { role: "user", content: expect.stringContaining(words) },
      ]);
    }
  });

  it("asks a model without a chat in plain text", async () => {
    const model = new ScriptedModel(() => ({ text: "85" }), { chat: false, chatTemplate: false });
    await verbalised().ask(model, asked);
    expect(model.asked[0]!.prompt).toBe(
      "Question: What is 12 + 30?\nAnswer: 42\nHow confident are you in the above answer? Give a score from 0 to 100. Reply with the number only.\nScore:",
    );
  });

  it("shows its wording with its hash, and says a system message to the user where the template has none", async () => {
    const { wording } = verbalised({ wording: "truthtorchlm" });
    const { messages, cue } = NUMBER_WORDINGS.truthtorchlm;
    const text = JSON.stringify([
      JSON.stringify([messages.map(({ role, content }) => [role, content]), cue]),
      [],
    ]);
    expect(wording.sha256).toBe(createHash("sha256").update(text).digest("hex"));
    const model = new ScriptedModel(() => ({ text: "85" }), {}, true);
    await verbalised({ wording: "truthtorchlm" }).ask(model, asked);
    expect(model.asked[0]!.prompt).toEqual([
      {
        role: "user",
        content: expect.stringMatching(
          /^You are a helpful, respectful and honest confidence estimator\.\n\nYou will/,
        ),
      },
    ]);
  });

  it("fills in a question with braces as it is", async () => {
    const model = say("85");
    await verbalised({ wording: "xiong-self-probing" }).ask(model, {
      question: "What is {answer}?",
      answer: "$& {question}",
    });
    expect(JSON.stringify(model.asked[0]!.prompt)).toContain(
      "Question: What is {answer}?\\nPossible Answer:$& {question}",
    );
  });

  it("does not read what was thought, and says when it was cut off", async () => {
    const thought: Said[] = [
      { text: "maybe 20", part: "reasoning" },
      { text: "", cut: true },
    ];
    const estimate = await verbalised().ask(new ScriptedModel(() => thought), asked);
    expect(estimate).toMatchObject({
      confidence: null,
      missing: "nothing",
      replies: [{ text: "", cut: true }],
    });
    expect(estimate.reason).toContain("cut off");
  });

  it("refuses what is no question, and models that do not write", async () => {
    await expect(verbalised().ask(say("1"), { question: "Q", answer: " " })).rejects.toMatchObject({
      code: "EMPTY_INPUT",
    });
    const mute = new ScriptedModel(() => ({ text: "" }), { generate: false });
    await expect(verbalised().ask(mute, asked)).rejects.toMatchObject({ code: "UNSUPPORTED_CAPABILITY" });
    expect(() => verbalised({ wording: "none" as "confidence-en" })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", where: "wording" }),
    );
  });
});

describe("phrases, guesses, reviews", () => {
  it("reads a phrase of the scale", async () => {
    expect(await linguistic().ask(say("Highly Likely"), asked)).toMatchObject({
      confidence: 0.9,
      method: "linguistic",
    });
    expect(await linguistic({ wording: "linguistic-zh" }).ask(say("极有可能"), asked)).toMatchObject({
      confidence: 0.9,
    });
  });

  it("finds the answer among the guesses, or says what they leave", async () => {
    const guesses = "G1: 41\nP1: 0.5\nG2: 42\nP2: 0.3\nG3: 43\nP3: 0.1";
    const method = topGuesses({ k: 3 });
    const model = say(guesses);
    expect(await method.ask(model, asked)).toMatchObject({ confidence: 0.3, uncertainty: 0.7 });
    expect(JSON.stringify(model.asked[0]!.prompt)).toContain("Provide your 3 best guesses");
    expect(await topGuesses({ k: 3, of: "first" }).ask(say(guesses), asked)).toMatchObject({
      confidence: 0.5,
    });
    const none = await method.ask(say(guesses), { ...asked, answer: "7" });
    expect(none).toMatchObject({ confidence: null, missing: "nothing", confidenceInterval: { low: 0 } });
    expect(none.confidenceInterval!.high).toBeCloseTo(0.1, 12);
    expect(await method.ask(say("I do not know."), asked)).toMatchObject({
      confidence: null,
      reason: "It makes no guess",
    });
  });

  it("takes the wordings of guesses by name, each with its number of guesses", () => {
    for (const [options, variant] of [
      [{ wording: "tian-1s-top1" }, "tian-1s-top1, k=1, of the answer"],
      [{ wording: "tian-1s-topk" }, "tian-1s-topk, k=4, of the answer"],
      [{ k: 1 }, "tian-1s-top1, k=1, of the answer"],
      [{ wording: GUESS_WORDINGS["tian-1s-topk"], k: 2 }, "tian-1s-topk, k=2, of the answer"],
    ] as const)
      expect(topGuesses(options).variant).toBe(variant);
    const refused = (where: string) => expect.objectContaining({ code: "INVALID_ARGUMENT", where });
    expect(() => topGuesses({ wording: "none" as "tian-1s-topk" })).toThrow(refused("wording"));
    expect(() => topGuesses({ wording: "tian-1s-top1", k: 3 })).toThrow(refused("k"));
  });

  it("asks for flaws first, and shows the review to the model", async () => {
    const model = say("12 + 30 is 42. I find none.", "95");
    const estimate = await introspective().ask(model, asked);
    expect(estimate).toMatchObject({ confidence: 0.95, calls: 2, tokens: { read: 20, written: 2 } });
    expect(estimate.replies.map(({ text }) => text)).toEqual(["12 + 30 is 42. I find none.", "95"]);
    expect(model.asked[1]!.prompt).toEqual([
      expect.anything(),
      expect.anything(),
      { role: "user", content: expect.stringContaining("list the flaws") },
      { role: "assistant", content: "12 + 30 is 42. I find none." },
      { role: "user", content: expect.stringContaining("Taking these flaws into account") },
    ]);
  });
});

describe("repeated", () => {
  it("averages what was read, and counts the rest", async () => {
    const model = say("80", "I cannot say.", "60");
    const method = repeated(verbalised(), { n: 3 });
    const estimate = await method.ask(model, asked, { seed: 7 });
    expect(estimate).toMatchObject({
      each: [0.8, null, 0.6],
      calls: 3,
      tokens: { written: 3 },
      missing: null,
    });
    expect(estimate.confidence).toBeCloseTo(0.7, 12);
    expect(estimate.deviation).toBeCloseTo(Math.sqrt(0.02), 12);
    expect(estimate.reason).toContain("1 of 3 replies gave no confidence");
    expect(model.asked.map(({ options }) => [options.seed, options.temperature])).toEqual([
      [7, 1],
      [8, 1],
      [9, 1],
    ]);
    expect(await method.ask(say("no"), asked)).toMatchObject({
      confidence: null,
      missing: "nothing",
      deviation: null,
    });
  });

  it("refuses what says the same each time", () => {
    expect(() => repeated(pTrue())).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(() => repeated(verbalised(), { n: 1 })).toThrow(expect.objectContaining({ where: "n" }));
    expect(() => repeated(verbalised(), { temperature: 0 })).toThrow(
      expect.objectContaining({ where: "temperature" }),
    );
  });
});

describe("prices", () => {
  it("are told before anything runs, and hold", async () => {
    const methods: AskingMethod[] = [
      verbalised(),
      topGuesses(),
      introspective(),
      repeated(verbalised(), { n: 4 }),
      pTrue({ variant: "uqlm" }),
    ];
    for (const method of methods) {
      const model = say("85", "85");
      const price = await method.price(asked, model);
      expect(model.asked).toEqual([]);
      const { calls, tokens } = await method.ask(model, asked);
      expect(price.calls).toBe(calls);
      expect(price.calls).toBe(model.asked.length);
      expect(price.tokensWritten!).toBeGreaterThanOrEqual(tokens.written!);
      expect(price.tokensRead!).toBeGreaterThan(0);
      expect((await method.price(asked)).tokensRead).toBeNull();
    }
    const [one, all] = [
      await verbalised().price(asked, say("")),
      await priceAll([asked, asked], [verbalised()], say("")),
    ];
    expect(all).toEqual({ calls: 2, tokensWritten: 2 * one.tokensWritten!, tokensRead: 2 * one.tokensRead! });
  });

  it("count the prompt's tokens", async () => {
    const model = new ScriptedModel(() => ({ text: "" }), { chat: false, chatTemplate: false });
    const { tokensRead } = await verbalised().price(asked, model);
    await verbalised().ask(model, asked);
    expect(tokensRead).toBe(1 + (model.asked[0]!.prompt as string).length); // BOS and the bytes
  });
});

describe("many questions", () => {
  const questions = Array.from({ length: 7 }, (_, i) => ({ question: `Q${i}`, answer: `A${i}`, id: i }));

  it("come in order, with what they were, and are counted", async () => {
    const model = new ScriptedModel(({ prompt }) => ({
      text: JSON.stringify(prompt).includes("Q3") ? "150" : "85",
    }));
    const items = [];
    for await (const item of askAll(model, questions, [verbalised(), linguistic()], { concurrency: 3 }))
      items.push(item);
    expect(items.map(({ index, question }) => [index, question.id])).toEqual(
      questions.map(({ id }) => [id, id]),
    );
    expect(countAsked(items.map(({ estimates }) => estimates[0]!))).toEqual({
      total: 7,
      said: 6,
      missing: { outside: 1 },
    });
  });

  it("are not read ahead, and end when the loop is left", async () => {
    let read = 0;
    async function* source() {
      for (const question of questions) {
        read++;
        yield question;
      }
    }
    for await (const { index } of askAll(say("85"), source(), [verbalised()], { concurrency: 2 }))
      if (index === 1) break;
    expect(read).toBeLessThanOrEqual(4);
  });

  it("are refused before the first call where a method cannot be asked", async () => {
    const model = new ScriptedModel(() => ({ text: "85" }), { score: false, alternatives: 0 });
    const run = askAll(model, questions, [verbalised(), pTrue()]);
    await expect(run.next()).rejects.toMatchObject({ code: "UNSUPPORTED_CAPABILITY" });
    expect(model.asked).toEqual([]);
  });

  it("stop at a signal", async () => {
    const run = askAll(say("85"), questions, [verbalised()], { signal: AbortSignal.abort() });
    await expect(run.next()).rejects.toMatchObject({ code: "ABORTED" });
    await expect(askAll(TableModel.bytes(), questions, []).next()).rejects.toMatchObject({
      where: "methods",
    });
  });
});

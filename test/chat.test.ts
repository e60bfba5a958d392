/** What `surprisal chat` is made of: pieces of a growing text, the screen, the outcome of an answer, its events. */
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { type Answer, type AnsweredToken, type AnswerOptions, writeAnswer } from "../src/cli/chat/answer.ts";
import { Conversation } from "../src/cli/chat/conversation.ts";
import { doneEvent, errorEvent, tokenEvent } from "../src/cli/chat/events.ts";
import { ANSWER_OPTIONS, answerOptions, withAlternatives } from "../src/cli/chat/options.ts";
import { readArguments } from "../src/cli/parse.ts";
import { AnswerScreen, answerStatus, answerSummary, PieceStream } from "../src/cli/render/index.ts";
import { PerplexityMeter, parsePolicy } from "../src/core/index.ts";
import { completeEnd, generationOf, LoopLeft } from "../src/models/generation.ts";
import { type LanguageModel, resolve } from "../src/models/index.ts";
import { OllamaModel } from "../src/models/ollama/index.ts";
import { TableModel } from "../src/models/test/index.ts";
import { displayWidth } from "../src/text/visible.ts";
import { cellsOf, wrapCells } from "../src/text/wrap.ts";
import { FakeTerminal } from "./terminal.ts";
import { type FakeServer, type Misbehaviour, startFakeServer } from "./wire/fake-server.ts";
import { plainModel } from "./wire/plain-model.ts";

const encoder = new TextEncoder();
const ESCAPE = "\u001b";

/** Texts of many scripts, with what would do harm in a terminal. */
const texts = fc
  .array(
    fc.oneof(
      fc.constantFrom("word", " ", " the", "\n", "\r\n", "\t", "é", "क्षि", "日本", "🦔", "👨‍👩‍👧", "🇩🇪"),
      fc.constantFrom("\u001b[2J", "\u202e", "\u0000", "\r", "\u200b"),
      fc.string({ maxLength: 5 }),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(""));

/** A text's bytes, cut anywhere. */
const tokenised = fc
  .tuple(texts, fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 20 }))
  .map(([text, sizes]) => {
    const bytes = encoder.encode(text);
    const tokens: Uint8Array[] = [];
    for (let at = 0, i = 0; at < bytes.length; i++) {
      const size = sizes[i % sizes.length]!;
      tokens.push(bytes.subarray(at, at + size));
      at += size;
    }
    return { text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes), tokens };
  });

describe("PieceStream", () => {
  it("loses nothing of the text and nothing of the surprise, however it is cut", () => {
    fc.assert(
      fc.property(tokenised, ({ text, tokens }) => {
        const stream = new PieceStream();
        const pieces = tokens.flatMap((token, i) => stream.push(token, -((i % 5) + 1) * Math.LN2));
        pieces.push(...stream.flush());
        expect(pieces.map((piece) => piece.text).join("")).toBe(text);
        const bits = pieces.reduce((sum, piece) => sum + piece.bits!, 0);
        expect(bits).toBeCloseTo(
          tokens.reduce((sum, _, i) => sum + (i % 5) + 1, 0),
          8,
        );
      }),
    );
  });

  it("waits for a character, and gives words at once", () => {
    const stream = new PieceStream();
    const hedgehog = encoder.encode("🦔");
    expect(stream.push(encoder.encode("The"), -1)).toHaveLength(1);
    expect(stream.push(hedgehog.subarray(0, 2), -1)).toEqual([]);
    expect(stream.push(hedgehog.subarray(2), null)).toEqual([]); // a skin colour could follow
    expect(stream.push(encoder.encode(" runs"), 0)).toEqual([
      { text: "🦔", bits: null },
      { text: " runs", bits: 0 },
    ]);
    stream.push(Uint8Array.of(0xe2, 0x80), -1);
    expect(stream.flush()).toEqual([{ text: "\udce2\udc80", bits: expect.closeTo(1 / Math.LN2) }]);
    expect(stream.flush()).toEqual([]);
  });
});

describe("AnswerScreen", () => {
  const screenOn = (stream: FakeTerminal, status = (_: number) => "status") =>
    new AnswerScreen({ stream, colour: "truecolor", background: "dark", moves: true, status });

  it("shows the wrapped text and nothing else at the end, at every width, and the status line beneath meanwhile", async () => {
    await fc.assert(
      fc.asyncProperty(tokenised, fc.integer({ min: 4, max: 40 }), async ({ text, tokens }, columns) => {
        const terminal = new FakeTerminal(columns);
        const status = "▁▂▃ a status line that is longer than the screen may be";
        const screen = screenOn(terminal, () => status);
        const stream = new PieceStream();
        for (const token of tokens) {
          screen.write(stream.push(token, -1));
          expect(terminal.text.split("\n").at(-1)).toMatch(/^▁|^…$/);
        }
        screen.write(stream.flush());
        screen.end();
        const expected = cellsOf(text, 0, false)
          .flatMap((line) => wrapCells(line, columns))
          .map((line) =>
            line
              .map(({ shown }) => shown)
              .join("")
              .trimEnd(),
          );
        // A surprising line break or tab is drawn; `cellsOf` was told to draw none.
        const unmarked = terminal.text.replaceAll(/[↵⇥]/g, "");
        expect(squeeze(unmarked)).toBe(squeeze(expected.join("\n").replaceAll(/[↵⇥]/g, "")));
        expect(unmarked).not.toContain("▁");
        for (const line of terminal.text.split("\n")) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
      }),
      { numRuns: 60 },
    );
  });

  it("moves a word that does not fit to the next line as a whole, and ends on a new line", () => {
    const terminal = new FakeTerminal(12);
    const screen = screenOn(terminal);
    for (const text of ["The hed", "geh", "og"]) screen.write([{ text, bits: 0 }]);
    screen.end();
    expect(terminal.text).toBe("The\nhedgehog");
    expect(terminal.atNewLine).toBe(true);
  });

  /** As tokens of one character each, the accents too. */
  const ACCENTED = "cafe\u0301 a\u030a\u0301ngstro\u0308m keycap 1\ufe0f\u20e3\ne\u0301";

  it("puts an accent that is a token of its own on its letter, at every width", () => {
    for (const columns of [8, 30]) {
      const terminal = new FakeTerminal(columns);
      const screen = screenOn(terminal);
      const stream = new PieceStream();
      for (const token of ACCENTED) screen.write(stream.push(encoder.encode(token), -3));
      screen.write(stream.flush());
      screen.end();
      expect(terminal.text.replaceAll(/\s|↵/gu, "")).toBe(ACCENTED.replaceAll(/\s/gu, ""));
    }
    const alone = new FakeTerminal(30);
    const screen = screenOn(alone);
    screen.write([{ text: "\u0301", bits: 1 }]);
    screen.end();
    expect(alone.text).toBe("◌\u0301");
  });

  it("writes accents into a file as they are", () => {
    for (const colour of ["none", "truecolor"] as const) {
      let output = "";
      const screen = new AnswerScreen({
        stream: { write: (text) => (output += text) },
        colour,
        background: "dark",
        moves: false,
        status: () => "never",
      });
      const stream = new PieceStream();
      for (const token of ACCENTED) screen.write(stream.push(encoder.encode(token), -0.1));
      screen.write(stream.flush());
      screen.end();
      expect(output).toBe(`${ACCENTED}\n`);
    }
  });

  it("only adds where nothing can move, and writes no control characters without colours", () => {
    let output = "";
    const screen = new AnswerScreen({
      stream: { write: (text) => (output += text) },
      colour: "none",
      background: "dark",
      moves: false,
      status: () => "never",
    });
    screen.write([{ text: "Once ", bits: 9 }]);
    expect(output).toBe("Once ");
    screen.write([{ text: "\u001b[31mupon\na time", bits: null }]);
    screen.end();
    expect(output).toBe("Once ␛[31mupon\na time\n");
  });
});

const squeeze = (text: string) => text.replaceAll(/\s/gu, "");

describe("answerStatus", () => {
  it("fits every width that has room for the perplexity", () => {
    const meter = new PerplexityMeter();
    for (let i = 0; i < 40; i++) meter.push({ text: "x", logprob: -i / 4 });
    const progress = { reading: meter.read(), recent: [0, 3, null, 20], perSecond: 24.2 };
    for (let columns = 20; columns < 120; columns++)
      expect(displayWidth(answerStatus(progress, columns))).toBeLessThan(columns);
    expect(answerStatus(progress, 100)).toMatch(
      /^40 tokens {2}perplexity 131\.0 {2}window 356\.0 {2}▁▂·█ {2}24 tokens\/s$/,
    );
  });
});

describe("writeAnswer", () => {
  let server: FakeServer | undefined;
  afterEach(() => server?.close());

  async function ollama(
    misbehave: Misbehaviour = {},
    model: LanguageModel = plainModel(),
  ): Promise<LanguageModel> {
    server = await startFakeServer({ dialect: "ollama", model, misbehave });
    return OllamaModel.open("plain", { backoffMs: 1, address: server.url });
  }

  async function answerOf(
    model: LanguageModel,
    options: Parameters<typeof writeAnswer>[2] = {},
    interrupt = new AbortController(),
    onToken: (token: AnsweredToken) => void = () => {},
  ): Promise<{ answer: Answer; tokens: AnsweredToken[] }> {
    const tokens: AnsweredToken[] = [];
    const answer = await writeAnswer(
      model,
      "Once",
      { maxTokens: 40, ...options },
      interrupt.signal,
      (token) => {
        tokens.push(token);
        onToken(token);
      },
    );
    return { answer, tokens };
  }

  it("joins the texts of the tokens to the answer's, byte for byte, where tokens are parts of characters", async () => {
    // Every token of this model is one byte, most of them no character.
    const { answer, tokens } = await answerOf(TableModel.bytes(), {
      temperature: 1,
      maxTokens: 300,
      seed: 5,
    });
    const events = tokens.map((token) => tokenEvent(token));
    expect(events.map(({ text }) => text).join("")).toBe(answer.text);
    const bytes = events.flatMap(({ text, bytes }) => bytes ?? [...encoder.encode(text)]);
    expect(bytes).toEqual(tokens.flatMap((token) => [...token.bytes]));
    expect(
      new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes), { stream: true }),
    ).toBe(answer.text);
    const done = doneEvent(answer);
    const nll = tokens.reduce((sum, { record }) => sum - record.logprob!, 0) / tokens.length;
    expect(done.perplexity).toBeCloseTo(Math.exp(nll), 8);
    expect(done).toMatchObject({ tokens: tokens.length, scored: tokens.length, partial: false });
  });

  it("stops where the policy says, and the server is let go", async () => {
    const model = await ollama({ slow: 2 });
    const { answer, tokens } = await answerOf(model, { stopWhen: parsePolicy("tokens>=5") });
    expect(tokens).toHaveLength(5);
    expect(doneEvent(answer)).toMatchObject({
      finishReason: "policy",
      tokens: 5,
      stoppedBy: { token: 5, policy: "tokens>=5", message: "stopped at token 5: tokens 5 >= 5" },
      provenance: null,
    });
    await expect.poll(() => server!.requests.at(-1)!.aborted).toBe(true);
  });

  it("knows of an answer that a policy stopped what was wrong with it until then", async () => {
    const model = TableModel.bytes();
    const warnings = ["The tokens are not those of the answer's text."];
    const doubting: LanguageModel["generate"] = () =>
      generationOf(
        (async function* () {
          const end = completeEnd("stop", 9, {
            model: model.identity,
            probabilities: "raw",
            eosCounted: false,
          });
          try {
            for (let i = 0; i < 9; i++) yield { text: "x", logprob: -1 };
          } catch (error) {
            if (!(error instanceof LoopLeft)) throw error;
            return { ...end, partial: true, warnings };
          }
          return end;
        })(),
      );
    const writing = new Proxy(model, {
      get: (target, key) => (key === "generate" ? doubting : Reflect.get(target, key, target)),
    });
    const { answer } = await answerOf(writing, { stopWhen: parsePolicy("tokens>=5") });
    expect(answer.end).toBeNull();
    expect(doneEvent(answer)).toMatchObject({
      finishReason: "policy",
      tokens: 5,
      scored: 5,
      partial: true,
      warnings,
      provenance: null,
    });
    const whole = await answerOf(writing);
    expect(doneEvent(whole.answer)).toMatchObject({ tokens: 9, partial: false, warnings: [] });
  });

  it("stops when the person says so, which is no failure", async () => {
    const stop = new AbortController();
    const { answer, tokens } = await answerOf(await ollama({ slow: 5 }), {}, stop, () => stop.abort());
    expect(answer).toMatchObject({ interrupted: true, failure: null, stoppedBy: null });
    expect(answer.text).toBe(tokens.map(({ text }) => text).join(""));
    expect(tokens.length).toBeLessThan(10);
  });

  it.each<[string, Misbehaviour]>([
    ["a connection that is cut", { cutAfterBytes: 2000 }],
    ["an error after the first tokens", { errorAfterEvents: 4 }],
  ])("%s: an error after the tokens that did arrive", async (_, misbehave) => {
    const { answer, tokens } = await answerOf(await ollama(misbehave));
    expect(tokens.length).toBeGreaterThan(2);
    expect(answer.text).toBe(tokens.map(({ text }) => text).join(""));
    expect(answer.failure).not.toBeNull();
    expect(errorEvent(answer.failure!.error)).toMatchObject({
      type: "error",
      code: expect.stringMatching(/^(STREAM_CUT|SERVER_ERROR)$/),
      message: expect.stringMatching(/./),
    });
  });

  it("says how many tokens carry a number where some do not", async () => {
    const [model] = [TableModel.bytes()];
    const generate: LanguageModel["generate"] = (prompt, options) => {
      const source = model.generate(prompt, options);
      let count = 0;
      return {
        get end() {
          return source.end && { ...source.end, scored: 10, partial: true };
        },
        async next() {
          const { done, value } = await source.next();
          if (done) return { done, value };
          return {
            done: false,
            value: count++ % 2 === 0 && count < 13 ? { ...value, logprob: null } : value,
          };
        },
        [Symbol.asyncIterator]() {
          return this;
        },
      };
    };
    const partial = new Proxy(model, {
      get: (target, key) => (key === "generate" ? generate : Reflect.get(target, key, target)),
    });
    const { answer, tokens } = await answerOf(partial, { maxTokens: 16, temperature: 1 });
    expect(tokenEvent(tokens[0]!)).toMatchObject({ logprob: null, perplexity: null });
    expect(doneEvent(answer)).toMatchObject({
      tokens: 16,
      scored: 10,
      partial: true,
      perplexity: expect.any(Number),
    });
    const summary = answerSummary({
      ...answer,
      perplexity: answer.reading.perplexity,
      ended: { reason: "length", maxTokens: 16 },
    });
    expect(summary).toContain("10 of 16 tokens carry a number");
    expect(summary).not.toContain(ESCAPE);
  });
});

describe("Conversation", () => {
  it("is a chat for a model that chats", () => {
    const conversation = new Conversation({ chat: true }, "Be short.");
    conversation.keep("Hello", "Hi");
    expect(conversation.prompt("Why?")).toEqual([
      { role: "system", content: "Be short." },
      { role: "user", content: "Hello" },
      { role: "assistant", content: "Hi" },
      { role: "user", content: "Why?" },
    ]);
    conversation.reset();
    conversation.system = "";
    expect(conversation.prompt("Why?")).toEqual([{ role: "user", content: "Why?" }]);
  });

  it("is one text for a base model, the question as it stands", () => {
    const conversation = new Conversation({ chat: false });
    expect(conversation.prompt("Once")).toBe("Once");
    conversation.keep("Once", " upon a time");
    expect(conversation.prompt("Then")).toBe("Once upon a time\n\nThen");
  });
});

describe("answerOptions", () => {
  const optionsOf = (...rawArgs: string[]) =>
    answerOptions(readArguments(["--max-tokens", "3", ...rawArgs], ANSWER_OPTIONS));

  it("names no seed that nobody asked for, since some services take none", async () => {
    await using server = await startFakeServer({ dialect: "deepseek", model: plainModel() });
    await using model = await resolve(`${server.url}#plain`);
    const run = (options: Parameters<typeof writeAnswer>[2]) =>
      writeAnswer(
        model,
        [{ role: "user", content: "Once" }],
        options,
        new AbortController().signal,
        () => {},
      );
    expect(await run(optionsOf())).toMatchObject({ tokens: 3, scored: 3, failure: null });
    const refused = await run(optionsOf("--seed", "1"));
    expect(refused.failure?.error).toMatchObject({ code: "UNSUPPORTED_CAPABILITY" });
  });

  it("shows a policy of several lines on one, above the pointer", () => {
    const read = () => optionsOf("--stop-when", "window>80\nor foo");
    expect(read).toThrow("\n  window>80 or foo\n               ^\n");
  });
});

describe("answerSummary", () => {
  it("says whose limit cut the answer", () => {
    const summary = { scored: 5, partial: false, perplexity: 2, surprising: [] };
    const ended = { reason: "length", maxTokens: 9 } as const;
    expect(answerSummary({ ...summary, tokens: 9, ended })).toMatch(/cut at --max-tokens 9$/);
    expect(answerSummary({ ...summary, tokens: 5, ended })).toMatch(
      /cut before --max-tokens \d+: the context is full, or the server has a limit of its own$/,
    );
  });
});

describe("withAlternatives", () => {
  it("asks for as many as a policy over them needs, and the source has", () => {
    const source = { capabilities: { alternatives: 5 } } as LanguageModel;
    const needed = (text: string) =>
      withAlternatives<AnswerOptions>({ stopWhen: parsePolicy(text) }, source).alternatives;
    expect(["window>80", "confidence<2", "not entropy>3 after 5"].map(needed)).toEqual([0, 5, 5]);
    expect(
      withAlternatives({ alternatives: 2, stopWhen: parsePolicy("entropy>3") }, source).alternatives,
    ).toBe(2);
  });
});

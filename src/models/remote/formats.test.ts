/** JSON, numbers, streams of events and lines, as servers write them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SurprisalError } from "../../core/index.ts";
import { readNdjson, readServerSentEvents } from "./events.ts";
import { complaintIn } from "./failure.ts";
import { parseJson } from "./json.ts";
import { logprobOf, logprobOfProbability } from "./numbers.ts";

const SERVER = "http://server";

/** The code that something is refused with. */
async function refusal(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    if (SurprisalError.isInstance(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return "nothing was refused";
}

describe("parseJson", () => {
  it.each([
    ['{"a": NaN}', { a: null }],
    ["[-Infinity, Infinity, -0.5]", [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, -0.5]],
    ['{"NaN": "NaN, -Infinity", "b": "\\"NaN", "c": NaN}', { NaN: "NaN, -Infinity", b: '"NaN', c: null }],
    ['\uFEFF{"a": 1}', { a: 1 }],
    ['{"a": "\\\\", "b": NaN}', { a: "\\", b: null }],
  ])("reads %s", (text, value) => {
    expect(parseJson(text, SERVER)).toEqual(value);
  });

  it("reads what JSON.stringify writes, with bare words put in outside of strings only", () => {
    const words = fc.constantFrom("NaN", "-Infinity", "a NaN b", '"NaN"', "\\", "Infinity\\");
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string())), (strings) => {
        const value = { strings, end: "@" };
        const text = JSON.stringify(value).replace(/"@"\}$/, "-Infinity}");
        expect(parseJson(text, SERVER)).toEqual({ strings, end: Number.NEGATIVE_INFINITY });
      }),
    );
  });

  it.each(["", "{", '{"a":1', "NaNa", "{'a': 1}", "[1,]", "Infinit"])("refuses %j", async (text) => {
    expect(await refusal(() => parseJson(text, SERVER))).toMatch(/^WIRE_MALFORMED .*http:\/\/server/);
  });
});

describe("numbers", () => {
  it.each([
    [null, null],
    [undefined, null],
    [Number.NaN, null],
    [Number.NEGATIVE_INFINITY, null],
    [-9999, null],
    [-9999.0001, null],
    [-3.4028234663852886e38, null],
    [-1e300, null],
    [-23.5, -23.5],
    [-9000, -9000],
    [0, 0],
    [-0, 0],
    [1e-6, 0],
    [-1e-300, -1e-300],
  ])("ln p %s is %s", (written, meant) => {
    expect(logprobOf(written, SERVER)).toBe(meant);
  });

  it.each([0.5, 1, Number.POSITIVE_INFINITY])("ln p %s is refused", async (written) => {
    expect(await refusal(() => logprobOf(written, "the field"))).toMatch(/^WIRE_MALFORMED .*\(the field\)/);
  });

  it("probabilities become their logarithms; 0 is missing", async () => {
    expect(logprobOfProbability(0.5, SERVER)).toBeCloseTo(Math.log(0.5), 15);
    expect(logprobOfProbability(1, SERVER)).toBe(0);
    expect(logprobOfProbability(0, SERVER)).toBe(null);
    expect(logprobOfProbability(Number.NaN, SERVER)).toBe(null);
    for (const wrong of [-0.1, 1.1])
      expect(await refusal(() => logprobOfProbability(wrong, SERVER))).toMatch(/^WIRE/);
  });
});

async function* pieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const places = [0, ...[...cuts].map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < places.length; i++) yield bytes.subarray(places[i - 1], places[i]);
}

async function collect(values: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const value of values) all.push(value);
  return all;
}

const events = (text: string, cuts: readonly number[] = []) =>
  collect(readServerSentEvents(pieces(new TextEncoder().encode(text), cuts), SERVER));
const lines = (text: string, cuts: readonly number[] = []) =>
  collect(readNdjson(pieces(new TextEncoder().encode(text), cuts), SERVER));

describe("server-sent events", () => {
  const value = fc.record({ text: fc.string({ unit: "grapheme" }), n: fc.integer() });
  const form = fc.record({
    end: fc.constantFrom("\n", "\r\n"),
    space: fc.constantFrom("", " "),
    mark: fc.boolean(),
    comment: fc.boolean(),
    name: fc.boolean(),
    lastBlank: fc.boolean(),
    done: fc.boolean(),
  });

  it("are the same however they are written, and wherever the bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(value),
        form,
        fc.array(fc.nat(), { maxLength: 20 }),
        async (values, how, cuts) => {
          const { end, space } = how;
          let text = how.mark ? "\uFEFF" : "";
          for (const each of values) {
            if (how.comment) text += `: OPENROUTER PROCESSING${end}${end}`;
            if (how.name) text += `event: message${end}id: 7${end}`;
            text += `data:${space}${JSON.stringify(each)}${end}${end}`;
          }
          if (how.done) text += `data:${space}[DONE]${end}${end}`;
          else if (!how.lastBlank) text = text.slice(0, text.length - 2 * end.length);
          expect(await events(text, cuts)).toEqual(values);
        },
      ),
    );
  });

  it("several data lines are one value", async () => {
    expect(await events('data: {"a":\ndata: [1,\ndata: 2]}\n\n')).toEqual([{ a: [1, 2] }]);
  });

  it("nothing after [DONE] is read", async () => {
    expect(await events("data: 1\n\ndata: [DONE]\n\ndata: {broken\n\n")).toEqual([1]);
  });

  it("an error in plain JSON, or in a field of its own, is a value", async () => {
    expect(await events('data: 1\n\n{"error":{"message":"no"}}\n\n')).toEqual([
      1,
      { error: { message: "no" } },
    ]);
    expect(await events('data: 1\n\nerror: {"message":"no"}\n\n')).toEqual([1, { error: { message: "no" } }]);
  });

  it.each([
    ["within an event", 'data: {"a":1}\n\ndata: {"a"', "STREAM_CUT"],
    ["within a character", 'data: 1\n\ndata: "\u4f60', "STREAM_CUT"],
    ["broken in the middle", 'data: {"a":\n\ndata: 1\n\n', "WIRE_MALFORMED"],
    ["with a damaged name", 'data: 1\n\ndta: {"a":1}\n\ndata: 2\n\n', "WIRE_MALFORMED"],
    ["made a comment", 'data: 1\n\n: data: {"a":1}\n\ndata: 2\n\n', "WIRE_MALFORMED"],
  ])("%s: refused", async (what, text, code) => {
    const bytes = new TextEncoder().encode(text);
    const cut = what === "within a character" ? bytes.subarray(0, -1) : bytes;
    expect(await refusal(() => collect(readServerSentEvents(pieces(cut, []), SERVER)))).toMatch(code);
  });

  it("bytes that are not UTF-8 are refused", async () => {
    const bytes = Uint8Array.of(...new TextEncoder().encode('data: "'), 0xff, 0x22, 10, 10);
    expect(await refusal(() => collect(readServerSentEvents(pieces(bytes, []), SERVER)))).toMatch(
      "WIRE_MALFORMED",
    );
  });
});

describe("lines of JSON", () => {
  it("are the same wherever the bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ text: fc.string({ unit: "grapheme" }) })),
        fc.constantFrom("\n", "\r\n", "\n\n"),
        fc.array(fc.nat()),
        async (values, end, cuts) => {
          expect(await lines(values.map((each) => JSON.stringify(each) + end).join(""), cuts)).toEqual(
            values,
          );
        },
      ),
    );
  });

  it("a last line without its end is read, half a line is not", async () => {
    expect(await lines('{"a":1}\n{"a":2}')).toEqual([{ a: 1 }, { a: 2 }]);
    expect(await refusal(() => lines('{"a":1}\n{"a":'))).toMatch("STREAM_CUT");
    expect(await refusal(() => lines('{"a":\n{"a":1}\n'))).toMatch("WIRE_MALFORMED");
  });
});

describe("complaints", () => {
  it.each([
    [{ error: { message: "no", param: "logprobs", type: "x" } }, { message: "no", field: "logprobs" }],
    [
      { error: "no", error_type: "validation" },
      { message: "no", field: null },
    ],
    [
      { object: "error", message: "no", code: 400 },
      { message: "no", field: null },
    ],
    [{ detail: "Not Found" }, { message: "Not Found", field: null }],
    [{ detail: [{ loc: ["body"], msg: "x" }] }, { message: '[{"loc":["body"],"msg":"x"}]', field: null }],
    [[{ error: { code: 400, message: "no" } }], { message: "no", field: null }],
    [{ choices: [] }, null],
    ["words", null],
  ])("in %j", (json, complaint) => {
    expect(complaintIn(json)).toEqual(complaint);
  });

  it("are quoted in one line of bounded length", () => {
    const { message } = complaintIn({ error: { message: `a\nb${"c".repeat(5000)}` } })!;
    expect(message).toMatch(/^a bc/);
    expect(message.length).toBeLessThan(600);
  });
});

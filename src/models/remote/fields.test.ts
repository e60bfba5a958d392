import { describe, expect, it } from "vitest";
import { SurprisalError } from "../../core/index.ts";
import { field, readFields } from "./wire.ts";

const token = field.object({ text: field.string, bytes: field.nullish(field.array(field.byte)) });
const answer = field.object({
  choices: field.array(
    field.extend(field.object({ index: field.count }), {
      logprobs: field.nullish(field.union(field.object({ content: field.array(token) }), field.number)),
    }),
  ),
  note: field.fallback(field.nullish(field.string), null),
});

function complaint(json: unknown, read: field.Field<unknown> = answer): string {
  try {
    readFields(read, json, "the server");
  } catch (error) {
    if (SurprisalError.isInstance(error)) return `${error.code}: ${error.what} (${error.where})`;
    throw error;
  }
  return "";
}
const wrong = (what: string, where: string) =>
  `WIRE_MALFORMED: A field of the answer is wrong: ${what} (the server, ${where})`;

describe("fields of an answer", () => {
  it("are let through where nobody named them", () => {
    const json = { choices: [{ index: 0, logprobs: null, more: [1] }], note: 5, id: "x" };
    expect(readFields(answer, json, "the server")).toEqual({ ...json, note: null });
    expect(json.note).toBe(5);
  });

  it("that are left out stay left out", () => {
    expect(Object.keys(readFields(answer, { choices: [] }, ""))).toEqual(["choices"]);
  });

  it.each([
    [null, "Invalid input: expected object, received null", "the answer"],
    [[], "Invalid input: expected object, received array", "the answer"],
    [{}, "Invalid input: expected array, received undefined", "choices"],
    [{ choices: [{}] }, "Invalid input: expected number, received undefined", "choices[0].index"],
    [{ choices: [{ index: 0.5 }] }, "Invalid input: expected int, received number", "choices[0].index"],
    [{ choices: [{ index: Number.NaN }] }, "Invalid input: expected int, received NaN", "choices[0].index"],
    [{ choices: [{ index: -1 }] }, "Too small: expected int to be >=0", "choices[0].index"],
    // Of a union the fault that lies deepest.
    [
      { choices: [{ index: 0, logprobs: { content: [{ text: "a", bytes: [256] }] } }] },
      "Too big: expected int to be <=255",
      "choices[0].logprobs.content[0].bytes[0]",
    ],
  ])("%j: %s, in %s", (json, what, where) => {
    expect(complaint(json)).toBe(wrong(what, where));
  });

  it("may depend on each other, and come in threes", () => {
    const named = field.refine(token, ({ text }) => text !== "", "text");
    expect(complaint({ text: "" }, named)).toBe(wrong("it is missing", "text"));
    const numbers = field.triple(field.nullable(field.number), field.int, field.nullish(field.string));
    expect(readFields(numbers, [Number.NaN, 1], "")).toEqual([Number.NaN, 1, undefined]);
    expect(complaint([null, 1, "a", 2], numbers)).toBe(
      wrong("Too big: expected array to have <=3 items", "the answer"),
    );
    expect(complaint({ a: "b" }, field.record(field.number))).toContain("received string (the server, a)");
  });
});

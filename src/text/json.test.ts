/** Keys that an object has twice. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { repeatedKey } from "./index.ts";

describe("repeatedKey", () => {
  it.each([
    ['{"a": 1, "a": 2}', "a"],
    ['{"a": {"b": 1, "c": [{"d": 1, "d": 1}]}}', "d"],
    ['{"a": {"b": 1}, "c": {"b": 1}, "a" \t: 0}', "a"],
    ['{"a": 1, "\\u0061": 2}', "a"],
    ['{"a\\"": 1, "a\\\\": 2, "a\\"": 3}', 'a"'],
    ['{"": 1, "": 2}', ""],
    ['{"__proto__": 1, "__proto__": 2}', "__proto__"],
  ])("finds it in %s", (json, key) => {
    JSON.parse(json);
    expect(repeatedKey(json)).toBe(key);
  });

  it.each([
    '{"a": "a", "b": "a"}',
    '[{"a": 1}, {"a": 1}]',
    '{"a": {"a": {"a": 1}}}',
    '["a", "a"]',
    '"{"',
    "1",
  ])("finds none in %s", (json) => {
    JSON.parse(json);
    expect(repeatedKey(json)).toBeNull();
  });

  it("finds none in what JSON.stringify writes, and each that is put in twice", () => {
    fc.assert(
      fc.property(fc.json(), fc.string(), (json, key) => {
        expect(repeatedKey(JSON.stringify(JSON.parse(json)))).toBeNull();
        const name = JSON.stringify(key);
        expect(repeatedKey(`[${json}, {${name}: ${json}, ${name} : 1}]`)).not.toBeNull();
      }),
    );
  });

  it("is not deep where the text is", () => {
    expect(repeatedKey("[".repeat(1e5) + "]".repeat(1e5))).toBeNull();
  });
});

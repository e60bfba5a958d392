/** Against the obvious way: look through the whole text for the first place where a stop string is complete. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TokenRecord } from "../core/index.ts";
import { StopStrings } from "./stop-strings.ts";

const encoder = new TextEncoder();
const decode = (bytes: Iterable<number>) =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes));

interface Outcome {
  /** The answer's bytes. */
  kept: number[];
  stop: string | null;
  behind: string;
}

/** Tokens are pushed until one ends the answer; what is held back comes at the end. */
function write(tokens: readonly Uint8Array[], stops: readonly string[]) {
  const strings = new StopStrings(stops);
  const records: TokenRecord[] = [];
  for (const [i, bytes] of tokens.entries()) {
    const { records: certain, match } = strings.push({ text: decode(bytes), bytes, logprob: -i - 1, id: i });
    records.push(...certain);
    if (match) return { records, match };
  }
  return { records: [...records, ...strings.flush()], match: null };
}

const bytesOf = (records: readonly TokenRecord[]) => records.flatMap(({ bytes }) => [...bytes!]);

/** The slow way. @param tokens where one ends, what lies behind the stop ends too. */
function obvious(tokens: readonly Uint8Array[], stops: readonly string[]): Outcome {
  const all = tokens.flatMap((token) => [...token]);
  const needles = stops.map((text) => ({ text, bytes: [...encoder.encode(text)] }));
  for (let end = 1; end <= all.length; end++) {
    const here = needles.filter(
      ({ bytes }) => bytes.length <= end && bytes.every((byte, i) => all[end - bytes.length + i] === byte),
    );
    const longest = here.sort((a, b) => b.bytes.length - a.bytes.length)[0];
    if (!longest) continue;
    let tokenEnd = 0;
    for (const token of tokens) {
      tokenEnd += token.length;
      if (tokenEnd >= end) break;
    }
    return {
      kept: all.slice(0, end - longest.bytes.length),
      stop: longest.text,
      behind: decode(all.slice(end, tokenEnd)),
    };
  }
  return { kept: all, stop: null, behind: "" };
}

const letters = fc.constantFrom("a", "b", "é", "č", "日", "🙂", "\n");
const texts = fc.array(letters, { maxLength: 24 }).map((list) => list.join(""));
const stopLists = fc.array(
  fc.array(letters, { minLength: 1, maxLength: 4 }).map((list) => list.join("")),
  { minLength: 1, maxLength: 4 },
);
/** Any cut into tokens, also within characters. */
const cuts = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 120, maxLength: 120 });
function cutUp(text: string, sizes: readonly number[]): Uint8Array[] {
  const bytes = encoder.encode(text);
  const tokens: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; at += sizes[i++]!) tokens.push(bytes.slice(at, at + sizes[i]!));
  return tokens;
}

describe("stop strings", () => {
  it("cut where the first one is complete, however the text is cut into tokens", () => {
    fc.assert(
      fc.property(texts, stopLists, cuts, (text, stops, sizes) => {
        const tokens = cutUp(text, sizes);
        const { records, match } = write(tokens, stops);
        const expected = obvious(tokens, stops);
        expect(bytesOf(records)).toEqual(expected.kept);
        expect(match?.text ?? null).toBe(expected.stop);
        expect(match?.behind ?? "").toBe(expected.behind);
        if (!match) return;
        const held = bytesOf(match.records);
        expect(decode(held).endsWith(match.text + match.behind)).toBe(true);
        // All that was written is in the records or behind the cut, once, with its own number.
        const ids = [...new Set([...records, ...match.records].map(({ id }) => id))];
        expect(ids).toEqual(ids.map((_, i) => i));
      }),
    );
  });

  it("are given out as they are where only their beginning was written", () => {
    const tokens = ["x", "ST", "O", "x", "STO"].map((text) => encoder.encode(text));
    const { records, match } = write(tokens, ["STOP"]);
    expect(match).toBeNull();
    expect(records.map(({ text }) => text)).toEqual(["x", "ST", "O", "x", "STO"]);
    expect(records.every(({ cut }) => cut === undefined)).toBe(true);
  });

  it("hold back no more than may still become one", () => {
    const strings = new StopStrings(["abab", "xyz"]);
    const push = (text: string) => strings.push({ text, logprob: null }).records.map((record) => record.text);
    expect(push("q")).toEqual(["q"]);
    expect(push("ab")).toEqual([]);
    expect(push("a")).toEqual([]);
    expect(push("c")).toEqual(["ab", "a", "c"]);
    expect(push("aba")).toEqual([]);
    expect(push("aba")).toEqual(["aba"]); // "abaaba" ends with the beginning of another
    expect(push("b")).toEqual([]); // complete
  });

  it.each<[string, string[], string[], string, string, string]>([
    ["a beginning of another ends first", ["ab", "c"], ["abc", "ab"], "", "ab", ""],
    [
      "an end of another, complete at the same byte, is the shorter",
      ["xa", "bc"],
      ["bc", "abc"],
      "x",
      "abc",
      "",
    ],
    ["one within another ends first", ["abcd"], ["abcd", "bc"], "a", "bc", "d"],
    ["the same text twice in one token", ["..", "-a-a-"], ["-a-"], "..", "-a-", "a-"],
    ["in many tokens", ["x", "S", "T", "O", "P", "y"], ["STOP"], "x", "STOP", ""],
    ["the first thing written", ["STOP"], ["STOP"], "", "STOP", ""],
  ])("%s", (_, tokens, stops, kept, stop, behind) => {
    const { records, match } = write(
      tokens.map((text) => encoder.encode(text)),
      stops,
    );
    expect([decode(bytesOf(records)), match?.text, match?.behind]).toEqual([kept, stop, behind]);
  });

  it("cut a token in two within its characters: what is left, what is cut, and its own number", () => {
    // "né!" in tokens that hold half a letter each.
    const tokens = [Uint8Array.of(0x6e, 0xc3), Uint8Array.of(0xa9, 0x21)];
    const { records, match } = write(tokens, ["é"]);
    expect(records).toEqual([{ text: "n", bytes: Uint8Array.of(0x6e), cut: "\ufffd", logprob: -1, id: 0 }]);
    expect(match).toMatchObject({ text: "é", behind: "!" });
    expect(match?.records.map(({ bytes }) => [...bytes!])).toEqual(tokens.map((token) => [...token]));
  });
});

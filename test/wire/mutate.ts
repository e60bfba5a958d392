/** Structural corruptions of an answer: what networks, proxies and broken servers do to it. No number becomes another. */
import { parseJson } from "../../src/models/remote/index.ts";
import type { Container } from "./replay.ts";

/** Uniform in [0, 1). */
export type Random = () => number;

export interface Mutation {
  bytes: Uint8Array;
  /** What was done, to repeat it. */
  what: string;
  /**
   * "lost", "repeated": whole tokens, their text with their number, are gone or twice, and what is left is in order.
   * "moved": events are in another order. "other": anything else.
   */
  effect: "lost" | "repeated" | "moved" | "other";
}

type Corrupt = (
  text: string,
  container: Container,
  random: Random,
) => Omit<Mutation, "bytes"> & { text: string | Uint8Array };

const encoder = new TextEncoder();

/** One corruption, of a kind drawn by chance. */
export function mutate(bytes: Uint8Array, container: Container, random: Random): Mutation {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const kinds = container === "json" ? WHOLE : STREAM;
  const result = pick(kinds, random)(text, container, random);
  return { ...result, bytes: typeof result.text === "string" ? encoder.encode(result.text) : result.text };
}

const cut: Corrupt = (text, _container, random) => {
  const bytes = encoder.encode(text);
  const at = Math.floor(random() * bytes.length);
  return { text: bytes.slice(0, at), what: `cut at byte ${at} of ${bytes.length}`, effect: "other" };
};

/** But for the colon of a stream's own fields: see breakFraming. */
const STRUCTURE = /[{}[\]",\n]|(?<!^[a-z]+):/gm;

const breakJson: Corrupt = (text, _container, random) => {
  const places = Array.from(text.matchAll(STRUCTURE), (match) => match.index);
  const at = pick(places, random);
  const [name, put] = pick(
    [
      ["delete", ""],
      ["double", text[at]! + text[at]!],
      ["replace by }", "}"],
      ['replace by "', '"'],
      ["replace by ,", ","],
      ["replace by a space", " "],
      ["replace by a line end", "\n"],
    ] as const,
    random,
  );
  const broken = text.slice(0, at) + put + text.slice(at + 1);
  return { text: broken, what: `${name}: ${JSON.stringify(text[at])} at ${at}`, effect: "other" };
};

const loseEvent: Corrupt = (text, container, random) => {
  const events = split(text, container);
  const at = Math.floor(random() * events.length);
  const left = events.filter((_, i) => i !== at);
  return { text: left.join(""), what: `lose event ${at} of ${events.length}`, effect: "lost" };
};

const repeatEvent: Corrupt = (text, container, random) => {
  const events = split(text, container);
  const at = Math.floor(random() * events.length);
  const to = random() < 0.7 ? at : at + Math.floor(random() * (events.length - at));
  const all = [...events.slice(0, to + 1), events[at]!, ...events.slice(to + 1)];
  return {
    text: all.join(""),
    what: `repeat event ${at} after ${to} of ${events.length}`,
    effect: "repeated",
  };
};

const reorderEvents: Corrupt = (text, container, random) => {
  const events = split(text, container);
  const at = Math.floor(random() * (events.length - 1));
  const to = random() < 0.5 ? at + 1 : Math.floor(random() * events.length);
  const all = [...events];
  [all[at], all[to]] = [all[to]!, all[at]!];
  return { text: all.join(""), what: `exchange events ${at} and ${to} of ${events.length}`, effect: "moved" };
};

const strangeEvent: Corrupt = (text, container, random) => {
  const events = split(text, container);
  const at = Math.floor(random() * (events.length + 1));
  const json = pick(
    [
      "{}",
      "[]",
      "null",
      "0",
      '"text"',
      "{",
      "<html>",
      '{"error":null}',
      '{"error":{"message":"busy"}}',
      '{"choices":null}',
      '{"choices":[{"index":0}]}',
      '{"type":"ping"}',
      '{"error":""}',
      '{"detail":"no"}',
    ],
    random,
  );
  const event = container === "sse" ? `data: ${json}\n\n` : `${json}\n`;
  const all = [...events.slice(0, at), event, ...events.slice(at)];
  return { text: all.join(""), what: `put ${json} before event ${at} of ${events.length}`, effect: "other" };
};

/** Each piece of a chat comes twice, as its delta and in the message so far; or the message comes at the end. */
export const sayTwice: Corrupt = (text, container, random) => {
  if (container !== "sse") return strangeEvent(text, container, random);
  const atEnd = random() < 0.5;
  const field = pick(["content", "reasoning_content", "reasoning"], random);
  let said = "";
  const all = split(text, container).map((event) => {
    const json = /^data: ?(\{.*)$/m.exec(event)?.[1];
    if (json === undefined || !parses(json)) return event;
    const value = parseJson(json, "the fixture") as { choices?: Choice[] };
    const choice = value.choices?.length === 1 ? value.choices[0] : undefined;
    const piece = choice?.delta?.[field];
    if (!choice?.delta || choice.message) return event;
    said += typeof piece === "string" ? piece : "";
    if (said === "" || (atEnd && !choice.finish_reason)) return event;
    choice.message = { role: "assistant", [field]: said };
    return event.replace(json, () => JSON.stringify(value));
  });
  return {
    text: all.join(""),
    what: `say ${field} twice, ${atEnd ? "at the end" : "always"}`,
    effect: "other",
  };
};

interface Choice {
  delta?: Record<string, unknown> | null;
  message?: unknown;
  finish_reason?: unknown;
}

/** A field name of the event stream itself: the event is then none. */
const breakFraming: Corrupt = (text, container, random) => {
  if (container !== "sse") return loseEvent(text, container, random);
  const events = split(text, container);
  const at = Math.floor(random() * events.length);
  const all = events.map((event, i) => (i === at ? event.replace(/^data/m, "dat") : event));
  return { text: all.join(""), what: `"dat" for "data" in event ${at} of ${events.length}`, effect: "lost" };
};

type Value = null | boolean | number | string | Value[] | { [key: string]: Value };

/** A place in a value. */
interface Place {
  parent: Value[] | { [key: string]: Value };
  key: string | number;
  path: string;
}

const OTHERS: readonly (readonly [string, (value: Value) => Value])[] = [
  ["null", () => null],
  ["a string", (value) => (typeof value === "string" ? 17 : JSON.stringify(value))],
  ["an empty object", () => ({})],
  ["an empty list", () => []],
  ["a boolean", (value) => value !== true],
  ["a list of itself", (value) => [value]],
  ["an object of itself", (value) => ({ value })],
  ["the lowest float", (value) => (typeof value === "number" ? -3.4028234663852886e38 : null)],
];

const changeField: Corrupt = (text, container, random) => {
  const found = oneJson(text, container, random);
  const place = found && descend(found.value, random);
  if (!place) return cut(text, container, random);
  const { value, rebuild, name } = found;
  const { parent, key, path } = place;
  const action = pick(["remove", "remove", "retype", "retype", "twice"] as const, random);
  const old = (parent as Record<string | number, Value>)[key]!;
  let what: string;
  let effect: Mutation["effect"] = "other";
  const wholeToken = /(^|\.)choices$/.test(path.replace(/\[\d+\]$/, "")) && /\]$/.test(path);
  if (action === "remove") {
    if (Array.isArray(parent)) parent.splice(key as number, 1);
    else delete parent[key];
    what = `remove ${path}`;
    if (wholeToken) effect = "lost";
  } else if (action === "twice" && Array.isArray(parent)) {
    parent.splice(key as number, 0, structuredClone(old));
    what = `repeat ${path}`;
    if (wholeToken) effect = "repeated";
  } else {
    const [kind, change] = pick(OTHERS, random);
    (parent as Record<string | number, Value>)[key] = change(old);
    what = `make ${path} ${kind}`;
    if (path === "choices" && kind === "an empty list") effect = "lost";
    if (path === "choices" && (kind === "null" || kind === "an empty object")) effect = "lost";
  }
  return { text: rebuild(value), what: `${name}: ${what}`, effect };
};

const STREAM: readonly Corrupt[] = [
  cut,
  cut,
  breakJson,
  breakJson,
  loseEvent,
  loseEvent,
  repeatEvent,
  reorderEvents,
  strangeEvent,
  sayTwice,
  breakFraming,
  changeField,
  changeField,
  changeField,
  changeField,
];
const WHOLE: readonly Corrupt[] = [cut, breakJson, changeField, changeField, changeField];

/** Events with their ends, so that joining them gives the text again. */
function split(text: string, container: Container): string[] {
  return container === "sse"
    ? (text.match(/[\s\S]*?(?:\r\n\r\n|\n\n|\r\r)+|[\s\S]+$/g) ?? [])
    : (text.match(/[^\n]*\n+|[^\n]+$/g) ?? []);
}

/** One JSON value of the text, and the text with another in its place; `null` when none is on a line of its own. */
function oneJson(
  text: string,
  container: Container,
  random: Random,
): { value: Value; rebuild: (value: Value) => string; name: string } | null {
  if (container === "json")
    return {
      value: parseJson(text, "the fixture") as Value,
      rebuild: (value) => JSON.stringify(value),
      name: "the answer",
    };
  const events = split(text, container);
  const json = (event: string) =>
    container === "sse" ? (/^data: ?(\{.*)$/m.exec(event)?.[1] ?? null) : event;
  const places = events.flatMap((event, i) => (parses(json(event)) ? [i] : []));
  if (places.length === 0) return null; // JSON over several lines
  const at = pick(places, random);
  const old = json(events[at]!)!;
  return {
    value: parseJson(old, "the fixture") as Value,
    rebuild: (value) =>
      events.map((event, i) => (i === at ? event.replace(old, () => JSON.stringify(value)) : event)).join(""),
    name: `event ${at} of ${events.length}`,
  };
}

function parses(json: string | null): boolean {
  if (json === null) return false;
  try {
    return typeof parseJson(json, "the fixture") === "object";
  } catch {
    return false;
  }
}

/** A place by chance, near the top as likely as deep inside. */
function descend(value: Value, random: Random): Place | null {
  let place: Place | null = null;
  let path = "";
  let here = value;
  while (typeof here === "object" && here !== null) {
    const keys = Array.isArray(here) ? [...here.keys()] : Object.keys(here);
    if (keys.length === 0) break;
    const key = pick<string | number>(keys, random);
    path += typeof key === "number" ? `[${key}]` : `${path && "."}${key}`;
    place = { parent: here, key, path };
    here = (here as Record<string | number, Value>)[key]!;
    if (random() < 0.25) break;
  }
  return place;
}

function pick<Item>(items: readonly Item[], random: Random): Item {
  return items[Math.floor(random() * items.length)]!;
}

/**
 * What a command can be given: options, switches and arguments, each declared with the type of its value. (Ours, because
 * @commander-js/extra-typings reads types out of flag texts, while here several commands share one checked declaration.)
 */
import { type ErrorCode, SurprisalError } from "../core/index.ts";
import { nearestNames } from "../text/index.ts";
import { usage } from "./errors.ts";

export interface Parameter<Value> {
  kind: "option" | "switch" | "argument";
  description: string;
  /** One-letter spelling. */
  short?: string | undefined;
  /** What stands for the value on the page of --help; by default the name in capitals. */
  hint?: string | undefined;
  /** Of an argument: it may be left out; and: it stands for as many as are given. */
  optional?: boolean | undefined;
  many?: boolean | undefined;
  /** Of an option: "" is a value. */
  mayBeEmpty?: boolean | undefined;
  /** Of an option: what it was called before, in capitals and small letters as here; still taken, and said. */
  formerly?: string | undefined;
  /**
   * @param texts every text it was given, in order.
   * @param name as a person writes it: "--top".
   * @throws SurprisalError USAGE
   */
  value(texts: readonly string[], name: string): Value;
}

/** The parameters of a command. The name "cacheType" is written --cache-type. */
export type Parameters = Readonly<Record<string, Parameter<unknown>>>;

/** What a command's parameters come to. */
export type Values<All extends Parameters> = { [Name in keyof All]: ReturnType<All[Name]["value"]> };

/** Parameters that come to these values. */
export type Declared<Given> = { readonly [Name in keyof Given]: Parameter<Given[Name]> };

/** A text as a value. @throws SurprisalError USAGE */
export type Read<Value> = (text: string, name: string) => Value;

type About = Pick<Parameter<unknown>, "description" | "short" | "hint" | "mayBeEmpty" | "formerly">;

/** An option with one value. `standard` is what it is without one. */
export function option<Value>(read: Read<Value>, about: About & { standard: string }): Parameter<Value>;
export function option<Value>(read: Read<Value>, about: About): Parameter<Value | undefined>;
export function option<Value>(
  read: Read<Value>,
  { standard, description, ...about }: About & { standard?: string | undefined },
): Parameter<Value | undefined> {
  return {
    ...about,
    kind: "option",
    description: standard === undefined ? description : `${description} (default: ${standard})`,
    value(texts, name) {
      if (texts.length > 1) throw usage(`${name} is given twice`);
      const [text = standard] = texts;
      return text === undefined ? undefined : read(text, name);
    },
  };
}

/** An option that may be given several times, each time with another value. */
export function repeated<Value>(read: Read<Value>, about: About): Parameter<Value[]> {
  return {
    ...about,
    kind: "option",
    value: (texts, name) => distinct(texts).map((text) => read(text, name)),
  };
}

/** An option without a value. */
export function flag(about: About): Parameter<boolean> {
  return { ...about, kind: "switch", value: (texts) => texts.length > 0 };
}

/** An argument that has to be there. */
export function argument(description: string): Parameter<string> {
  return { kind: "argument", description, value: ([text]) => text! };
}

export function optionalArgument(description: string): Parameter<string | undefined> {
  return { kind: "argument", description, optional: true, value: ([text]) => text };
}

/** As many arguments as are given, at least one. */
export function argumentList(description: string): Parameter<string[]> {
  return { kind: "argument", description, many: true, value: (texts) => [...texts] };
}

export function optionalArgumentList(description: string): Parameter<string[]> {
  return { ...argumentList(description), optional: true };
}

/** @throws SurprisalError USAGE for one that is there twice. */
export function distinct(texts: readonly string[]): readonly string[] {
  const twice = texts.find((text, i) => texts.indexOf(text) < i);
  if (twice !== undefined) throw usage(`${twice} is given twice`);
  return texts;
}

export const text: Read<string> = (text) => text;

export function wholeNumber(from: number, to: number): Read<number> {
  return (text, name) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (number >= from && number <= to) return number;
    throw usage(`${name} takes a whole number from ${from} to ${to}, not "${text}"`);
  };
}

export function decimal(from: number, to: number): Read<number> {
  return (text, name) => {
    const number = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
    if (number >= from && number <= to) return number;
    throw usage(`${name} takes a number from ${from} to ${to}, not "${text}"`);
  };
}

/** One of a few words. */
export function oneOf<const Word extends string>(
  words: readonly Word[],
  code: ErrorCode = "USAGE",
): Read<Word> {
  return (text, name) => {
    const word = words.find((known) => known === text);
    if (word !== undefined) return word;
    const [near] = nearestNames(text, words);
    throw new SurprisalError({
      code,
      what: `${name} cannot be "${text}"${near ? `; did you mean ${near}?` : ""}`,
      wayOut: `It takes ${words.join(", ")}.`,
    });
  };
}

/** What citty leaves open: unknown options, options without their value, surplus arguments, malformed values. */
import { parseArgs } from "node:util";
import { type ArgDef, type ArgsDef, type ParsedArgs, parseArgs as parseWithCitty } from "citty";
import { type ErrorCode, SurprisalError } from "../core/index.ts";
import { nearestNames } from "../text/index.ts";

/** One-letter spelling of an option. */
export function shortOf(option: ArgDef): string | undefined {
  return "alias" in option && option.alias ? [option.alias].flat()[0] : undefined;
}

/**
 * The values of a command's options and arguments.
 * @param rawArgs what the person wrote after the command's name.
 * @throws SurprisalError USAGE for an option or argument the command does not have, an option without its value, a
 *   switch with one, and a missing argument.
 */
export function readArguments<Definition extends ArgsDef>(
  rawArgs: string[],
  definition: Definition,
): ParsedArgs<Definition> {
  checkArguments(rawArgs, definition);
  return parseWithCitty(rawArgs, definition);
}

/** Every value of an option that may be given several times, in order. To be called after `readArguments`. */
export function valuesOf(rawArgs: string[], definition: ArgsDef, name: string): string[] {
  const options = Object.entries(definition).filter(([, { type }]) => type !== "positional");
  return tokensOf(rawArgs, options).flatMap((token) =>
    token.kind === "option" && token.name === name && token.value !== undefined ? [token.value] : [],
  );
}

/** All arguments that are no options, in order. To be called after `readArguments`. */
export function positionalsOf(rawArgs: string[], definition: ArgsDef): string[] {
  const options = Object.entries(definition).filter(([, { type }]) => type !== "positional");
  return tokensOf(rawArgs, options).flatMap((token) => (token.kind === "positional" ? [token.value] : []));
}

/** A positional that stands for as many as are given: its `valueHint` is "...". */
export function isRepeated(option: ArgDef): boolean {
  return option.type === "positional" && option.valueHint === "...";
}

function checkArguments(rawArgs: string[], definition: ArgsDef): void {
  const all = Object.entries(definition);
  const options = all.filter(([, { type }]) => type !== "positional");
  const positionals = all.filter(([, { type }]) => type === "positional");
  const tokens = tokensOf(rawArgs, options);
  for (const token of tokens) if (token.kind === "option") checkOption(token, options);
  const given = tokens.flatMap((token) => (token.kind === "positional" ? [token.value] : []));
  const last = positionals.at(-1)?.[1];
  if (given.length > positionals.length && !(last && isRepeated(last)))
    throw usage(`One argument too many: ${given[positionals.length]}`);
  for (const [name, { required }] of positionals.slice(given.length))
    if (required !== false) throw usage(`${name.toUpperCase()} is missing`);
}

type Options = readonly (readonly [name: string, option: ArgDef])[];

function tokensOf(args: string[], options: Options) {
  const config = options.map(([name, option]) => {
    const short = shortOf(option);
    return [
      name,
      { type: option.type === "boolean" ? "boolean" : "string", ...(short && { short }) },
    ] as const;
  });
  const settings = { allowPositionals: true, strict: false, tokens: true } as const;
  return parseArgs({ args, options: Object.fromEntries(config), ...settings }).tokens;
}

type OptionToken = Extract<ReturnType<typeof tokensOf>[number], { kind: "option" }>;

function checkOption({ name, rawName, value, inlineValue }: OptionToken, options: Options): void {
  const names = options.map(([known]) => known);
  const option = options[names.indexOf(name)]?.[1];
  if (option === undefined) {
    const [near] = nearestNames(name, names);
    throw usage(`There is no option ${rawName}${near ? `; did you mean --${near}?` : ""}`);
  }
  if (option.type === "boolean") {
    if (value !== undefined) throw usage(`${rawName} is a switch: it takes no value`);
    return;
  }
  if (value === undefined || (value === "" && name !== "text")) throw usage(`${rawName} needs a value`);
  // "--html --json" forgot the page's name; it does not name a page "--json".
  const isOption = value.startsWith("--") || options.some(([, other]) => value === `-${shortOf(other)}`);
  if (!inlineValue && isOption)
    throw usage(`${rawName} needs a value; if ${value} is meant, write --${name}=${value}`);
}

/** A whole number option, or undefined when it was not given. */
export function wholeNumber(
  value: string | undefined,
  option: string,
  from: number,
  to: number,
): number | undefined {
  if (value === undefined) return undefined;
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= from && number <= to) return number;
  throw usage(`--${option} takes a whole number from ${from} to ${to}, not "${value}"`);
}

/** An option that takes one of a few words, or undefined when it was not given. */
export function oneOf<Word extends string>(
  value: string | undefined,
  option: string,
  words: readonly Word[],
  code: ErrorCode = "USAGE",
): Word | undefined {
  if (value === undefined) return undefined;
  const word = words.find((known) => known === value);
  if (word !== undefined) return word;
  const [near] = nearestNames(value, words);
  throw new SurprisalError({
    code,
    what: `--${option} cannot be "${value}"${near ? `; did you mean ${near}?` : ""}`,
    wayOut: `It takes ${words.join(", ")}.`,
  });
}

export function usage(what: string, where?: string): SurprisalError {
  return new SurprisalError({ code: "USAGE", what, ...(where && { where }), wayOut: "See --help." });
}

/** Codes of errors that lie in how the command was called. */
const USAGE_CODES: readonly string[] = ["USAGE", "INVALID_ARGUMENT", "UNKNOWN_RECIPE", "UNKNOWN_MODEL"];

/** 2: wrong usage; 1: anything else that failed. */
export function exitCodeOf(error: unknown): 1 | 2 {
  return SurprisalError.isInstance(error) && USAGE_CODES.includes(error.code) ? 2 : 1;
}

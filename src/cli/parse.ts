/** A command's values out of what a person wrote: commander takes it apart, the words about what is wrong are ours. */
import { Command as Commander, CommanderError, Option } from "commander";
import { nearestNames } from "../text/index.ts";
import { usage } from "./errors.ts";
import type { Parameter, Parameters, Values } from "./parameters.ts";

type Named = readonly [name: string, parameter: Parameter<unknown>];

/** "cacheType": "cache-type" */
export const spelled = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Arguments, and options with switches. */
export function sorted(parameters: Parameters): { args: Named[]; options: Named[] } {
  const all = Object.entries(parameters);
  return {
    args: all.filter(([, { kind }]) => kind === "argument"),
    options: all.filter(([, { kind }]) => kind !== "argument"),
  };
}

/** As commander has it: what is given several times is kept in order, and nothing is written or ended by it. */
export function commanderFor(parameters: Parameters): Commander {
  const commander = new Commander().exitOverride().configureOutput({ writeErr: () => {} });
  for (const [name, { kind, short, hint, description }] of sorted(parameters).options) {
    const value = kind === "option" ? ` <${hint ?? name.toUpperCase()}>` : "";
    const option = new Option(`${short ? `-${short}, ` : ""}--${spelled(name)}${value}`, description);
    // "--no-x" is a switch of its own: commander would make it "x" with the value false.
    option.negate = false;
    if (kind === "option") option.argParser((text, before: string[] = []) => [...before, text]);
    commander.addOption(option);
  }
  return commander;
}

/**
 * The values of a command's parameters.
 * @param rawArgs what the person wrote after the command's name.
 * @throws SurprisalError USAGE for an option or argument the command does not have, an option without its value or with
 *   two, a switch with one, a missing argument, and what the parameters themselves do not take.
 */
export function readArguments<All extends Parameters>(
  written: readonly string[],
  parameters: All,
): Values<All> {
  const { args, options } = sorted(parameters);
  const rawArgs = withNewNames(written, options);
  const { operands, given } = split(rawArgs, parameters);
  for (const named of options) checkWritten(named, given(named), rawArgs, options);
  const last = args.at(-1)?.[1];
  if (operands.length > args.length && !last?.many)
    throw usage(`One argument too many: ${operands[args.length]}`);
  for (const [name, { optional }] of args.slice(operands.length))
    if (!optional) throw usage(`${name.toUpperCase()} is missing`);
  const values = [
    ...args.map(([name, { many, value }], i) => [
      name,
      value(operands.slice(i, many ? undefined : i + 1), name.toUpperCase()),
    ]),
    ...options.map((named) => [named[0], named[1].value(given(named), `--${spelled(named[0])}`)]),
  ];
  return Object.fromEntries(values) as Values<All>;
}

/** Options by the names that they have now; who writes an old one is told. */
function withNewNames(written: readonly string[], options: readonly Named[]): readonly string[] {
  const end = written.indexOf("--");
  return written.map((text, i) => {
    if (end >= 0 && i > end) return text;
    for (const [name, { formerly }] of options) {
      const old = `--${spelled(formerly ?? "")}`;
      if (formerly === undefined || (text !== old && !text.startsWith(`${old}=`))) continue;
      process.stderr.write(`note: ${old} is called --${spelled(name)} now\n`);
      return `--${spelled(name)}${text.slice(old.length)}`;
    }
    return text;
  });
}

/** Arguments, and the texts of each option: of a switch one if it is there. */
function split(
  rawArgs: readonly string[],
  parameters: Parameters,
): { operands: string[]; given: (named: Named) => string[] } {
  const commander = commanderFor(parameters);
  try {
    const { operands, unknown } = commander.parseOptions([...rawArgs]);
    // Commander takes a negative number for an argument; here it is an option that there is not, unless -- stands before.
    const stray =
      unknown[0] ?? (rawArgs.includes("--") ? undefined : operands.find((text) => /^-./.test(text)));
    if (stray !== undefined) throw unknownOption(stray, parameters);
    const values = commander.opts<Record<string, string[] | true>>();
    const given = ([name]: Named) => [values[name] ?? []].flat().map(String);
    return { operands, given };
  } catch (error) {
    // The only thing it refuses by itself: an option at the end, without its value.
    if (error instanceof CommanderError)
      throw usage(`${rawArgs.at(-1)!.replace(/^-\w*(\w)$/, "-$1")} needs a value`);
    throw error;
  }
}

function unknownOption(written: string, parameters: Parameters): Error {
  const names = sorted(parameters).options.map(([name]) => spelled(name));
  const rawName = written.startsWith("--") ? written.replace(/=.*/s, "") : written.slice(0, 2);
  const name = rawName.replace(/^--?/, "");
  if (rawName.startsWith("--") && names.includes(name))
    return usage(`${rawName} is a switch: it takes no value`);
  const [near] = nearestNames(name, names);
  return usage(`There is no option ${rawName}${near ? `; did you mean --${near}?` : ""}`);
}

/** "--html --json" forgot the page's name; it does not name a page "--json". */
function checkWritten(
  [name, { kind, short, mayBeEmpty }]: Named,
  texts: readonly string[],
  rawArgs: readonly string[],
  options: readonly Named[],
): void {
  if (kind !== "option") return;
  const long = `--${spelled(name)}`;
  const isName = (arg: string) =>
    arg === long || (short !== undefined && /^-\w+$/.test(arg) && arg.endsWith(short));
  const isOption = (text: string) =>
    text.startsWith("--") || options.some(([, other]) => text === `-${other.short}`);
  for (const text of texts) {
    if (text === "" && !mayBeEmpty) throw usage(`${long} needs a value`);
    if (isOption(text) && rawArgs.some((arg, i) => isName(arg) && rawArgs[i + 1] === text))
      throw usage(`${long} needs a value; if ${text} is meant, write ${long}=${text}`);
  }
}

/** What citty leaves open: unknown options, surplus arguments and malformed numbers are wrong usage. */
import type { ArgsDef } from "citty";
import { SurprisalError } from "../core/index.ts";
import { nearestNames } from "../models/index.ts";

const camelToKebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** @throws SurprisalError USAGE for an option or argument the command does not have, or an option without its value. */
export function checkArguments(given: { _: string[] }, definition: ArgsDef): void {
  const values = given as Record<string, unknown>;
  const known = new Set(["_"]);
  for (const [name, option] of Object.entries(definition)) {
    const aliases = "alias" in option && option.alias ? [option.alias].flat() : [];
    for (const spelling of [name, ...aliases])
      known.add(spelling).add(camelToKebab(spelling)).add(kebabToCamel(spelling));
    if (option.type === "string" && values[name] === "" && name !== "text")
      throw usage(`--${name} needs a value`);
  }
  const options = Object.keys(definition).filter((name) => definition[name]!.type !== "positional");
  for (const name of Object.keys(values)) {
    if (known.has(name)) continue;
    const [near] = nearestNames(name, options);
    throw usage(`There is no option --${name}${near ? `; did you mean --${near}?` : ""}`);
  }
  const positionals = Object.keys(definition).length - options.length;
  if (given._.length > positionals) throw usage(`One argument too many: ${given._[positionals]}`);
}

const kebabToCamel = (name: string) => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

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

export function usage(what: string, where?: string): SurprisalError {
  return new SurprisalError({ code: "USAGE", what, ...(where && { where }), wayOut: "See --help." });
}

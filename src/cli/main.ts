#!/usr/bin/env node
/** The `surprisal` command: finds the sub-command, and turns what goes wrong into words and an exit code. */
import { readFileSync } from "node:fs";
import { type CommandDef, defineCommand, renderUsage, runCommand } from "citty";
import { SurprisalError } from "../core/index.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

const COMMANDS = {
  score: () => import("./commands/score.ts").then((module) => module.default),
  models: () => import("./commands/models.ts").then((module) => module.default),
  doctor: () => import("./commands/doctor.ts").then((module) => module.default),
};

const main: CommandDef = defineCommand({
  meta: { name: "surprisal", version, description: "How surprised is a language model by a text?" },
  subCommands: COMMANDS,
});

/** Codes of errors that lie in how the command was called. */
const USAGE_CODES: readonly string[] = ["USAGE", "INVALID_ARGUMENT", "UNKNOWN_RECIPE", "UNKNOWN_MODEL"];

async function run(rawArgs: string[]): Promise<void> {
  if (rawArgs.length === 0 || isHelp(rawArgs)) {
    const [command, parent] = await commandFor(rawArgs);
    process.stdout.write(`${await renderUsage(command, parent)}\n`);
    return;
  }
  if (rawArgs[0] === "--version" || rawArgs[0] === "-v") {
    process.stdout.write(`${version}\n`);
    return;
  }
  const name = rawArgs[0]!;
  if (!(name in COMMANDS)) {
    const { nearestNames } = await import("../models/index.ts");
    const [near] = nearestNames(name, Object.keys(COMMANDS));
    throw new SurprisalError({
      code: "USAGE",
      what: `There is no command "${name}"${near ? `; did you mean "${near}"?` : ""}`,
      wayOut: `Commands: ${Object.keys(COMMANDS).join(", ")}. See surprisal --help.`,
    });
  }
  await runCommand(main, { rawArgs });
}

/** --help anywhere before a bare `--`. */
function isHelp(rawArgs: string[]): boolean {
  const end = rawArgs.indexOf("--");
  return (end < 0 ? rawArgs : rawArgs.slice(0, end)).some((arg) => arg === "--help" || arg === "-h");
}

/** The command that help is wanted for, and the one above it. */
async function commandFor(rawArgs: string[]): Promise<[CommandDef, CommandDef | undefined]> {
  let command: CommandDef = main;
  let parent: CommandDef | undefined;
  for (const name of rawArgs) {
    const children = (await resolve(command.subCommands)) as Record<string, unknown> | undefined;
    if (!children || !(name in children)) break;
    parent = command;
    command = (await resolve(children[name])) as CommandDef;
  }
  return [command, parent];
}

const resolve = async (value: unknown): Promise<unknown> => (typeof value === "function" ? value() : value);

/** Prints what went wrong: for people on stderr, and with --json as a document on stdout too. */
function report(error: unknown, json: boolean): number {
  const known = SurprisalError.isInstance(error);
  const usage = known ? USAGE_CODES.includes(error.code) : isCittyError(error);
  const code = known ? error.code : usage ? "USAGE" : "INTERNAL";
  const { what, where, wayOut } = known
    ? error
    : { what: error instanceof Error ? error.message : String(error), where: undefined, wayOut: undefined };
  if (json)
    process.stdout.write(`${JSON.stringify({ schema: "surprisal.error/1", code, what, where, wayOut })}\n`);
  process.stderr.write(`surprisal: ${known ? error.message : what} [${code}]\n`);
  if (!known && !usage && error instanceof Error)
    process.stderr.write(`${error.stack}\nThis is a bug: please report it.\n`);
  return usage ? 2 : 1;
}

function isCittyError(error: unknown): boolean {
  return error instanceof Error && error.name === "CLIError";
}

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0); // the reader of the pipe had enough: `surprisal ... | head`
  throw error;
});

const rawArgs = process.argv.slice(2);
try {
  await run(rawArgs);
} catch (error) {
  process.exitCode = report(error, rawArgs.includes("--json"));
}

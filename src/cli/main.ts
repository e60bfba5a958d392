#!/usr/bin/env node
/** The `surprisal` command: finds the sub-command, and turns what goes wrong into words and an exit code. */
import { readFileSync } from "node:fs";
import { SurprisalError } from "../core/index.ts";
import { writeFailure } from "../files/index.ts";
import { visible } from "../text/index.ts";
import { exitCodeOf, usage } from "./arguments.ts";
import { COMMANDS } from "./commands/index.ts";
import { type Command, renderUsage } from "./usage.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

const main: Command = {
  name: "surprisal",
  description: `How surprised is a language model by a text?

Examples:
  surprisal score report.md
  surprisal score --text "The cat sat on the piano."
  surprisal eval domains/ --model mini --model smollm2
  surprisal chat --model smollm2
  surprisal score --help

Environment:
  SURPRISAL_CACHE       folder of the downloaded models
  SURPRISAL_OFFLINE=1   never use the network
  SURPRISAL_LLAMA_LIB   folder of a llama.cpp of your own build
  SURPRISAL_LLAMA_LOG=1 show llama.cpp's own messages
  PIP_INDEX_URL, HF_ENDPOINT   mirrors that models are fetched from
  OPENAI_API_KEY, ...   keys of services, each sent to its own; SURPRISAL_API_KEY for other servers
  HTTPS_PROXY, NO_PROXY, NODE_EXTRA_CA_CERTS   a company's proxy, and its certificates
  NO_COLOR=1, FORCE_COLOR=0...3   colours of the output

Exit codes: 0 done, 1 failed, 2 wrong usage.`,
  subCommands: COMMANDS,
};

async function run(rawArgs: string[]): Promise<void> {
  if (rawArgs[0] === "--version" || rawArgs[0] === "-v") {
    process.stdout.write(`${version}\n`);
    return;
  }
  const help = rawArgs[0] === "help" || hasSwitch(rawArgs, "--help", "-h");
  const { names, command, rest } = await commandFor(rawArgs[0] === "help" ? rawArgs.slice(1) : rawArgs);
  if (help || (command.subCommands && rest.length === 0))
    process.stdout.write(await renderUsage(names, command, process.stdout.columns || LINE_WITHOUT_TERMINAL));
  else if (command.subCommands) throw await unknownCommand(names, rest[0]!, Object.keys(command.subCommands));
  else await command.run?.(rest);
}

const LINE_WITHOUT_TERMINAL = 100; // columns

/** Whether a switch stands anywhere before a bare `--`. */
function hasSwitch(rawArgs: readonly string[], ...spellings: string[]): boolean {
  const end = rawArgs.indexOf("--");
  return (end < 0 ? rawArgs : rawArgs.slice(0, end)).some((arg) => spellings.includes(arg));
}

/** Follows the names of commands as far as they go: "models pull x" is `surprisal models pull` with the rest "x". */
async function commandFor(rawArgs: string[]): Promise<{ names: string[]; command: Command; rest: string[] }> {
  const names = [main.name];
  let command = main;
  for (const [i, name] of rawArgs.entries()) {
    const { subCommands } = command;
    if (!subCommands || !Object.hasOwn(subCommands, name)) return { names, command, rest: rawArgs.slice(i) };
    names.push(name);
    command = await subCommands[name]!();
  }
  return { names, command, rest: [] };
}

async function unknownCommand(names: string[], word: string, known: string[]): Promise<SurprisalError> {
  if (word.startsWith("-")) return usage(`${word} stands where a command should: options come after it`);
  const { nearestNames } = await import("../text/index.ts");
  const [near] = nearestNames(word, known);
  return new SurprisalError({
    code: "USAGE",
    what: `There is no command "${word}"${near ? `; did you mean "${near}"?` : ""}`,
    wayOut: `Commands: ${known.join(", ")}. See ${names.join(" ")} --help.`,
  });
}

/** Prints what went wrong: for people on stderr, and with --json as a document on stdout too. */
function report(error: unknown, json: boolean): number {
  const known = SurprisalError.isInstance(error);
  const code = known ? error.code : "INTERNAL";
  const { what, where, wayOut } = known
    ? error
    : { what: error instanceof Error ? error.message : String(error), where: undefined, wayOut: undefined };
  if (json)
    process.stdout.write(`${JSON.stringify({ schema: "surprisal.error/1", code, what, where, wayOut })}\n`);
  const message = known ? error.message : what;
  process.stderr.write(`surprisal: ${message.split("\n").map(visible).join("\n")} [${code}]\n`);
  if (!known && error instanceof Error)
    process.stderr.write(`${error.stack}\nThis is a bug: please report it.\n`);
  return exitCodeOf(error);
}

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0); // the reader of the pipe had enough: `surprisal ... | head`
  process.exit(report(writeFailure(error, "standard output"), false));
});
process.stderr.on("error", () => {}); // nobody is left to be told; the result still counts

const rawArgs = process.argv.slice(2);
try {
  await run(rawArgs);
} catch (error) {
  process.exitCode = report(error, hasSwitch(rawArgs, "--json"));
}

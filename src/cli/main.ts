#!/usr/bin/env node
/** The `surprisal` command: finds the sub-command, and turns what goes wrong into words and an exit code. */
import { readFileSync } from "node:fs";
import { SurprisalError } from "../core/index.ts";
import { undoUnfinished, writeFailure } from "../files/index.ts";
import { nearestNames } from "../text/index.ts";
import type { Command, CommandList } from "./command.ts";
import { COMMANDS } from "./commands/index.ts";
import { exitCodeOf, known, partsOf, shownError, shownLines, usage } from "./errors.ts";
import { printEvent } from "./json.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

const SUMMARY = "How surprised is a language model by a text?";
const DETAILS = `Examples:
  surprisal score report.md
  surprisal score --text "The cat sat on the piano."
  surprisal eval domains/ --model mini --model smollm2
  surprisal chat --model smollm2
  surprisal score --help

Environment:
  SURPRISAL_CACHE       folder of the downloaded models
  SURPRISAL_OFFLINE=1   never use the network
  SURPRISAL_LLAMA_LIB   folder of a llama.cpp of your own build
  SURPRISAL_CPU_BUILD   build of llama.cpp's CPU code: haswell, ... (\`surprisal doctor\` lists them)
  SURPRISAL_LLAMA_LOG=1 show llama.cpp's own messages
  PIP_INDEX_URL, HF_ENDPOINT   mirrors that models are fetched from
  OPENAI_API_KEY, ...   keys of services, each sent to its own; SURPRISAL_API_KEY for other servers
  SURPRISAL_ANSWER_SECONDS, SURPRISAL_ANSWER_MIB   what one answer of a server may take, at most
  SURPRISAL_FOLLOW_REDIRECTS=1   servers may send prompts on to other hosts
  HTTPS_PROXY, NO_PROXY, NODE_EXTRA_CA_CERTS   a company's proxy, and its certificates
  NO_COLOR=1, FORCE_COLOR=0...3   colours of the output

Exit codes: 0 done, 1 failed, 2 wrong usage; 3 of detect: more suspicious than --fail-above; of check: 0 all conditions hold,
1 one does not, 2 one could not be judged.`;

const LINE_WITHOUT_TERMINAL = 100; // columns

/** What is asked for: a command by its names, and what was written after them. */
interface Asked {
  names: string[];
  summary: string;
  command: Command;
  rest: string[];
}

async function run({ names, summary, command, rest }: Asked, help: boolean): Promise<void> {
  const { commands } = command.run ? {} : command; // a folder that is a command too takes what names none of its own
  if (help || (commands && rest.length === 0)) {
    const { helpPage } = await import("./help.ts");
    process.stdout.write(helpPage(names, summary, command, process.stdout.columns || LINE_WITHOUT_TERMINAL));
  } else if (commands) throw unknownCommand(names, rest[0]!, commands);
  else await command.run?.(rest);
}

/** Whether a switch stands anywhere before a bare `--`. */
function hasSwitch(rawArgs: readonly string[], ...spellings: string[]): boolean {
  const end = rawArgs.indexOf("--");
  return (end < 0 ? rawArgs : rawArgs.slice(0, end)).some((arg) => spellings.includes(arg));
}

/** Follows the names of commands as far as they go: "models pull x" is `surprisal models pull` with the rest "x". */
async function find(rawArgs: string[]): Promise<Asked> {
  const asked: Asked = {
    names: ["surprisal"],
    summary: SUMMARY,
    command: { details: DETAILS, commands: COMMANDS },
    rest: [...rawArgs],
  };
  for (const name of rawArgs) {
    const { commands } = asked.command;
    if (!commands || !Object.hasOwn(commands, name)) break;
    asked.names.push(name);
    asked.summary = commands[name]!.summary;
    asked.command = await commands[name]!.load();
    asked.rest.shift();
  }
  return asked;
}

function unknownCommand(names: string[], word: string, commands: CommandList): SurprisalError {
  if (word.startsWith("-")) return usage(`${word} stands where a command should: options come after it`);
  const known = Object.keys(commands);
  const [near] = nearestNames(word, known);
  return new SurprisalError({
    code: "USAGE",
    what: `There is no command "${word}"${near ? `; did you mean "${near}"?` : ""}`,
    wayOut: `Commands: ${known.join(", ")}. See ${names.join(" ")} --help.`,
  });
}

/** Prints what went wrong: for people on stderr, and as a document on stdout where one is wanted. */
function report(thrown: unknown, documentOf: ((error: unknown) => object) | null): number {
  const error = known(thrown);
  if (documentOf) printEvent(documentOf(error));
  process.stderr.write(`surprisal: ${shownError(error)}\n`);
  if (!SurprisalError.isInstance(error) && error instanceof Error)
    process.stderr.write(`${shownLines(error.stack ?? "")}\nThis is a bug: please report it.\n`);
  return exitCodeOf(error);
}

const errorDocument = (error: unknown) => ({ schema: "surprisal.error/1", ...partsOf(error) });

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  undoUnfinished(); // a run that is under way stays one that can be gone on with
  if (error.code === "EPIPE") process.exit(0); // the reader of the pipe had enough: `surprisal ... | head`
  process.exit(report(writeFailure(error, "standard output"), null));
});
process.stderr.on("error", () => {}); // nobody is left to be told; the result still counts

const rawArgs = process.argv.slice(2);
if (rawArgs[0] === "--version" || rawArgs[0] === "-v") process.stdout.write(`${version}\n`);
else {
  const isHelp = rawArgs[0] === "help";
  let asked: Asked | null = null;
  try {
    asked = await find(isHelp ? rawArgs.slice(1) : rawArgs);
    await run(asked, isHelp || hasSwitch(rawArgs, "--help", "-h"));
  } catch (error) {
    const json = hasSwitch(rawArgs, "--json", "--jsonl");
    const code = report(error, json ? (asked?.command.errorDocument ?? errorDocument) : null);
    process.exitCode = asked?.command.exitCode?.(error) ?? code;
  }
}

/** The pages of --help: commander lays out the lists; what stands above and beneath them is ours. */
import { Argument } from "commander";
import { wrapWords } from "../text/index.ts";
import type { Command } from "./command.ts";
import { commanderFor, sorted } from "./parse.ts";

/** Descriptions are at least so wide, columns. */
const NARROWEST = 20;

/**
 * How a command is called.
 * @param names of the command and those above it.
 * @param summary what it does, in a line.
 * @param columns lines are at most so long, as far as words and examples allow.
 */
export function helpPage(
  names: readonly string[],
  summary: string,
  { parameters = {}, commands = {}, details = "" }: Command,
  columns: number,
): string {
  const { args, options } = sorted(parameters);
  const commander = commanderFor(parameters).helpOption("-h, --help", "Show this help").helpCommand(false);
  for (const [name, { description }] of args)
    commander.addArgument(new Argument(name.toUpperCase(), description));
  for (const [name, { summary }] of Object.entries(commands)) commander.command(name).description(summary);
  const shown = args.map(([name, { many, optional }]) => {
    const word = name.toUpperCase() + (many ? "..." : "");
    return optional ? `[${word}]` : word;
  });
  const tail = [
    ...(options.length > 0 ? ["[OPTIONS]"] : []),
    ...(commander.commands.length > 0 ? [options.length > 0 ? "| COMMAND" : "COMMAND"] : []),
  ];
  commander.configureHelp({
    helpWidth: columns,
    minWidthToWrap: Number.NEGATIVE_INFINITY, // also in a narrow terminal
    boxWrap: (text, width) => wrapWords(text, Math.max(NARROWEST, width)).join("\n"),
    commandUsage: () => [...names, ...shown, ...tail].join(" "),
    subcommandTerm: (command) => command.name(),
    optionTerm: ({ flags, short }) => (short ? "" : "    ") + flags.replaceAll(/[<>]/g, ""),
  });
  const blocks = [
    wrapWords(summary, columns).join("\n"),
    commander.helpInformation(),
    prose(details, columns),
  ];
  return `${blocks
    .map((block) => block.trim())
    .filter((block) => block !== "")
    .join("\n\n")}\n`;
}

/** Paragraphs are wrapped; examples and tables, which are indented, stand as they are. */
function prose(details: string, columns: number): string {
  return details
    .replaceAll(/(?<=^\S.*)\n(?=\S)/gm, " ")
    .split("\n")
    .flatMap((line) => (/^\S/.test(line) ? wrapWords(line, columns) : [line]))
    .join("\n");
}

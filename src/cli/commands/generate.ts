/** `surprisal generate`: answers to many prompts at once, with the numbers of each. */
import { existsSync } from "node:fs";
import { SurprisalError } from "../../core/index.ts";
import { assertWritable, onInterrupt } from "../../files/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { formatCount, formatNumber, formatPlural, formatRate, visible } from "../../text/index.ts";
import { type AnswerOptions, errorEvent, policyNotes, withAlternatives } from "../chat/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { partsOf, usage } from "../errors.ts";
import {
  AnswerFile,
  AnswerList,
  answerRow,
  errorRow,
  GENERATE_OPTIONS,
  generateOptions,
  InOrder,
  type PromptRow,
  placesOf,
  type Request,
  type Row,
  readPrompts,
  requestOf,
  SPLITS,
  writeAll,
} from "../generate/index.ts";
import { printEvent } from "../json.ts";
import { LOAD_OPTIONS, openModel } from "../load-options.ts";
import { flag, oneOf, option, optionalArgument, text, type Values } from "../parameters.ts";
import { generationProgress, startLine } from "../render/index.ts";
import { MODEL_DESCRIPTION, MOST_MIB, QUIET } from "../shared-options.ts";

// biome-ignore format: one option a line
const parameters = {
  prompt: optionalArgument("A text to write on from; or a file of them: .jsonl, .txt with a prompt a line, or any file that is there; - or nothing: standard input"),
  text: option(text, { short: "t", description: "Write on from this text, whatever files there are" }),
  model: option(text, { short: "m", description: MODEL_DESCRIPTION }),
  ...GENERATE_OPTIONS,
  field: option(text, { hint: "NAME", description: "Field of JSON rows with the prompt, a text or a chat (default: messages, prompt or text)" }),
  split: option(oneOf(SPLITS), { hint: "HOW", description: "What a prompt is in a text file: lines, blank-lines (paragraphs), none (the whole file)", standard: "lines" }),
  chat: flag({ description: "Put texts into the model's chat template, as what the user says" }),
  system: option(text, { short: "s", hint: "TEXT", description: "With --chat, or rows with messages: what the model is told before anything else" }),
  jsonl: flag({ description: "A JSON object a line: an answer or an error each; the default where standard output is no terminal" }),
  json: flag({ description: "The same as --jsonl" }),
  out: option(text, { short: "o", hint: "FILE", description: "Write the rows into this file, as they are done" }),
  resume: flag({ description: "Go on with the file of --out: what it has is kept, errors are tried again" }),
  maxMib: MOST_MIB,
  quiet: QUIET,
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
  if (!given.quiet) for (const note of notesOf(given, rows, options, model)) say(`note: ${visible(note)}`);
  const request = requestOf(model.identity, {
    ...options,
    ...{ exact: given.exact, kernels: given.kernels, cacheType: given.cacheType },
  });
  using file =
    out === undefined ? null : AnswerFile.open(out, { resume, request, rows, samples: given.samples });
  const session = new Session(given, rows, options, request, file);
  await session.carryOut(model);
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

const say = (line: string) => process.stderr.write(`${line}\n`);

/** One run of the command: what is shown and kept of it. */
class Session {
  readonly #given: Given;
  readonly #rows: readonly PromptRow[];
  readonly #options: AnswerOptions & { maxTokens: number };
  readonly #request: Request;
  readonly #file: AnswerFile | null;
  readonly #failures: { row: PromptRow; error: unknown }[] = [];
  readonly #left: number[];
  #tokens = 0;
  #answers = 0;
  #nats = { sum: 0, scored: 0 };

  constructor(
    given: Given,
    rows: readonly PromptRow[],
    options: AnswerOptions & { maxTokens: number },
    request: Request,
    file: AnswerFile | null,
  ) {
    this.#given = given;
    this.#rows = rows;
    this.#options = options;
    this.#request = request;
    this.#file = file;
    this.#left = rows.map((row) => this.#samples.filter((sample) => !this.#isDone(row, sample)).length);
  }

  async carryOut(model: LanguageModel): Promise<void> {
    const { samples, jsonl, json, quiet } = this.#given;
    const inWords = this.#file === null && !jsonl && !json && Boolean(process.stdout.isTTY);
    const list = new AnswerList(this.#rows.length, samples, this.#options.maxTokens);
    const line = startLine({});
    const ordered = new InOrder<() => void>((give) => {
      if (this.#file === null) line.end();
      give();
    });
    const keep = (row: Row) => (this.#file ? this.#file.add(row) : printEvent(row));
    const place = (row: PromptRow, sample: number) => row.index * samples + sample;
    for (const row of this.#rows)
      for (const sample of this.#samples) if (this.#isDone(row, sample)) ordered.skip(place(row, sample));
    const missing = this.#left.reduce((sum, left) => sum + left, 0);
    const start = performance.now();
    const show = () => {
      if (quiet) return;
      line.show(() =>
        generationProgress({
          prompts: this.#left.filter((left) => left === 0).length,
          totalPrompts: this.#rows.length,
          answers: this.#answers + this.#failures.length,
          missing,
          tokens: this.#tokens,
          ms: performance.now() - start,
        }),
      );
    };
    const stopWatching = onInterrupt(() => {
      line.end();
      ordered.flush();
      this.#file?.[Symbol.dispose]();
      say(this.#interrupted(missing));
    });
    const options = withAlternatives(this.#options, model);
    const ticking = setInterval(show, 1000).unref();
    try {
      await writeAll({
        model,
        rows: this.#rows,
        samples,
        options,
        atOnce: placesOf(this.#given, model),
        isDone: (row, sample) => this.#isDone(row, sample),
        keepRecords: inWords || this.#given.logprobs,
        onToken: () => {
          this.#tokens++;
          show();
        },
        onAnswer: (written) => {
          const { row, sample, answer } = written;
          this.#left[row.index]!--;
          this.#answers++;
          if (answer.reading.nll !== null) {
            this.#nats.sum += answer.reading.nll * answer.scored;
            this.#nats.scored += answer.scored;
          }
          ordered.add(place(row, sample), () =>
            inWords ? list.answer(written) : keep(answerRow(written, this.#options, this.#request)),
          );
          show();
        },
        onError: (row, sample, error) => {
          this.#left[row.index]!--;
          this.#failures.push({ row, error });
          ordered.add(place(row, sample), () =>
            inWords ? list.error(row, sample, error) : keep(errorRow(row, sample, this.#request, error)),
          );
        },
      });
      this.#file?.finish();
    } catch (error) {
      ordered.flush();
      throw this.#withWayOn(error);
    } finally {
      clearInterval(ticking);
      stopWatching();
      line.end();
    }
    if (!quiet && (this.#file || missing > 1)) say(this.#summary(performance.now() - start));
    if (this.#failures.length > 0) throw this.#failed();
  }

  get #samples(): number[] {
    return Array.from({ length: this.#given.samples }, (_, i) => i);
  }

  #isDone(row: PromptRow, sample: number): boolean {
    return this.#file?.has(row, sample) ?? false;
  }

  #summary(ms: number): string {
    const { sum, scored } = this.#nats;
    return [
      `${formatPlural(this.#answers, "answer")} to ${formatPlural(this.#rows.length, "prompt")}`,
      ...(scored > 0 ? [`perplexity ${formatNumber(Math.exp(sum / scored))}`] : []),
      formatPlural(this.#tokens, "token"),
      ...(this.#tokens > 0 && ms > 0 ? [formatRate((1000 * this.#tokens) / ms, "tokens")] : []),
      ...(this.#given.out === undefined ? [] : [`in ${visible(this.#given.out)}`]),
    ].join(" · ");
  }

  #interrupted(missing: number): string {
    const { out } = this.#given;
    const done = `${formatCount(this.#answers)} of ${formatPlural(missing, "answer")}`;
    if (out === undefined) return `Interrupted: ${done} came. With --out FILE they can be gone on with.`;
    return `Interrupted: ${done} are in ${visible(out)} now. Go on with the same command and --resume.`;
  }

  /** What ended all of it. */
  #withWayOn(error: unknown): unknown {
    const { out } = this.#given;
    if (!SurprisalError.isInstance(error) || out === undefined || !this.#file?.count) return error;
    const { code, what, where, wayOut = "" } = error;
    const on = `What is done is in ${out}: go on with the same command and --resume.`;
    return new SurprisalError({ code, what, where, wayOut: `${wayOut} ${on}`.trim(), cause: error });
  }

  #failed(): SurprisalError {
    const [{ row, error }] = this.#failures as [{ row: PromptRow; error: unknown }];
    const { code, what, wayOut } = partsOf(error);
    const count = `${formatCount(this.#failures.length)} of ${formatPlural(this.#answers + this.#failures.length, "answer")}`;
    const again = this.#given.out === undefined ? "" : " --resume tries what failed again.";
    return new SurprisalError({
      code: "MODEL_FAILED",
      what: `${count} failed; the first with ${code}: ${what}`,
      where: row.where,
      wayOut: `${wayOut ?? "Mend the prompt."}${again}`,
      cause: error,
    });
  }
}

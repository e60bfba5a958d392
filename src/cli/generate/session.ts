/** One run of `surprisal generate`: what is shown and kept of it, and how it ends. */
import { SurprisalError } from "../../core/index.ts";
import { onInterrupt } from "../../files/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { formatCount, formatNumber, formatPlural, formatRate, visible } from "../../text/index.ts";
import { type AnswerOptions, withAlternatives } from "../chat/index.ts";
import { someFailed, triesAgain } from "../errors.ts";
import { printEvent } from "../json.ts";
import { generationProgress, startLine } from "../render/index.ts";
import type { AnswerFile } from "./answer-file.ts";
import { InOrder } from "./in-order.ts";
import { placesOf } from "./options.ts";
import type { PromptRow } from "./prompts.ts";
import { answerRow, errorRow, type Request, type Row } from "./rows.ts";
import { writeAll } from "./schedule.ts";
import { AnswerList } from "./show.ts";

export interface SessionSettings {
  rows: readonly PromptRow[];
  samples: number;
  options: AnswerOptions & { maxTokens: number };
  request: Request;
  /** Where rows are kept; `null`: they go to standard output, in words on a terminal unless JSON was asked for. */
  file: AnswerFile | null;
  /** Its name. */
  out: string | undefined;
  jsonl: boolean;
  json: boolean;
  logprobs: boolean;
  atOnce: number | undefined;
  quiet: boolean;
}

/** Answers that wait for a slow one before them: more are written into the file, which is put into order at the end. */
const MOST_HELD = 16;

const say = (line: string) => process.stderr.write(`${line}\n`);

/** One run of the command: what is shown and kept of it. */
export class Session {
  readonly #given: SessionSettings;
  readonly #file: AnswerFile | null;
  readonly #failures: { row: PromptRow; error: unknown }[] = [];
  readonly #left: number[];
  #tokens = 0;
  #answers = 0;
  #nats = { sum: 0, scored: 0 };

  constructor(given: SessionSettings) {
    this.#given = given;
    this.#file = given.file;
    this.#left = given.rows.map((row) => this.#samples.filter((sample) => !this.#isDone(row, sample)).length);
  }

  /**
   * Writes what is missing.
   * @throws SurprisalError MODEL_FAILED, once all the others have their answers; what would fail for all of them, at once.
   */
  async carryOut(model: LanguageModel): Promise<void> {
    const { samples, jsonl, json, quiet, rows, request } = this.#given;
    const inWords = this.#file === null && !jsonl && !json && Boolean(process.stdout.isTTY);
    const list = new AnswerList(rows.length, samples, this.#given.options.maxTokens);
    const line = startLine({});
    const ordered = new InOrder<() => void>(
      (give) => {
        if (this.#file === null) line.end();
        give();
      },
      this.#file === null ? Number.POSITIVE_INFINITY : MOST_HELD,
    );
    const keep = (row: Row) => (this.#file ? this.#file.add(row) : printEvent(row));
    const place = (row: PromptRow, sample: number) => row.index * samples + sample;
    for (const row of rows)
      for (const sample of this.#samples) if (this.#isDone(row, sample)) ordered.skip(place(row, sample));
    const missing = this.#left.reduce((sum, left) => sum + left, 0);
    const start = performance.now();
    const show = () => {
      if (quiet) return;
      line.show(() =>
        generationProgress({
          prompts: this.#left.filter((left) => left === 0).length,
          totalPrompts: rows.length,
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
    const options = withAlternatives(this.#given.options, model);
    const ticking = setInterval(show, 1000).unref();
    try {
      await writeAll({
        model,
        rows,
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
            inWords ? list.answer(written) : keep(answerRow(written, this.#given.options, request)),
          );
          show();
        },
        onError: (row, sample, error) => {
          this.#left[row.index]!--;
          this.#failures.push({ row, error });
          ordered.add(place(row, sample), () =>
            inWords ? list.error(row, sample, error) : keep(errorRow(row, sample, request, error)),
          );
        },
      });
      this.#file?.finish();
    } catch (error) {
      try {
        ordered.flush();
      } catch {
        // the disk that is full is still full
      }
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
      `${formatPlural(this.#answers, "answer")} to ${formatPlural(this.#given.rows.length, "prompt")}`,
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
    return someFailed({
      failures: this.#failures.map(({ row, error }) => ({ error, where: row.where })),
      ...{ done: this.#answers + this.#failures.length, noun: "answer", wayOut: "Mend the prompt." },
      next: triesAgain(this.#given.out),
    });
  }
}

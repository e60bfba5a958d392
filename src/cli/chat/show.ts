/** An answer in front of a person: coloured as it is written, a line about it beneath, and the sum at its end. */
import type { LanguageModel, Prompt } from "../../models/index.ts";
import { visible, wrapWords } from "../../text/index.ts";
import {
  AnswerScreen,
  answerStatus,
  answerSummary,
  decideBackground,
  decideColour,
  PieceStream,
} from "../render/index.ts";
import { type Answer, type AnswerOptions, writeAnswer } from "./answer.ts";

const SPARKLINE = 32; // tokens

/**
 * Writes the answer on standard output. On a terminal there is a status line, and the summary stands beneath; else the
 * summary goes to standard error, so that a file or a pipe gets the answer alone.
 * @param quiet no status line and no summary.
 */
export async function showAnswer(
  model: LanguageModel,
  prompt: Prompt,
  options: AnswerOptions & { maxTokens: number },
  quiet: boolean,
  interrupt: AbortSignal,
): Promise<Answer> {
  const { stdout, stderr } = process;
  const moves = Boolean(stdout.isTTY) && process.env.TERM !== "dumb";
  const start = performance.now();
  const recent: (number | null)[] = [];
  let first = 0;
  let last = 0;
  let reading: Answer["reading"] | null = null;
  const colour = decideColour(process.env, stdout);
  const pieces = new PieceStream();
  const screen = new AnswerScreen({
    stream: stdout,
    colour,
    background: decideBackground(process.env),
    moves,
    status(columns) {
      const elapsedMs = performance.now() - start;
      if (quiet) return "";
      if (!reading) return `reading the prompt  ${Math.round(elapsedMs / 1000)} s`;
      const perSecond =
        reading.tokens > 1 && last > first ? (1000 * (reading.tokens - 1)) / (last - first) : null;
      return answerStatus({ reading, recent, perSecond }, columns);
    },
  });
  screen.refresh();
  const waiting = setInterval(() => {
    if (!reading) screen.refresh();
  }, 1000).unref();
  const answer = await writeAnswer(model, prompt, options, interrupt, (token) => {
    last = performance.now();
    if (!reading) first = last;
    reading = token.reading;
    const { logprob } = token.record;
    recent.push(logprob === null ? null : Math.max(0, -logprob / Math.LN2));
    if (recent.length > SPARKLINE) recent.shift();
    screen.write(pieces.push(token.bytes, logprob));
  });
  clearInterval(waiting);
  screen.write(pieces.flush());
  screen.end();
  if (!quiet && (answer.reading.tokens > 0 || !answer.failure)) {
    const stream = stdout.isTTY ? stdout : stderr;
    const columns = stdout.isTTY ? stdout.columns || 80 : null;
    const faint = (text: string) =>
      colour === "none" || stream === stderr ? text : `\u001b[2m${text}\u001b[0m`;
    const lines = [summaryOf(answer, options.maxTokens), ...warningsOf(answer)];
    for (const line of lines.flatMap((line) => wrapWords(line, columns))) stream.write(`${faint(line)}\n`);
  }
  return answer;
}

function summaryOf(answer: Answer, maxTokens: number): string {
  const { tokens, scored, partial, reading, surprising } = answer;
  return answerSummary({
    tokens,
    scored,
    partial,
    perplexity: reading.perplexity,
    surprising,
    ended: endedOf(answer, maxTokens),
  });
}

function endedOf({ end, stoppedBy, interrupted, failure }: Answer, maxTokens: number) {
  if (stoppedBy) return { message: stoppedBy.message };
  if (interrupted) return { message: "stopped by you" };
  if (failure || !end) return { message: "broken off" };
  return { reason: end.finishReason, maxTokens };
}

/** What the summary does not say already. */
const warningsOf = ({ warnings }: Answer): string[] =>
  warnings
    .filter((warning) => !/^\d+ of \d+ tokens carry a number\.$/.test(warning))
    .map((warning) => `note: ${visible(warning)}`);

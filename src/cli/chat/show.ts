/** An answer in front of a person: coloured as it is written, a line about it beneath, and the sum at its end. */
import type { TokenPart } from "../../core/index.ts";
import {
  type Choice,
  isThinkingMark,
  type LanguageModel,
  type Prompt,
  type StopMatch,
} from "../../models/index.ts";
import { formatProbability, visible, wrapWords } from "../../text/index.ts";
import {
  AnswerScreen,
  answerStatus,
  answerSummary,
  decideBackground,
  decideColour,
  PieceStream,
} from "../render/index.ts";
import { type Answer, type AnsweredToken, type AnswerOptions, writeAnswer } from "./answer.ts";
import { type AnswerFlags, type Flag, flagLine, flagMark } from "./flags.ts";
import { PART_NAMES, partsOf } from "./parts.ts";

const SPARKLINE = 32; // tokens

/**
 * Writes the answer on standard output. On a terminal what was thought stands above it, fainter and under a heading, there is
 * a status line, and the summary stands beneath; else thoughts and summary go to standard error, so that a file or a pipe
 * gets the answer alone.
 * @param quiet the answer only: no thoughts, no status line and no summary.
 * @param flags what is suspected gets a number behind it on a terminal, and a line beneath; else a line on standard error, at once.
 */
export async function showAnswer(
  model: LanguageModel,
  prompt: Prompt,
  options: AnswerOptions & { maxTokens: number },
  quiet: boolean,
  interrupt: AbortSignal,
  flags: AnswerFlags | null = null,
): Promise<Answer> {
  const { stdout, stderr } = process;
  const moves = Boolean(stdout.isTTY) && process.env.TERM !== "dumb";
  const start = performance.now();
  const recent: (number | null)[] = [];
  let first = 0;
  let last = 0;
  let reading: Answer["reading"] | null = null;
  const colour = decideColour(process.env, stdout);
  let pieces = new PieceStream();
  let part: TokenPart = "answer";
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
  const flush = () => screen.write(pieces.flush().map((piece) => ({ ...piece, aside: part !== "answer" })));
  /** A heading says where another part begins. */
  const begin = (next: TokenPart) => {
    flush();
    pieces = new PieceStream();
    part = next;
    if (quiet) return;
    if (stdout.isTTY) screen.heading(`[${PART_NAMES[next]}]`);
    else stderr.write(`\n[${PART_NAMES[next]}]\n`);
  };
  let begun = false;
  /** It has no number, and is drawn as what has none. */
  const beginAnswer = () => {
    begun = true;
    if (options.prefill) screen.write([{ text: options.prefill, bits: null }]);
  };
  const writeAside = ({ record, bytes, text }: AnsweredToken) => {
    if (isThinkingMark(record.text)) return;
    if (!stdout.isTTY) stderr.write(visibleLines(text));
    else screen.write(pieces.push(bytes, record.logprob).map((piece) => ({ ...piece, aside: true })));
  };
  const show = (found: readonly Flag[]) => {
    for (const flag of found)
      if (stdout.isTTY) screen.write([{ text: flagMark(flag), bits: null, aside: true }]);
      else stderr.write(`${flagLine(flag)}\n`);
  };
  screen.refresh();
  const waiting = setInterval(() => {
    if (!reading) screen.refresh();
  }, 1000).unref();
  const answer = await writeAnswer(model, prompt, options, interrupt, (token) => {
    last = performance.now();
    if (!reading) first = last;
    if (!begun) beginAnswer();
    reading = token.reading;
    const { logprob } = token.record;
    recent.push(logprob === null ? null : Math.max(0, -logprob / Math.LN2));
    if (recent.length > SPARKLINE) recent.shift();
    if (token.part !== part) begin(token.part);
    if (part === "answer") screen.write(pieces.push(token.bytes, logprob));
    else if (!quiet) writeAside(token);
    if (flags) show(flags.observe(token));
  });
  clearInterval(waiting);
  if (!begun && !answer.failure) beginAnswer();
  flush();
  if (flags) show(flags.finish());
  screen.end();
  if (flags && stdout.isTTY)
    for (const flag of flags.all)
      stdout.write(`${wrapWords(flagLine(flag), stdout.columns || 80).join("\n")}\n`);
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

/** Line breaks stay what they are. */
const visibleLines = (text: string): string => text.split("\n").map(visible).join("\n");

/** One line about an answer. */
export function summaryOf(answer: Answer, maxTokens: number): string {
  const { tokens, scored, partial, reading, surprising } = answer;
  return answerSummary({
    tokens,
    scored,
    partial,
    perplexity: reading.perplexity,
    parts: partsOf(reading),
    surprising,
    ended: endedOf(answer, maxTokens),
  });
}

/** Why an answer ended, for its summary. */
function endedOf({ end, stoppedBy, interrupted, failure }: Answer, maxTokens: number) {
  if (stoppedBy) return { message: stoppedBy.message };
  if (interrupted) return { message: "stopped by you" };
  if (failure || !end) return { message: "broken off" };
  if (end.stop) return { message: stoppedAt(end.stop) };
  if (end.choice && end.choice.index !== null) return { message: chosen(end.choice) };
  return { reason: end.finishReason, maxTokens };
}

function stoppedAt({ text, behind }: StopMatch): string {
  const rest = behind === "" ? "" : `; its last token held ${JSON.stringify(behind)} behind it`;
  return `ended at the stop string ${JSON.stringify(text)}${rest}`;
}

/** The most that was outside in any place: there the model would have written something else. */
function chosen({ outside }: Choice): string {
  const most = Math.max(0, ...outside);
  return `one of the given texts; at most ${formatProbability(most)} of the model's probability was outside them`;
}

/** What the summary does not say already. */
const warningsOf = ({ warnings }: Answer): string[] =>
  warnings
    .filter((warning) => !/^\d+ of \d+ tokens carry a number\.$/.test(warning))
    .map((warning) => `note: ${visible(warning)}`);

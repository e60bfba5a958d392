/** Answers in front of a person: the prompt, and beneath it each answer, coloured, with a line about it. */
import type { ChatMessage } from "../../models/index.ts";
import { formatCount, shorten, visible, wrapWords } from "../../text/index.ts";
import { summaryOf } from "../chat/index.ts";
import { partsOf as errorPartsOf } from "../errors.ts";
import { AnswerScreen, decideBackground, decideColour, PieceStream } from "../render/index.ts";
import type { PromptRow } from "./prompts.ts";
import type { Written } from "./rows.ts";

const WIDTH_WITHOUT_TERMINAL = 80; // columns

/** Shows one after the other, in the order of the prompts. */
export class AnswerList {
  readonly #prompts: number;
  readonly #samples: number;
  readonly #maxTokens: number;
  #shown = -1;

  constructor(prompts: number, samples: number, maxTokens: number) {
    this.#prompts = prompts;
    this.#samples = samples;
    this.#maxTokens = maxTokens;
  }

  answer({ row, sample, answer, records }: Written): void {
    const { stdout } = process;
    this.#head(row, sample);
    const screen = new AnswerScreen({
      stream: stdout,
      colour: decideColour(process.env, stdout),
      background: decideBackground(process.env),
      moves: false,
      status: () => "",
    });
    if (answer.prefill) screen.write([{ text: answer.prefill, bits: null }]);
    const pieces = new PieceStream();
    const encoder = new TextEncoder();
    for (const { part = "answer", bytes, text, logprob } of records)
      if (part === "answer") screen.write(pieces.push(bytes ?? encoder.encode(text), logprob));
    screen.write(pieces.flush());
    screen.end();
    const warnings = answer.warnings.map((warning) => `note: ${visible(warning)}`);
    this.#faint([summaryOf(answer, this.#maxTokens), ...warnings]);
  }

  error(row: PromptRow, sample: number, error: unknown): void {
    this.#head(row, sample);
    const { code, what } = errorPartsOf(error);
    this.#faint([`no answer: ${visible(what)} [${code}]`]);
  }

  #head(row: PromptRow, sample: number): void {
    const { stdout } = process;
    const columns = (stdout.isTTY && stdout.columns) || WIDTH_WITHOUT_TERMINAL;
    if (this.#shown !== row.index) {
      const count =
        this.#prompts > 1 ? `${formatCount(row.index + 1)} of ${formatCount(this.#prompts)}: ` : "";
      const id = row.id === null ? "" : `${row.id}: `;
      const text = visible(`prompt ${count}${id}${shownPrompt(row)}`);
      stdout.write(`${this.#shown < 0 ? "" : "\n"}${this.#bold(shorten(text, columns - 1))}\n`);
      this.#shown = row.index;
    }
    stdout.write(this.#samples > 1 ? `\n${this.#bold(`answer ${sample + 1}`)}\n` : "\n");
  }

  #bold(text: string): string {
    return decideColour(process.env, process.stdout) === "none" ? text : `\u001b[1m${text}\u001b[0m`;
  }

  #faint(lines: readonly string[]): void {
    const { stdout } = process;
    const colour = decideColour(process.env, stdout);
    const columns = stdout.isTTY ? stdout.columns || WIDTH_WITHOUT_TERMINAL : null;
    for (const line of lines.flatMap((each) => wrapWords(each, columns)))
      stdout.write(colour === "none" ? `${line}\n` : `\u001b[2m${line}\u001b[0m\n`);
  }
}

/** The last thing that was said. */
function shownPrompt({ prompt, where }: PromptRow): string {
  const text =
    typeof prompt === "string"
      ? prompt
      : Array.isArray(prompt)
        ? (prompt as ChatMessage[]).at(-1)!.content
        : where;
  return text.replaceAll(/\s+/g, " ");
}

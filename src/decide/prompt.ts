/** From a state and a question to the tokens that a model is asked with, and from an option to those it would answer with. */
import { invalidArgument } from "../core/index.ts";
import type { LanguageModel } from "../models/index.ts";
import type { PreparedOption, PreparedQuestion } from "./question.ts";

/** How options stand in the prompt: not at all; by themselves, a line each; or under letters. */
export type Listing = "none" | "lines" | "letters";

/** The letters of listed options: no more options than letters. */
export const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** What a plain prompt ends with; the answer follows after a space. */
const CUE = "Answer:";
/** Stands for a text in a filled template: letters and digits, which no template rewrites. */
const PLACE = "SURPRISAL0PLACE0HOLDER";

/**
 * What is said of a question: the state (none: what the model says of the question alone), the question, and the options where
 * they are listed.
 * @param shown the options in the order they are listed in.
 */
export function messageOf(
  state: string | null,
  { instructions }: Pick<PreparedQuestion, "instructions">,
  listing: Listing,
  shown: readonly PreparedOption[],
): string {
  const lines = shown.map(
    ({ text, description }, i) =>
      `${listing === "letters" ? `${LETTERS[i]}.` : "-"} ${text}${description === null ? "" : `: ${description}`}`,
  );
  return [...(state === null ? [] : [state, ""]), instructions, ...listed(listing, lines)].join("\n");
}

/** The same with names in braces for what is another one in every question. */
export function frameOf(listing: Listing): string {
  return ["{state}", "", "{question}", ...listed(listing, ["{options}"])].join("\n");
}

const listed = (listing: Listing, lines: readonly string[]): string[] =>
  listing === "none"
    ? []
    : [...lines, listing === "letters" ? "Answer with the letter only." : "Answer with one of these only."];

/** A plain prompt. */
export const plainText = (message: string): string => `${message}\n${CUE}`;

/** Options of `Prompter.of`. */
export interface PromptOptions {
  /** The model is asked through its chat template. Default: where it has one. */
  chat?: boolean | undefined;
  /** What it is told before anything else, in a chat. */
  system?: string | undefined;
  /** What ends an answer; special tokens are read in it. Default: the end of turn of the template, else the end of text. */
  end?: string | undefined;
}

/** Asks one model. */
export class Prompter {
  readonly form: "chat" | "plain";
  /** Tokens that end an answer; none, where the model has none. */
  readonly end: Int32Array;
  readonly #model: LanguageModel;
  readonly #options: PromptOptions;
  /** A state is long, and looked through once for all its questions. */
  #last: { state: string; holds: Promise<boolean> } | null = null;

  private constructor(model: LanguageModel, form: "chat" | "plain", end: Int32Array, options: PromptOptions) {
    this.#model = model;
    this.form = form;
    this.end = end;
    this.#options = options;
  }

  /** @throws SurprisalError INVALID_ARGUMENT for a chat with a model that has no template, and a system without a chat. */
  static async of(model: LanguageModel, options: PromptOptions): Promise<Prompter> {
    const { chat, system, end } = options;
    const has = model.capabilities.chatTemplate;
    if (chat && !has)
      throw invalidArgument(
        `${model.identity.name} has no chat template`,
        "chat",
        "Leave chat out: the prompt is then plain text.",
      );
    const form = (chat ?? has) ? "chat" : "plain";
    if (form === "plain" && system !== undefined)
      throw invalidArgument("A plain prompt has no system message", "system", "Put it into the state.");
    const ids =
      end === undefined
        ? await endOfAnswer(model, form)
        : (await model.tokenize(end, { parseSpecial: true })).ids;
    return new Prompter(model, form, ids, options);
  }

  /** The whole text that the model is given. */
  textOf(message: string): string {
    if (this.form === "plain") return plainText(message);
    const { system } = this.#options;
    const filled = this.#model.applyChatTemplate(
      [
        ...(system === undefined ? [] : [{ role: "system", content: system }]),
        { role: "user", content: message },
      ],
      { addGenerationPrompt: true },
    );
    // An answer must not begin within a thought.
    return /<think>\s*$/.test(filled) ? `${filled.trimEnd()}\n\n</think>\n\n` : filled;
  }

  /** The same with the end of the answer, where another than the model's own was asked for: what a calibration is bound to. */
  wordingOf(message: string): string {
    const { end } = this.#options;
    return `${this.textOf(message)}${end === undefined ? "" : `{answer}${end}`}`;
  }

  /**
   * Tokens of the whole text, with BOS where the tokenizer adds one and the template does not. Special tokens are the template's
   * own: their names in a state or a question are text, so that no letter ends its own turn and begins another.
   * @param state part of the message; `null`: it has none.
   */
  async tokensOf(message: string, state: string | null): Promise<Int32Array> {
    const { bos, addsBos } = this.#model.vocabulary;
    const ids = await this.#promptTokens(message, state);
    return addsBos && bos !== null && ids[0] !== bos ? joined([bos], ids) : ids;
  }

  async #promptTokens(message: string, state: string | null): Promise<Int32Array> {
    const text = this.textOf(message);
    const parseSpecial = this.form === "chat";
    if (!parseSpecial || !(await this.#namesSpecial(message, state)))
      return (await this.#model.tokenize(text, { parseSpecial })).ids;
    const given = message.trim(); // as templates do
    const at = text.lastIndexOf(given);
    if (at < 0)
      throw invalidArgument(
        "The text holds the name of a special token, and the chat template rewrites texts",
        "state",
        "Take the name out of the text, or leave the template out: chat: false (--plain).",
      );
    const [before, behind] = [text.slice(0, at), text.slice(at + given.length)];
    const part = async (each: string) => (await this.#model.tokenize(each, { parseSpecial })).ids;
    return joined(joined(await part(before), await this.#alone(given)), await part(behind));
  }

  async #namesSpecial(message: string, state: string | null): Promise<boolean> {
    if (state === null) return this.#holdsSpecial(message);
    this.#last = this.#last?.state === state ? this.#last : { state, holds: this.#holdsSpecial(state) };
    return (await this.#last.holds) || this.#holdsSpecial(message.replace(state, ""));
  }

  async #holdsSpecial(text: string): Promise<boolean> {
    const [special, plain] = await Promise.all([
      this.#model.tokenize(text, { parseSpecial: true }),
      this.#model.tokenize(text),
    ]);
    return special.ids.length !== plain.ids.length || special.ids.some((id, i) => id !== plain.ids[i]);
  }

  /**
   * Tokens of an answer, with what ends it.
   *
   * In a chat an answer begins after special tokens or a line feed, and is encoded by itself; after a plain prompt it is
   * encoded behind the prompt's last word.
   */
  async answerTokens(text: string, withEnd: boolean): Promise<Int32Array> {
    const own = this.form === "plain" ? await this.#behind(CUE, ` ${text}`) : await this.#alone(text);
    return withEnd ? joined(own, this.end) : own;
  }

  async #alone(text: string): Promise<Int32Array> {
    const { ids } = await this.#model.tokenize(text);
    const bytes = await this.#model.detokenize(ids);
    // SentencePiece puts a space in front of a text, but not behind a line feed.
    return Buffer.compare(bytes, Buffer.from(text)) === 0 ? ids : this.#behind("\n", text);
  }

  async #behind(before: string, text: string): Promise<Int32Array> {
    const { ids, byteOffsets } = await this.#model.tokenize(before + text);
    const at = byteOffsets.indexOf(Buffer.byteLength(before));
    return at >= 0 ? ids.slice(at) : (await this.#model.tokenize(text)).ids;
  }
}

function joined(first: ArrayLike<number>, second: ArrayLike<number>): Int32Array {
  const all = new Int32Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

/** The special token that a template puts behind an assistant's message; else the end of text. */
async function endOfAnswer(model: LanguageModel, form: "chat" | "plain"): Promise<Int32Array> {
  const { eos } = model.vocabulary;
  const standard = eos === null ? new Int32Array(0) : Int32Array.of(eos);
  if (form === "plain") return standard;
  const filled = model.applyChatTemplate(
    [
      { role: "user", content: "Hello" },
      { role: "assistant", content: PLACE },
    ],
    { addGenerationPrompt: false },
  );
  const behind = filled.slice(filled.lastIndexOf(PLACE) + PLACE.length).trimStart();
  if (behind === "") return standard;
  const { ids, byteOffsets } = await model.tokenize(behind, { parseSpecial: true });
  const first = Buffer.from(behind).subarray(0, byteOffsets[1]).toString();
  const plain = await model.tokenize(first);
  const isSpecial = plain.ids.length !== 1 || plain.ids[0] !== ids[0];
  return isSpecial ? ids.slice(0, 1) : standard;
}

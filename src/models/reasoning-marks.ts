/**
 * Thinking that stands in the text itself, between marks: local models write so, and servers without a reasoning parser
 * pass it on. Source: vLLM's reasoning parsers (vllm/reasoning/), openai/harmony.
 */
import type { TokenRecord } from "../core/index.ts";

const ENDS_THINKING = /(^|\n)\s*<\/think>/;
/** White space that an answer may begin with, records: more is no hint of a mark. */
const MOST_HELD = 64;

/** What a model begins its thinking with, and what it ends it with. */
const MARKS: readonly (readonly [opens: string, closes: string])[] = [
  ["<think>", "</think>"], // DeepSeek R1, Qwen, GLM, ...
  ["[THINK]", "[/THINK]"], // Mistral
  ["<seed:think>", "</seed:think>"],
  ["<|START_THINKING|>", "<|END_THINKING|>"], // Cohere
  ["<|channel|>analysis<|message|>", "<|channel|>final<|message|>"], // gpt-oss
  ["<|channel>thought", "<channel|>"], // Gemma 4
];

/** Of a prompt that ends with one, the answer begins inside the thinking. */
function openedBy(prompt: string): string | null {
  const end = prompt.trimEnd();
  return MARKS.find(([opens]) => end.endsWith(opens))?.[1] ?? null;
}

/** Whether a token is nothing but a mark. */
export function isThinkingMark(text: string): boolean {
  return MARKS.some((marks) => marks.includes(text.trim()));
}

/** The text without the marks around it, for people. */
export function withoutThinkingMarks(reasoning: string): string {
  let text = reasoning.trim();
  for (const [opens, closes] of MARKS) {
    if (text.startsWith(opens)) text = text.slice(opens.length);
    const at = text.lastIndexOf(closes);
    if (at >= 0 && text.slice(at + closes.length).trim() === "") text = text.slice(0, at);
  }
  return text.trim();
}

/**
 * Gives the records of thinking between marks their part. Only marks that an answer begins with count, or that its prompt
 * ends with: anywhere else a model may write about them. A record is held back while it may be the beginning of a mark;
 * the marks are of the thinking. A text without a number that a mark ends in the middle of is cut there; a token is not.
 */
export class MarkedReasoning {
  /** What ends the thinking; `null` outside of it. */
  #closes: string | null;
  /** The answer has begun: nothing more is looked for. */
  #answered = false;
  /** The thinking has just ended: white space may stand between it and the answer. */
  #between = false;
  /** May be the beginning of a mark. */
  #held: TokenRecord[] = [];
  /** Text of the thinking in which the closing mark may have begun. */
  #tail = "";
  /** The end of the answer so far. */
  #said = "";
  #fresh = true;

  /** @param prompt what the model was given, as text. */
  constructor(prompt: string = "") {
    this.#closes = openedBy(prompt);
  }

  /**
   * The answer holds the end of a thinking whose beginning it does not hold: the server's template opened it, and what was
   * thought is taken for the answer.
   */
  get endsUnopened(): boolean {
    return ENDS_THINKING.test(this.#said);
  }

  /**
   * Follows several at once. A whole answer that holds the end of a thinking has its beginning too, at its own.
   * @returns the records that are certain now.
   */
  follow(records: readonly TokenRecord[]): TokenRecord[] {
    if (this.#fresh && records.length > 0) {
      this.#fresh = false;
      const text = records.map(({ text }) => text).join("");
      const apart = records.some(({ part }) => part !== undefined);
      if (!apart && ENDS_THINKING.test(text)) this.#closes ??= "</think>";
    }
    return records.flatMap((record) => this.#next(record));
  }

  #next(record: TokenRecord): TokenRecord[] {
    if (record.part !== undefined) {
      this.#answered = true;
      return [...this.flush(), record];
    }
    if (this.#closes !== null) return this.#think(record);
    if (this.#between && record.text.trim() === "") return [{ ...record, part: "reasoning" }];
    this.#between = false;
    if (this.#answered) {
      this.#say(record.text);
      return [record];
    }
    this.#held.push(record);
    const begun = this.#held
      .map(({ text }) => text)
      .join("")
      .trimStart();
    const mark = MARKS.find(([opens]) => begun.startsWith(opens));
    if (mark) {
      this.#closes = mark[1];
      return this.#held.splice(0).flatMap((held) => this.#next(held));
    }
    const mayBe = MARKS.some(([opens]) => opens.startsWith(begun)); // also where there is only white space
    if (mayBe && this.#held.length < MOST_HELD) return [];
    this.#answered = true;
    this.#say(begun);
    return this.flush();
  }

  /** Those held back, when no more come. */
  flush(): TokenRecord[] {
    return this.#held.splice(0);
  }

  #think(record: TokenRecord): TokenRecord[] {
    const closes = this.#closes!;
    const before = this.#tail;
    const text = before + record.text;
    const at = text.indexOf(closes);
    if (at < 0) {
      this.#tail = text.slice(-closes.length);
      return [{ ...record, part: "reasoning" }];
    }
    this.#closes = null;
    this.#answered = true;
    this.#between = true;
    this.#tail = "";
    const end = at + closes.length - before.length; // in the record's text
    const after = record.text.slice(end);
    if (record.logprob === null && record.bytes === undefined && after !== "")
      return [
        { ...record, text: record.text.slice(0, end), part: "reasoning" },
        { ...record, text: after },
      ];
    return [after.trim() === "" ? { ...record, part: "reasoning" } : record];
  }

  /** Keeps the end of what was said, as far as a mark may stand in it; once one is found, that. */
  #say(text: string): void {
    if (!this.endsUnopened) this.#said = (this.#said + text).slice(-Math.max(64, text.length));
  }
}

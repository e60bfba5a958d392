/** Keys to servers: read from the environment, sent to one origin, shown to nobody. */
import { invalidArgument } from "../../core/index.ts";

/** Words that hold as much of a key as this are struck out, characters. Providers quote a key's beginning. */
const TELLTALE = 6;

const HIDDEN = "[key]";

/** A key. However it is printed, its value does not appear. */
export class ApiKey {
  /** The environment variable it was read from, for messages. */
  readonly variable: string;
  readonly #value: string;

  private constructor(variable: string, value: string) {
    this.variable = variable;
    this.#value = value;
  }

  /**
   * The key in an environment variable, or `null` when it is not set.
   * @throws SurprisalError INVALID_ARGUMENT: it holds what no header can carry.
   */
  static fromEnvironment(variable: string, environment: NodeJS.ProcessEnv = process.env): ApiKey | null {
    const value = environment[variable]?.trim();
    if (value && !/^[\x21-\x7e]+$/.test(value))
      throw invalidArgument(
        "The key holds a space, a line break or a letter that no key has",
        variable,
        "Copy it anew; it is one word of plain letters, digits and signs.",
      );
    return value ? new ApiKey(variable, value) : null;
  }

  /** The header that carries it. The only way its value gets out. */
  header(name: string): Record<string, string> {
    return { [name]: name === "authorization" ? `Bearer ${this.#value}` : this.#value };
  }

  /** A text without the key, or a recognisable part of it, in case a server repeats it. */
  redact(text: string): string {
    const value = this.#value;
    const written = [value, encodeURIComponent(value), Buffer.from(value).toString("base64")];
    const whole = written.reduce((rest, form) => rest.replaceAll(form, HIDDEN), text);
    if (value.length < 2 * TELLTALE) return whole;
    const beginning = value.slice(0, TELLTALE);
    return whole.replace(/[^\s"'<>]+/g, (word) => (word.includes(beginning) ? HIDDEN : word));
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }
}

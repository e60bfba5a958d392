/** The same question in other words that ought to make no difference. */
import { invalidArgument } from "../../core/index.ts";

/** Ways of rewording. */
export const REWORDINGS = ["politely", "spaced", "without capitals", "announced"] as const;
/** One of REWORDINGS. */
export type Rewording = (typeof REWORDINGS)[number];

/**
 * A question reworded: "politely" with a please, "spaced" with two spaces for one in its middle, "without capitals" at the
 * beginning of its first word, "announced" as a question. Nothing that it asks for changes: a router's decision ought not to.
 */
export function reworded(question: string, how: Rewording): string {
  switch (how) {
    case "politely":
      return `Please answer: ${question}`;
    case "spaced": {
      const spaces = [...question.matchAll(/ /g)].map(({ index }) => index);
      const at = spaces[Math.floor(spaces.length / 2)] ?? question.length;
      return `${question.slice(0, at)} ${question.slice(at)}`;
    }
    case "without capitals":
      return question.replace(/^\p{Lu}(?=\p{Ll}|\s)/u, (letter) => letter.toLowerCase());
    case "announced":
      return `Question: ${question}`;
    default:
      throw invalidArgument(
        `There is no rewording "${String(how)}"`,
        "how",
        `Give ${REWORDINGS.join(", ")}.`,
      );
  }
}

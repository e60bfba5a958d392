/** Rows of `surprisal generate`: the answers to one prompt become one line with samples. */
import { SurprisalError } from "../../core/index.ts";
import type { GivenLine, Line } from "./lines.ts";

/** Lines in their order; rows of one prompt stand where the first of them stood. */
export function grouped(lines: readonly GivenLine[]): GivenLine[] {
  const rows = new Map<number, GivenLine[]>();
  const kept: (GivenLine | GivenLine[])[] = [];
  for (const given of lines) {
    const { line } = given;
    if (line instanceof SurprisalError || !isGenerated(line)) {
      kept.push(given);
      continue;
    }
    const prompt = line.prompt as number;
    const others = rows.get(prompt);
    if (others) others.push(given);
    else {
      const own = [given];
      rows.set(prompt, own);
      kept.push(own);
    }
  }
  return kept.map((each) => (Array.isArray(each) ? together(each) : each));
}

const isGenerated = ({ type, prompt, sample, text, message }: Line): boolean =>
  Number.isInteger(prompt) &&
  Number.isInteger(sample) &&
  ((type === "answer" && typeof text === "string") || (type === "error" && typeof message === "string"));

function together(rows: readonly GivenLine[]): GivenLine {
  const [first] = rows as [GivenLine];
  const lines = rows.map(({ line }) => line as Line).toSorted((a, b) => Number(a.sample) - Number(b.sample));
  const answers = lines.filter(({ type }) => type === "answer");
  const place = first.place;
  const text = rows.map((row) => row.text).join("\n");
  const [answer] = answers;
  if (answer === undefined) {
    const what = `The line is an error: ${String(lines[0]!.message)}`;
    const wayOut = "Write the answer again: surprisal generate --resume.";
    return {
      line: new SurprisalError({ code: "INVALID_ARGUMENT", what, where: place, wayOut }),
      place,
      text,
    };
  }
  const { id, logprobs } = answer;
  const samples = answers.map(asSample);
  return {
    line: { id, answer: answer.text, logprobs, samples: samples.length > 1 ? samples : undefined },
    place,
    text,
  };
}

/** ln p of the text, where all of its tokens carry a number and no thoughts are among them. */
function asSample({ text, tokens, scored, partial, meanLogprob, reasoning, logprobs }: Line): object {
  if (Array.isArray(logprobs)) return { text, logprobs };
  const whole =
    partial === false && reasoning === null && scored === tokens && typeof meanLogprob === "number";
  return whole ? { text, logprob: meanLogprob * Number(tokens), tokens } : { text };
}

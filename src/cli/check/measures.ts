/** What conditions of `surprisal check` can be about, by the names that people write. */

export type MeasureKey =
  | "perplexity"
  | "bitsPerByte"
  | "bitsPerToken"
  | "bitsPerCharacter"
  | "wordPerplexity"
  | "nll"
  | "perplexityScore"
  | "meanProbability"
  | "accuracy"
  | "accNorm"
  | "accBytes"
  | "tokens";

/** What a check is about. "answer": what a model writes to a prompt. */
export type SubjectKind = "text" | "task" | "answer";

export interface CheckMeasure {
  key: MeasureKey;
  /** Its name, and other spellings; letter case, blanks, - and _ do not matter. */
  names: readonly [string, ...string[]];
  unit: "perplexity" | "bits" | "nats" | "share" | "tokens";
  of: readonly SubjectKind[];
}

// biome-ignore format: one measure a line
const MEASURES: readonly CheckMeasure[] = [
  { key: "perplexity", names: ["perplexity", "ppl"], unit: "perplexity", of: ["text", "task", "answer"] },
  { key: "bitsPerByte", names: ["bits per byte", "bpb"], unit: "bits", of: ["text", "answer"] },
  { key: "bitsPerToken", names: ["bits per token"], unit: "bits", of: ["text", "answer"] },
  { key: "bitsPerCharacter", names: ["bits per character"], unit: "bits", of: ["text", "answer"] },
  { key: "wordPerplexity", names: ["perplexity per word", "word perplexity"], unit: "perplexity", of: ["text", "answer"] },
  { key: "nll", names: ["nll", "loss", "cross entropy"], unit: "nats", of: ["text", "answer"] },
  { key: "perplexityScore", names: ["perplexity score"], unit: "share", of: ["text", "answer"] },
  { key: "meanProbability", names: ["mean probability"], unit: "share", of: ["text", "answer"] },
  { key: "accuracy", names: ["accuracy", "acc"], unit: "share", of: ["task"] },
  { key: "accNorm", names: ["normalised accuracy", "normalized accuracy", "acc norm"], unit: "share", of: ["task"] },
  { key: "accBytes", names: ["accuracy per byte", "acc bytes"], unit: "share", of: ["task"] },
  { key: "tokens", names: ["tokens"], unit: "tokens", of: ["text", "answer"] },
];

/** Of people's names the first of each. */
export const MEASURE_NAMES: readonly string[] = MEASURES.map(({ names: [name] }) => name);

const plain = (name: string): string => name.toLowerCase().replace(/[\s_-]+/gu, "");

export function measureNamed(name: string): CheckMeasure | undefined {
  const wanted = plain(name);
  return MEASURES.find(
    ({ key, names }) => plain(key) === wanted || names.some((one) => plain(one) === wanted),
  );
}

/** A number and one standard error of it; `null` = there is none. */
export interface Measured {
  value: number | null;
  standardError: number | null;
}

export type MeasuredValues = Partial<Record<MeasureKey, Measured>>;

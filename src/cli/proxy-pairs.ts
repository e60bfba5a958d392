/** The texts a proxy is calibrated with: what the other model says of them, given or asked for. */
import { invalidArgument, SurprisalError } from "../core/index.ts";
import type { LanguageModel } from "../models/index.ts";
import { decodeText } from "../text/index.ts";
import { readGiven } from "./input.ts";

/** A text, and its surprisal under the model that is stood for. */
export interface ScoredByOther {
  text: string;
  /** Nats per byte. */
  actual: number;
  /** Bytes that the number is of. */
  bytes: number;
}

/** A line of the file: a text with a number, or a prompt that is to be answered. */
export type PairRow = { where: string } & (ScoredByOther | { prompt: string });

const FORMS =
  'Each line is {"text", "bitsPerByte"}, {"text", "natsPerByte"}, {"text", "totalNll"} or {"prompt"}.';

/** @throws SurprisalError INVALID_ARGUMENT naming the line. */
export async function readPairs(file: string, maxMib?: number): Promise<PairRow[]> {
  const { text } = decodeText(await readGiven(file, { maxMib }), file);
  const rows = text
    .split("\n")
    .map((line, i) => ({ line, where: `${file}:${i + 1}` }))
    .filter(({ line }) => line.trim() !== "");
  if (rows.length === 0)
    throw new SurprisalError({ code: "EMPTY_INPUT", what: "There are no texts", where: file, wayOut: FORMS });
  return rows.map(({ line, where }) => readRow(line, where));
}

function readRow(line: string, where: string): PairRow {
  let row: Record<string, unknown>;
  try {
    row = { ...JSON.parse(line) };
  } catch (cause) {
    throw invalidArgument("The line is not JSON", where, FORMS, cause);
  }
  const { text, prompt } = row;
  if (text === undefined && typeof prompt === "string" && prompt !== "") return { where, prompt };
  if (typeof text !== "string" || text === "") throw invalidArgument("The line has no text", where, FORMS);
  if (/\p{Surrogate}/u.test(text))
    throw invalidArgument("The text holds half a surrogate pair", where, FORMS);
  const bytes = new TextEncoder().encode(text).length;
  const perByte = { natsPerByte: 1, bitsPerByte: Math.LN2, totalNll: 1 / bytes };
  const given = Object.entries(perByte).flatMap(([name, factor]) =>
    typeof row[name] === "number" ? [row[name] * factor] : [],
  );
  if (given.length !== 1 || !(given[0]! >= 0 && given[0]! < Number.POSITIVE_INFINITY))
    throw invalidArgument(
      `The line has ${given.length === 1 ? "a number that is no surprisal" : `${given.length} numbers`}`,
      where,
      FORMS,
    );
  return { where, text, actual: given[0]!, bytes };
}

/**
 * Lets the model answer, and reads its numbers of the answer alone.
 * @throws SurprisalError INVALID_ARGUMENT where some token of the answer has no number, and what generating throws.
 */
export async function answered(
  model: LanguageModel,
  { prompt, where }: { prompt: string; where: string },
  options: { maxTokens: number; temperature: number },
): Promise<ScoredByOther> {
  const given = model.capabilities.chat ? [{ role: "user", content: prompt }] : prompt;
  const decoder = new TextDecoder();
  let [text, nats, bytes, missing] = ["", 0, 0, 0];
  for await (const record of model.generate(given, options)) {
    if ((record.part ?? "answer") !== "answer") continue;
    const own = record.bytes ?? new TextEncoder().encode(record.text);
    text += decoder.decode(own, { stream: true });
    if (record.logprob === null || (record.tokenCount ?? 1) > 1) missing++;
    else {
      nats -= record.logprob;
      bytes += own.length;
    }
  }
  if (bytes === 0 || missing > 0 || !Number.isFinite(nats))
    throw invalidArgument(
      bytes === 0
        ? `${model.identity.name} gives no log-probabilities of its answers`
        : "Some tokens of the answer have no number",
      where,
      'Give texts whose numbers you have from elsewhere: lines of {"text", "bitsPerByte"}.',
    );
  return { text, actual: Math.max(0, nats) / bytes, bytes };
}

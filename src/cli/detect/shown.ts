/** What a page and the rows have of a lift: tokens, sentences, documents; and the answer's tokens as records. */
import { type TokenRecord, tokenRecord } from "../../core/index.ts";
import type { Place, RetrievalLift, SourceDocument } from "../../detect/index.ts";
import type { LanguageModel, ScoredText } from "../../models/index.ts";
import type { LiftSentence, LiftToken, ShownDocument, SpanLift } from "../../report/index.ts";
import { formatCount } from "../../text/index.ts";

/**
 * The tokens of the pass without documents; their texts, joined, are the answer. A character that several tokens make stands in
 * the last of them.
 * @returns `null` where they are not the answer's text
 */
export async function recordsOf(
  model: LanguageModel,
  scored: ScoredText | undefined,
  answer: string,
  lift: RetrievalLift,
): Promise<TokenRecord[] | null> {
  const table = scored?.tokens;
  if (table === undefined || table.length !== lift.tokens.length) return null;
  const piece = await piecesOf(model, table.alternatives?.ids ?? new Int32Array());
  const nothing = new Uint8Array();
  let from = 0;
  const records = lift.tokens.map(({ end }, i): TokenRecord => {
    const next = lift.tokens[i + 1];
    const to = next !== undefined && next.start < end ? from : Math.max(from, end);
    const text = answer.slice(from, to);
    from = to;
    const { bytes: _, ...record } = tokenRecord(table, i, nothing, piece);
    return { ...record, text };
  });
  return from === answer.length ? records : null;
}

async function piecesOf(model: LanguageModel, ids: Int32Array): Promise<(id: number) => Uint8Array> {
  const known = new Map<number, Uint8Array>();
  if (model.capabilities.tokenize)
    for (const id of new Set(ids)) if (id >= 0) known.set(id, await model.detokenize([id]));
  return (id) => known.get(id) ?? new Uint8Array();
}

/** Tokens with their places and numbers; lift where they are those that it was read from. */
export function shownTokens(records: readonly TokenRecord[] | null, lift: RetrievalLift | null): LiftToken[] {
  const fits = lift !== null && records?.length === lift.tokens.length;
  if (records === null || (!fits && lift?.answer.lift != null))
    return (
      lift?.tokens.map(({ start, end, withoutDocuments, lift: own }) => ({
        ...{ start, end, lift: own },
        surprisal: withoutDocuments === null ? null : -withoutDocuments,
      })) ?? []
    );
  let at = 0;
  return records.map(({ text, logprob, entropy, rank, alternatives = [] }, i) => {
    const start = at;
    at += text.length;
    const top = alternatives.flatMap((each) => (each.logprob === null ? [] : [each.logprob]));
    return {
      ...{ start, end: at, surprisal: logprob === null ? null : -logprob },
      lift: fits ? lift.tokens[i]!.lift : null,
      ...(typeof entropy === "number" && { entropy }),
      ...(rank !== undefined && { rank }),
      ...(top.length > 0 && { top }),
    };
  });
}

export const shownSentences = ({ sentences, documents, answer }: RetrievalLift): LiftSentence[] =>
  answer.lift === null
    ? []
    : sentences.map(({ start, end, tokens, lift, byDocument = documents.map(() => null) }) => ({
        ...{ start, end, tokens, lift, byDocument },
      }));

/** What the documents change in each span: sums over the tokens that begin in it, white space apart. */
export function spanLiftsOf(
  answer: string,
  spans: readonly Place[],
  { tokens, documents, answer: whole }: RetrievalLift,
): SpanLift[] {
  if (whole.lift === null) return [];
  const heads = tokens.map(({ start, end }) => {
    const space = answer.slice(start, end).search(/\S/);
    return space < 0 ? end : start + space;
  });
  return spans.map(({ start, end }) => {
    const own = tokens.filter((_, i) => heads[i]! >= start && heads[i]! < end);
    const sum = (values: readonly (number | null)[]): number | null =>
      own.length === 0 || values.includes(null)
        ? null
        : values.reduce((all: number, value) => all + (value ?? 0), 0);
    return {
      lift: sum(own.map(({ lift }) => lift)),
      byDocument: documents.map((_, k) => sum(own.map(({ byDocument }) => byDocument?.[k] ?? null))),
    };
  });
}

/** Documents with what they add to the answer, and what was not read of them. */
export function shownDocuments(
  documents: readonly SourceDocument[],
  lift: RetrievalLift | null,
): ShownDocument[] {
  const { byDocument } = lift?.answer ?? {};
  return documents.map(({ name, text }, i) => {
    const reading = lift?.documents[i];
    const support = byDocument?.[i] ?? null;
    if (reading === undefined) return { name, support, read: null };
    const { duplicateOf, read, unread } = reading;
    if (duplicateOf !== null)
      return {
        name,
        support,
        read: 1,
        note: `The same as ${documents[duplicateOf]?.name ?? "another"}: read once.`,
      };
    const sum = (places: readonly { start: number; end: number }[]) =>
      places.reduce((all, { start, end }) => all + end - start, 0);
    if (unread.length === 0) return { name, support, read: 1 };
    const rest = sum(unread);
    const note =
      read.length === 0
        ? `Nothing of it was read: its ${formatCount(text.length)} characters did not fit, and others were nearer to the answer.`
        : `${formatCount(rest)} of ${formatCount(text.length)} characters were not read: the passages nearest to the answer were chosen.`;
    return { name, support, read: 1 - rest / Math.max(1, text.length), note };
  });
}

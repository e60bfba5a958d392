/**
 * Retrieval lift: ln p(answer | question, documents) - ln p(answer | question), what documents add to the probability of an answer.
 *
 * It is the pointwise mutual information of answer and documents given the question, split over tokens by the chain rule, so that a
 * span's lift is the sum of its tokens' lifts.
 */
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import type { LanguageModel, ModelIdentity, ScoredText } from "../../models/index.ts";
import type { Place, SourceDocument } from "../finding.ts";
import { claimPlaces, complement, partition, sentencePlaces, tokenPlaces, tokensWithin } from "./places.ts";
import { type DocumentOrder, type DocumentReading, type PassageChoice, readDocuments } from "./reading.ts";
import { checkEmbedder, type Embedder } from "./relevance.ts";
import { type Asker, askerOf } from "./wording.ts";

/** What is asked about. */
export interface LiftRequest {
  /** Left out: the documents alone are in front of the answer. */
  question?: string | undefined;
  documents: readonly SourceDocument[];
  answer: string;
}

/** Options of `retrievalLift`. */
export interface LiftOptions {
  /** Also what each document adds (`LiftSpan.byDocument`): one more pass over the answer for each, where there are several. Default false. */
  leaveOneOut?: boolean | undefined;
  /** Through the model's chat template. Default: where it has one, and computes in process. */
  chat?: boolean | undefined;
  /** Order of the documents in the prompt. Default "given". */
  order?: DocumentOrder | undefined;
  /** Chooses passages where not all documents fit. Default: by words (BM25). */
  embedder?: Embedder | undefined;
  /** Tokens of prompt and answer, at most. Default: what the model was trained for, and 8,192 at most. */
  contextTokens?: number | undefined;
  /** Places of the answer that are claims. Default: a rule, see `claimPlaces`. */
  claims?: readonly Place[] | undefined;
  /** Also so many of the most probable tokens of each place, for who reads `onScored`. Default 0. */
  alternatives?: number | undefined;
  /** What the model said in each pass, the one without documents first. */
  onScored?: ((scored: ScoredText) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** A place of the answer, and what the documents changed there. Sums over its tokens, nats; `null`: a number is missing. */
export interface LiftSpan extends Place {
  /** Tokens whose first character is in it. */
  tokens: number;
  /** ln p given question and documents; `null` also where there are no documents. */
  withDocuments: number | null;
  /** ln p given the question alone. */
  withoutDocuments: number | null;
  /** The first minus the second. */
  lift: number | null;
  /**
   * [documents as given] lift with all minus lift without this one; `null` for what was not read. Left out without `leaveOneOut`,
   * unless no more than one document is read.
   */
  byDocument?: readonly (number | null)[] | undefined;
  /** lift - Σ `byDocument`: what several documents say (> 0), or say only together (< 0); 0 where one is read. */
  shared?: number | null | undefined;
}

/** One token. */
export interface TokenLift extends LiftSpan {
  id: number;
}

/** How it was asked: what a lift depends on beside the model. */
export interface LiftRecipe {
  form: "chat" | "plain";
  /** The prompts, {question} and {documents} in their places. */
  wording: { with: string; without: string };
  order: DocumentOrder;
  /** Tokens of prompt and answer that were allowed. */
  contextTokens: number;
  /** `null`: all documents were read whole. */
  passages: PassageChoice | null;
}

/** What it cost. */
export interface LiftPrice {
  /** Tokens run, what prompts share once. */
  tokensRun: number;
  /** Tokens of the answer. */
  answerTokens: number;
  /** How often the answer was run. */
  passes: number;
  /** Milliseconds. */
  ms: number;
}

/** What documents explain of an answer. */
export interface RetrievalLift {
  /** The whole answer. */
  answer: LiftSpan;
  tokens: readonly TokenLift[];
  /** Every token is in one sentence, the nearest before it: their sums are the answer's. */
  sentences: readonly LiftSpan[];
  claims: readonly LiftSpan[];
  /** [documents as given] */
  documents: readonly DocumentReading[];
  /** Why there is no lift, or what was left out, for people. */
  reason?: string | undefined;
  recipe: LiftRecipe;
  model: ModelIdentity;
  price: LiftPrice;
}

/** Contexts beyond this many tokens are asked for (`contextTokens`), since a CPU takes minutes for them. */
const USUAL_CONTEXT = 8192;

/**
 * What the documents change in the probability of an answer, per token, sentence and claim.
 * @throws SurprisalError UNSUPPORTED_CAPABILITY (a model that does not score), CONTEXT_EXCEEDED (question and answer leave no room
 *   for a passage), INVALID_ARGUMENT, ABORTED, and what the model throws
 */
export async function retrievalLift(
  model: LanguageModel,
  { question, documents, answer }: LiftRequest,
  options: LiftOptions = {},
): Promise<RetrievalLift> {
  const began = performance.now();
  const { order = "given", embedder, signal, leaveOneOut = false } = options;
  checkEmbedder(embedder);
  const claims = checkedClaims(options.claims, answer) ?? claimPlaces(answer);
  const contextTokens = checkedContext(options.contextTokens, model);
  const asker = await askerOf(model, question, answer, options.chat);
  const sentences = sentencePlaces(answer);
  const finish = (
    read: Pick<RetrievalLift, "documents">,
    passages: PassageChoice | null,
    passes: Passes,
    reason?: string,
  ) => {
    const { tokens, spanOf } = spansOf(answer, asker, passes, documents.length);
    const all = tokens.map((_, i) => i);
    const parts = partition(answer, tokens, sentences);
    return {
      answer: spanOf({ start: 0, end: answer.length }, all),
      tokens,
      sentences: sentences.map((place, i) => spanOf(place, parts[i]!)),
      claims: claims.map((place) => spanOf(place, tokensWithin(answer, tokens, place))),
      documents: read.documents,
      ...(reason !== undefined && { reason }),
      recipe: { form: asker.form, wording: asker.wording, order, contextTokens, passages },
      model: model.identity,
      price: {
        tokensRun: passes.tokensRun,
        answerTokens: tokens.length,
        passes: passes.count,
        ms: performance.now() - began,
      },
    };
  };
  const unread = documents.map(({ name, text }) => ({
    name,
    duplicateOf: null,
    read: [],
    unread: complement(text, []),
  }));
  if (answer.trim() === "") return finish({ documents: unread }, null, NO_PASSES, "The answer is empty.");
  const needs = { question, answer, order, embedder, most: contextTokens, signal };
  const read = await readDocuments(documents, {
    ...needs,
    lengthOf: asker.lengthOf,
    model: model.identity.name,
  });
  const passes = await run(model, asker, read.shown, { ...options, leaveOneOut });
  const reason = read.shown.length === 0 ? "There are no documents." : undefined;
  return finish(read, read.choice, passes, reason);
}

/** What the model said of the answer's tokens, pass by pass. */
interface Passes {
  ids: Int32Array;
  byteOffsets: Uint32Array;
  without: Float64Array;
  /** `null`: no documents. */
  with: Float64Array | null;
  /** Of each document that is read, by its number: without that one; `null`: not asked. */
  leaving: Map<number, Float64Array> | null;
  count: number;
  tokensRun: number;
}

const NOTHING = new Float64Array(0);
const NO_PASSES: Passes = {
  ids: new Int32Array(0),
  byteOffsets: new Uint32Array(1),
  without: NOTHING,
  with: null,
  leaving: null,
  count: 0,
  tokensRun: 0,
};

/** All passes are one list of requests, so that what their prompts share is run once. */
async function run(
  model: LanguageModel,
  asker: Asker,
  shown: readonly { document: number; text: string }[],
  { leaveOneOut, alternatives, onScored, signal }: LiftOptions,
): Promise<Passes> {
  const texts = shown.map(({ text }) => text);
  const leaves = leaveOneOut === true && shown.length > 1;
  const sets = [
    null,
    ...(texts.length > 0 ? [texts] : []),
    ...(leaves ? shown.map((_, left) => texts.filter((_, i) => i !== left)) : []),
  ];
  const requests = [];
  for (const set of sets) requests.push(await asker.request(set));
  const answers: ScoredText[] = [];
  for await (const scored of model.score(requests, { alternatives, signal })) {
    answers.push(scored);
    onScored?.(scored);
  }
  const [first] = answers as [ScoredText];
  for (const { tokens } of answers)
    if (!sameTokens(tokens, first.tokens))
      throw new SurprisalError({
        code: "UNSUPPORTED_CAPABILITY",
        what: "This model cut the answer into other tokens behind another prompt, so the two cannot be compared token by token",
        where: model.identity.name,
        wayOut: "Use a model in process, or a server with a tokenizer.",
      });
  const logprobs = answers.map(({ tokens }) => Float64Array.from(tokens.logprobs));
  const [without, all, ...left] = logprobs as [Float64Array, ...Float64Array[]];
  const leaving = new Map(shown.map(({ document }, i) => [document, leaves ? left[i]! : without]));
  return {
    ids: Int32Array.from(first.tokens.ids),
    byteOffsets: Uint32Array.from(first.tokens.byteOffsets),
    without,
    with: all ?? null,
    leaving: all && (leaves || shown.length === 1) ? leaving : null,
    count: answers.length,
    tokensRun: answers.reduce((sum, { tokensRun }) => sum + tokensRun, 0),
  };
}

type Tokens = ScoredText["tokens"];
const sameTokens = (a: Tokens, b: Tokens): boolean =>
  a.length === b.length &&
  a.byteOffsets.every((offset, i) => offset === b.byteOffsets[i]) &&
  a.ids.every((id, i) => id === b.ids[i]);

/** Tokens with their places, and spans of them. */
function spansOf(answer: string, asker: Asker, passes: Passes, documents: number) {
  const { ids, byteOffsets, without, leaving } = passes;
  const places = tokenPlaces(answer, byteOffsets, asker.before);
  const total = (column: Float64Array | null, of: readonly number[]): number | null =>
    column && of.length > 0 ? known(of.reduce((sum, i) => sum + column[i]!, 0)) : null;
  const spanOf = ({ start, end }: Place, of: readonly number[]): LiftSpan => {
    const [withDocuments, withoutDocuments] = [total(passes.with, of), total(without, of)];
    const lift = difference(withDocuments, withoutDocuments);
    const span = { start, end, tokens: of.length, withDocuments, withoutDocuments, lift };
    if (!leaving) return span;
    const byDocument = Array.from({ length: documents }, (_, d) =>
      difference(withDocuments, total(leaving.get(d) ?? null, of)),
    );
    const sum = byDocument.reduce((all: number, own) => all + (own ?? 0), 0);
    return { ...span, byDocument, shared: lift === null ? null : known(lift - sum) };
  };
  const tokens = places.map((place, i): TokenLift => ({ ...spanOf(place, [i]), id: ids[i]! }));
  return { tokens, spanOf };
}

const known = (value: number): number | null => (Number.isNaN(value) ? null : value);
const difference = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? null : known(a - b);

function checkedContext(asked: number | undefined, { trainedContext }: LanguageModel): number {
  const most = trainedContext ?? Number.POSITIVE_INFINITY;
  if (asked === undefined) return Math.min(most, USUAL_CONTEXT);
  if (!Number.isSafeInteger(asked) || asked < 1)
    throw invalidArgument(
      `${asked} tokens are no context`,
      "contextTokens",
      "Give a whole number, at least 1.",
    );
  return Math.min(most, asked);
}

function checkedClaims(claims: readonly Place[] | undefined, answer: string): readonly Place[] | undefined {
  for (const { start, end } of claims ?? [])
    if (
      !(
        Number.isSafeInteger(start) &&
        Number.isSafeInteger(end) &&
        0 <= start &&
        start <= end &&
        end <= answer.length
      )
    )
      throw invalidArgument(
        `[${start}, ${end}) is no place in an answer of ${answer.length} code units`,
        "claims",
        "Give places as String.prototype.slice takes them.",
      );
  return claims;
}

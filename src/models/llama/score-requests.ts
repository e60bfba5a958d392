/** Scoring continuations given contexts, every shared prefix once. */
import { emptyTable, SurprisalError } from "../../core/index.ts";
import type { ModelIdentity, ScoredText, ScoreOptions, ScoreRequest, TextOrIds } from "../language-model.ts";
import type { LlamaContext } from "./context.ts";
import { PathOwners, type PrefixSchedule, schedulePrefixes } from "./prefix-schedule.ts";
import type { RowReader } from "./row-reader.ts";
import type { LlamaVocabulary } from "./vocabulary.ts";

/** A request as ids. `input` is what is run: context and continuation without the last token. */
export interface EncodedRequest {
  input: Int32Array;
  /** Tokens of the context. The continuation's first token is predicted by input[contextLength - 1]. */
  contextLength: number;
  continuation: Int32Array;
  byteOffsets: Uint32Array;
  /** Continuation tokens before this index have nothing to be predicted from. */
  firstScored: number;
}

/**
 * Encodes a request as lm-eval does (`_encode_pair`): white space at the end of the context belongs to the
 * continuation, both are encoded together, and what goes beyond the context's own encoding is the continuation.
 */
export async function encodeRequest(
  request: ScoreRequest,
  index: number,
  vocabulary: LlamaVocabulary,
): Promise<EncodedRequest> {
  const pair = await encodePair(request.context, request.continuation, index, vocabulary);
  if (pair.continuation.length === 0)
    throw new SurprisalError({
      code: "NOTHING_TO_SCORE",
      what: "The continuation has no tokens",
      where: `request ${index}`,
      wayOut: "Give a continuation of at least one token.",
    });
  let { context } = pair;
  let firstScored = 0;
  if (context.length === 0) {
    const prefix = vocabulary.bos ?? vocabulary.eos;
    if (prefix === null || pair.continuation[0] === prefix) firstScored = 1;
    else context = Int32Array.of(prefix);
  }
  const all = new Int32Array(context.length + pair.continuation.length);
  all.set(context);
  all.set(pair.continuation, context.length);
  return {
    input: all.subarray(0, Math.max(all.length - 1, 0)),
    contextLength: context.length,
    continuation: pair.continuation,
    byteOffsets: pair.byteOffsets,
    firstScored,
  };
}

interface EncodedPair {
  context: Int32Array;
  continuation: Int32Array;
  byteOffsets: Uint32Array;
}

async function encodePair(
  context: TextOrIds,
  continuation: TextOrIds,
  index: number,
  vocabulary: LlamaVocabulary,
): Promise<EncodedPair> {
  if (typeof context === "string" && typeof continuation === "string") {
    const trimmed = context.trimEnd();
    const whole = await vocabulary.tokenize(context + continuation, { addSpecial: true });
    const added = vocabulary.addsBos ? 1 : 0;
    const head = (await vocabulary.tokenize(trimmed, { addSpecial: true })).ids.length;
    const split = trimmed === "" ? added : Math.min(head, whole.ids.length);
    const start = whole.byteOffsets[split]!;
    return {
      context: whole.ids.slice(0, split),
      continuation: whole.ids.slice(split),
      byteOffsets: whole.byteOffsets.slice(split).map((offset) => offset - start),
    };
  }
  if (typeof context === "string" || typeof continuation === "string")
    throw new SurprisalError({
      code: "INVALID_ARGUMENT",
      what: "Context and continuation are of different kinds",
      where: `request ${index}`,
      wayOut: "Give both as strings or both as token ids.",
    });
  for (const id of [...Array.from(context), ...Array.from(continuation)])
    if (!Number.isInteger(id) || id < 0 || id >= vocabulary.size)
      throw new SurprisalError({
        code: "INVALID_ARGUMENT",
        what: `${id} is not a token id of this model (0 ... ${vocabulary.size - 1})`,
        where: `request ${index}`,
      });
  const ids = Int32Array.from(continuation);
  const byteOffsets = new Uint32Array(ids.length + 1);
  for (let i = 0; i < ids.length; i++)
    byteOffsets[i + 1] = byteOffsets[i]! + vocabulary.piece(ids[i]!).length;
  return { context: Int32Array.from(context), continuation: ids, byteOffsets };
}

/** A number to read: the prediction of target `target` of request `request`. */
interface Read {
  request: number;
  target: number;
}

/**
 * Runs the prefix tree of `requests` and yields the answers in the order of the requests, each as soon as it and
 * all before it are complete.
 * @param context with room for the longest input plus one batch; its contents are dropped.
 */
export async function* scoreEncoded(
  context: LlamaContext,
  reader: RowReader,
  requests: readonly EncodedRequest[],
  model: ModelIdentity,
  eos: number | null,
  firstIndex: number,
  { alternatives: k = 0, signal }: ScoreOptions,
): AsyncGenerator<ScoredText> {
  const inputs = requests.map((request) => request.input);
  const schedule = schedulePrefixes(inputs, context.room, context.shape.sequences - 1);
  const reads = placeReads(schedule, inputs, requests);
  const tables = requests.map((request) => emptyTable(request.continuation, request.byteOffsets, k));
  const remaining = requests.map((request) => request.continuation.length - request.firstScored);
  const added = new Int32Array(requests.length);
  for (let p = 0; p < schedule.order.length; p++)
    added[schedule.order[p]!] = inputs[schedule.order[p]!]!.length - schedule.shared[p]!;

  context.clear();
  let next = 0;
  const answer = (): ScoredText => ({
    index: firstIndex + next,
    ...totals(tables[next]!.logprobs, tables[next]!.ranks, requests[next]!.firstScored),
    tokens: tables[next]!,
    tokensRun: added[next]!,
    provenance: {
      model,
      probabilities: "raw",
      eosCounted: eos !== null && requests[next]!.continuation.includes(eos, requests[next]!.firstScored),
    },
  });
  for (let b = 0; b < schedule.batches.length; b++) {
    const outputs = fillBatch(context, schedule, b, inputs, reads);
    await context.decode(signal);
    for (const [row, list] of outputs.entries()) {
      for (const [i, { request, target }] of list.entries()) {
        const token = requests[request]!.continuation[target]!;
        if (i === 0) reader.read(context.row(row), token, tables[request]!, target, k);
        else reader.readAgain(token, tables[request]!, target, k);
        remaining[request]!--;
      }
    }
    for (; next < requests.length && remaining[next] === 0; next++) yield answer();
  }
  for (; next < requests.length; next++) yield answer();
}

/** [paths] reads by position, each at the path that runs the token whose output is read. */
type ReadsByPosition = Map<number, Read[]>[];

function placeReads(
  { order, shared }: PrefixSchedule,
  inputs: readonly Int32Array[],
  requests: readonly EncodedRequest[],
): ReadsByPosition {
  const reads: ReadsByPosition = Array.from(order, () => new Map());
  const owners = new PathOwners();
  for (let p = 0; p < order.length; p++) {
    const request = order[p]!;
    const { contextLength, continuation, firstScored } = requests[request]!;
    owners.visit(p, shared[p]!, inputs[request]!.length);
    for (let target = firstScored; target < continuation.length; target++) {
      const position = contextLength + target - 1;
      const atOwner = reads[owners.owner(position)]!;
      const list = atOwner.get(position);
      if (list) list.push({ request, target });
      else atOwner.set(position, [{ request, target }]);
    }
  }
  return reads;
}

/** Prepares the cache and the batch; returns, per output row, what is read from it. */
function fillBatch(
  context: LlamaContext,
  { order, shared, batches }: PrefixSchedule,
  index: number,
  inputs: readonly Int32Array[],
  reads: ReadsByPosition,
): Read[][] {
  const { keep, segments } = batches[index]!;
  const lastOfBefore = index === 0 ? 0 : batches[index - 1]!.segments.length;
  keepTrunk(context, lastOfBefore, keep);
  const outputs: Read[][] = [];
  for (const [s, { path, from, to, inherited }] of segments.entries()) {
    if (inherited > 0) context.share(0, s + 1, inherited);
    // Later segments of this batch that continue this one's tokens: their sequences share the cells.
    const sharers: { sequence: number; upTo: number }[] = [];
    for (let r = s + 1, upTo = to; r < segments.length; r++) {
      for (let p = segments[r - 1]!.path + 1; p <= segments[r]!.path; p++) upTo = Math.min(upTo, shared[p]!);
      if (upTo <= from) break;
      sharers.push({ sequence: r + 1, upTo });
    }
    const tokens = inputs[order[path]!]!;
    for (let position = from; position < to; position++) {
      while (sharers.length > 0 && sharers.at(-1)!.upTo <= position) sharers.pop();
      const list = reads[path]!.get(position);
      const sequences = [s + 1, ...sharers.map((sharer) => sharer.sequence)];
      context.add(tokens[position]!, position, sequences, list !== undefined);
      if (list) outputs.push(list);
    }
  }
  return outputs;
}

/** Leaves only tokens [0, keep) of sequence `last` in the cache, as sequence 0. */
function keepTrunk(context: LlamaContext, last: number, keep: number): void {
  if (keep === 0) {
    context.clear();
    return;
  }
  context.keepOnly(last);
  context.share(last, 0, keep);
  context.remove(last, 0);
}

function totals(
  logprobs: Float64Array,
  ranks: Int32Array,
  firstScored: number,
): { logprob: number | null; greedy: boolean | null } {
  if (firstScored >= logprobs.length) return { logprob: null, greedy: null };
  let logprob = 0;
  let greedy = true;
  for (let i = firstScored; i < logprobs.length; i++) {
    logprob += logprobs[i]!;
    greedy &&= ranks[i] === 1;
  }
  return { logprob, greedy };
}

/** Scoring continuations given contexts, every shared prefix once. */
import { emptyTable, type TokenTable } from "../../core/index.ts";
import type { EncodedRequest } from "../encode-request.ts";
import type { LanguageModel, ScoredText, ScoreOptions } from "../language-model.ts";
import type { LlamaContext } from "./context.ts";
import { PathOwners, type PrefixSchedule, schedulePrefixes } from "./prefix-schedule.ts";
import type { RowRead, RowReader } from "./row-reader.ts";

/** A number to read: the prediction of target `target` of request `request`. */
interface Read {
  request: number;
  target: number;
}

/**
 * Runs the prefix tree of `requests` and yields the answers in the order of the requests, each as soon as it and
 * all before it are complete.
 * @param context with room for the longest input plus one batch; its contents are dropped.
 * @param share whether its memory can share the beginnings of sequences.
 * @param indices [requests] what the answers are numbered by.
 */
export async function* scoreEncoded(
  context: LlamaContext,
  share: boolean,
  reader: RowReader,
  requests: readonly EncodedRequest[],
  { identity, settings }: Pick<LanguageModel, "identity" | "settings">,
  eos: number | null,
  indices: readonly number[],
  { alternatives: k = 0, signal }: ScoreOptions,
): AsyncGenerator<ScoredText> {
  const inputs = requests.map((request) => request.input);
  const schedule = schedulePrefixes(inputs, context.room, context.shape.sequences - 1, share);
  const reads = placeReads(schedule, inputs, requests);
  const tables = requests.map((request) => emptyTable(request.continuation, request.byteOffsets, k));
  const remaining = requests.map((request) => request.continuation.length - request.firstScored);
  const added = new Int32Array(requests.length);
  for (let p = 0; p < schedule.order.length; p++)
    added[schedule.order[p]!] = inputs[schedule.order[p]!]!.length - schedule.shared[p]!;

  context.clear();
  let next = 0;
  const answer = (): ScoredText => ({
    index: indices[next]!,
    ...totals(tables[next]!),
    tokens: tables[next]!,
    border: requests[next]!.border,
    tokensRun: added[next]!,
    provenance: {
      model: identity,
      settings,
      probabilities: "raw",
      eosCounted: eos !== null && requests[next]!.continuation.includes(eos, requests[next]!.firstScored),
    },
  });
  for (let b = 0; b < schedule.batches.length; b++) {
    const outputs = fillBatch(context, schedule, b, inputs, reads);
    await context.decode(signal);
    const alone: RowRead[] = [];
    for (const [row, list] of outputs.entries()) {
      for (const [i, { request, target }] of list.entries()) {
        const read = {
          logits: context.row(row),
          token: requests[request]!.continuation[target]!,
          columns: tables[request]!,
          index: target,
        };
        if (list.length === 1) alone.push(read);
        else if (i === 0) reader.read(read.logits, read.token, read.columns, read.index, k);
        else reader.readAgain(read.token, read.columns, read.index, k);
        remaining[request]!--;
      }
    }
    reader.readAll(alone, k);
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

function totals({ logprobs, ranks }: TokenTable): { logprob: number | null; greedy: boolean | null } {
  const logprob = logprobs.reduce((sum, value) => sum + value, 0); // NaN when one is missing
  return Number.isNaN(logprob)
    ? { logprob: null, greedy: null }
    : { logprob, greedy: ranks.every((rank) => rank === 1) };
}

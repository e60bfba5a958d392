/**
 * What comes out of Redis is a stranger's until it has the shape that it must have: whoever reaches the Redis can write there.
 * A message that has not is `null` here, and dropped; a worker that is dishonest with well-formed numbers cannot be noticed.
 */
import type { TokenRange, WindowPlan, WindowStep } from "../../core/index.ts";
import { visible } from "../../text/index.ts";
import type { Answer, Offer, Over, SharedLoad } from "./protocol.ts";
import type { WirePart, WireProgress, WireScore, WireShard, WireShardScore } from "./wire.ts";

/** Longest message in a channel, characters: an offer has a few hundred. */
export const MOST_MESSAGE: number = 2 ** 18;
/** Tokens of a document. */
const MOST_TOKENS = 2 ** 27;
const MOST_PARTS = 2 ** 12;
/** Ids in front of a window: BOS. */
const LONGEST_PREFIX = 16;
const MOST_SLOTS = 2 ** 16;
const MOST_LEASE_MS = 86_400_000;
const LONGEST_NAME = 500;
const LONGEST_TEXT = 5000;
const MOST_SETTINGS = 100;

type Fields = Readonly<Record<string, unknown>>;

/** Names of runs: 8 random bytes, so that no name from outside reaches another key of Redis. */
export const isRunName = (value: unknown): value is string =>
  typeof value === "string" && /^[\da-f]{16}$/.test(value);

/** Names of shards, as the coordinator numbers them. */
export const isShardName = (value: unknown): value is string =>
  typeof value === "string" && /^shard-\d{1,15}$/.test(value);

/** The run that something is said of, whatever else is said; `null`: none. */
export const runOf = (value: unknown): string | null =>
  isFields(value) && isRunName(value.run) ? value.run : null;

/** What coordinators say; a type of a version to come is `null` too. */
export function readOffer(value: unknown): Offer | Over | null {
  if (!isFields(value) || !isRunName(value.run)) return null;
  if (value.type === "over") return { type: "over", run: value.run };
  if (value.type !== "offer") return null;
  const { run, leaseMs } = value;
  const [version, model, load, settings] = [
    shortText(value.version, LONGEST_NAME),
    readModel(value.model),
    readLoad(value.load),
    readSettings(value.settings),
  ];
  if (version === null || !model || !load || !settings || !isWhole(leaseMs, 1, MOST_LEASE_MS)) return null;
  return { type: "offer", run, version, model, load, settings, leaseMs };
}

function readModel(value: unknown): Offer["model"] | null {
  if (!isFields(value)) return null;
  const { sha256, reference } = value;
  const name = shortText(value.name, LONGEST_NAME);
  const isModel = typeof sha256 === "string" && /^[\da-f]{64}$/.test(sha256) && name !== null;
  return isModel && typeof reference === "string" && reference.length <= LONGEST_TEXT
    ? { name, sha256, reference }
    : null;
}

const LOAD = ["device", "batchSize", "cacheType", "flashAttention", "exact", "repack"] as const;

/** Only what is known of; loading looks at the values. */
function readLoad(value: unknown): SharedLoad | null {
  if (!isFields(value)) return null;
  const known = LOAD.filter((name) => value[name] !== undefined).map((name) => [name, value[name]] as const);
  return known.every(([, each]) => isSetting(each)) ? (Object.fromEntries(known) as SharedLoad) : null;
}

function readSettings(value: unknown): Offer["settings"] | null {
  if (!isFields(value)) return null;
  const entries = Object.entries(value);
  const fit =
    entries.length <= MOST_SETTINGS &&
    entries.every(([name, each]) => name.length <= LONGEST_NAME && isSetting(each));
  return fit ? (Object.fromEntries(entries) as Offer["settings"]) : null;
}

/**
 * Why a worker does not look for a model under the name that a run gives it; `null`: it may. A model of a path is read
 * whole for its sha256, so only what can be a model is.
 */
export function referenceFault(reference: string): string | null {
  if (visible(reference) !== reference) return "its name has characters that cannot be seen";
  if (/^(hf|pypi):/.test(reference) || !/[/\\]|\.gguf$/i.test(reference)) return null;
  const parts = reference.split(/[/\\]/);
  if (!/\.gguf$/i.test(reference) || /^([a-z][a-z0-9+-]+:|~)/i.test(reference) || parts.includes(".."))
    return "a run may name a path that ends with .gguf and has no ..";
  return /^[/\\]+(dev|proc|sys)[/\\]/i.test(reference) ? "there are no models in that folder" : null;
}

const isSetting = (value: unknown): value is string | number | boolean =>
  typeof value === "boolean" ||
  (typeof value === "number" && Number.isFinite(value)) ||
  (typeof value === "string" && value.length <= LONGEST_NAME);

const STATES: readonly unknown[] = ["loading", "working", "refused", "gone"] satisfies Answer["state"][];

/** What workers say. */
export function readAnswer(value: unknown): Answer | null {
  if (!isFields(value)) return null;
  const { worker, state, slots } = value;
  const name = shortText(value.name, LONGEST_NAME);
  const reason = value.reason === null ? null : shortText(value.reason, LONGEST_TEXT);
  const isWorker = typeof worker === "string" && worker.length > 0 && worker.length <= LONGEST_NAME;
  if (!isWorker || name === null || !STATES.includes(state) || !isWhole(slots, 0, MOST_SLOTS)) return null;
  if (reason === null && value.reason !== null) return null;
  const { shards } = value;
  if (!Array.isArray(shards) || shards.length > MOST_SLOTS || !shards.every(isShardName)) return null;
  return { worker, name, state: state as Answer["state"], slots, reason, shards };
}

/** A shard as it was put into the queue. */
export function readShard(value: unknown): WireShard | null {
  if (!isFields(value) || !Array.isArray(value.parts)) return null;
  const { parts, check } = value;
  if (parts.length === 0 || parts.length > MOST_PARTS || !parts.every(isPart)) return null;
  if (parts.length > 1 && parts.some(({ plan }) => plan.steps.length !== 1)) return null;
  return isCheck(check) ? { parts, check } : null;
}

const isCheck = (value: unknown): value is string => typeof value === "string" && /^[\da-f]{16}$/.test(value);

function isPart(value: unknown): value is WirePart {
  if (!isFields(value)) return false;
  const { documentIndex, base, ids, plan, range } = value;
  if (!isWhole(documentIndex, 0) || !isWhole(base, 0)) return false;
  const bytes = bytesOfBase64(ids);
  if (bytes === null || bytes % 4 !== 0 || bytes / 4 > MOST_TOKENS) return false;
  return isPlan(plan, bytes / 4) && isRange(range, 0, bytes / 4) && coversOf(plan, range);
}

const METHODS: readonly unknown[] = [
  "disjoint",
  "strided",
  "half",
  "cached",
  "full",
] satisfies WindowPlan["method"][];

function isPlan(value: unknown, tokens: number): value is WindowPlan {
  if (!isFields(value) || !METHODS.includes(value.method) || value.tokens !== tokens) return false;
  const { context, steps } = value;
  if (!isWhole(context, 1, MOST_TOKENS) || !Array.isArray(steps)) return false;
  if (steps.length === 0 || steps.length > tokens) return false;
  return steps.every((step) => isStep(step, tokens, context)) && fitTogether(steps, context);
}

/** What is kept never passes the context, and no token is scored twice. */
function fitTogether(steps: readonly WindowStep[], context: number): boolean {
  let [kept, scored] = [0, 0];
  for (const [i, { forget, prefix, run, score }] of steps.entries()) {
    if (forget === "all") kept = 0;
    else if (i === 0)
      return false; // a shard knows nothing of others
    else if (forget !== "none") {
      if (forget.end > kept) return false;
      kept -= forget.end - forget.start;
    }
    const added = prefix.length + run.end - run.start;
    kept += added;
    if (added === 0 || kept > context || score.start < scored || score.end <= score.start) return false;
    scored = score.end;
  }
  return true;
}

function isStep(value: unknown, tokens: number, context: number): value is WindowStep {
  if (!isFields(value)) return false;
  const { forget, prefix, run, overwriteFirst, score } = value;
  const forgets = forget === "all" || forget === "none" || isRange(forget, 0, context);
  const hasPrefix = Array.isArray(prefix) && prefix.length <= LONGEST_PREFIX && prefix.every(isId);
  if (!forgets || !hasPrefix || !(overwriteFirst === null || isId(overwriteFirst))) return false;
  if (!isRange(run, 0, tokens) || !isRange(score, 0, tokens)) return false;
  return score.start >= run.start && score.end <= run.end + 1;
}

/** The tokens that get a number are those that the steps score. */
function coversOf({ steps }: WindowPlan, { start, end }: TokenRange): boolean {
  return steps[0]!.score.start === start && steps.at(-1)!.score.end === end;
}

/** A worker's numbers, before they are compared with the shard that they are for. */
export function readScore(value: unknown): WireShardScore | null {
  if (!isFields(value) || !Array.isArray(value.parts)) return null;
  const { parts, tokensRun, check } = value;
  const fits = parts.length <= MOST_PARTS && parts.every(isScore) && isWhole(tokensRun, 0) && isCheck(check);
  return fits ? { parts, tokensRun, check } : null;
}

const isScore = (value: unknown): value is WireScore =>
  isFields(value) &&
  isWhole(value.documentIndex, 0) &&
  isWhole(value.start, 0) &&
  bytesOfBase64(value.columns) !== null;

/** What a worker says of a shard under way. */
export function readProgress(value: unknown): WireProgress | null {
  if (!isFields(value)) return null;
  const { start, logprobs, tokensRun } = value;
  const bytes = bytesOfBase64(logprobs);
  const fits = bytes !== null && bytes % 8 === 0 && isWhole(start, 0) && isWhole(tokensRun, 0);
  return fits ? { start, logprobs: logprobs as string, tokensRun } : null;
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isWhole = (value: unknown, least: number, most: number = Number.MAX_SAFE_INTEGER): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most;

const isId = (value: unknown): value is number => isWhole(value, 0, 2 ** 31 - 1);

const isRange = (value: unknown, least: number, most: number): value is TokenRange =>
  isFields(value) && isWhole(value.start, least, most) && isWhole(value.end, value.start, most);

/** A text for people, safe to show; `null`: it is none, or too long. */
const shortText = (value: unknown, longest: number): string | null =>
  typeof value === "string" && value.length <= longest ? visible(value) : null;

/** Bytes that a text in base64 stands for; `null`: it is none. */
function bytesOfBase64(value: unknown): number | null {
  if (typeof value !== "string" || value.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(value))
    return null;
  const padding = value.endsWith("==") ? 2 : value.endsWith("=") ? 1 : 0;
  return (value.length / 4) * 3 - padding;
}

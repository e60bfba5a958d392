/** What a server really gives, against what it says it gives. */
import { SurprisalError, type TokenRecord } from "../../core/index.ts";
import { generationOf } from "../generation.ts";
import type { GenerationEnd, Prompt } from "../language-model.ts";
import { proveAlignment } from "./alignment-proof.ts";
import { Asking } from "./asking.ts";
import type { DialectName } from "./dialects.ts";
import { type Endpoint, type OpenAIOptions, openEndpoint, unprovable } from "./endpoint.ts";
import { promptNumbers } from "./prompt-numbers.ts";
import { writeTokens } from "./writing.ts";

/** One thing a server may do. */
export interface Finding {
  /** What its API says; `null` = nothing. */
  claimed: boolean | number | null;
  /** What it did; `null` = it was not asked. */
  found: boolean | number | null;
  /** What was seen, for people. */
  seen: string;
}

/** What a server really gives, beside what it says. */
export interface ProbeReport {
  /** Address of the API. */
  address: string;
  dialect: DialectName;
  /** The dialect's name for people, and what gave the server away. */
  server: string;
  evidence: string;
  /** Model that was asked, and all that are listed. */
  model: string;
  models: readonly string[];
  /** Numbers of what it writes, in answer to a chat. */
  chat: Finding;
  /** Numbers of what it writes, after a text. */
  text: Finding;
  /** Most alternatives per token. */
  alternatives: Finding;
  /** It says how many tokens it wrote. */
  counts: Finding;
  /** Numbers of a prompt, proven to be those of their tokens. */
  prompt: Finding;
  /** Its tokenizer can be asked. */
  tokenize: Finding;
}

const CHAT = [{ role: "user", content: "Count from one to ten, in words." }];
const TEXT = "One, two, three,";
/** Tokens that are written to see whether they carry numbers. */
const TOKENS = 6;
/** Numbers of alternatives to try, besides what the server says. */
const ALTERNATIVES = [100, 20, 10, 8, 5, 1];

const reports = new Map<string, Promise<ProbeReport>>();

/**
 * Asks a server a few short questions, once per process.
 * @param address `http://host:port/v1#model`.
 * @throws SurprisalError SERVER_UNREACHABLE, UNAUTHORIZED, UNKNOWN_MODEL, ...
 */
export function probe(address: string | URL, options: OpenAIOptions = {}): Promise<ProbeReport> {
  const name = `${address} ${options.model ?? ""} ${options.dialect ?? ""}`;
  const before = reports.get(name);
  if (before) return before;
  const probing = examine(address, options);
  reports.set(name, probing);
  probing.catch(() => reports.delete(name)); // may be tried again
  return probing;
}

async function examine(address: string | URL, options: OpenAIOptions): Promise<ProbeReport> {
  const endpoint = await openEndpoint(address, { ...options, prove: false });
  const { client, dialect, detected, identity, tokenizer } = endpoint;
  const { signal } = options;
  const trial = new Trial(endpoint, signal);
  const chat = await trial.write(CHAT, 0);
  const text = dialect.text ? await trial.write(TEXT, 0) : null;
  return {
    address: client.name,
    dialect: dialect.name,
    server: dialect.title,
    evidence: detected?.evidence ?? "the dialect was given",
    model: identity.name,
    models: detected?.models.map(({ id }) => id) ?? [],
    chat: numbersFinding(chat),
    text: text ? numbersFinding(text) : { claimed: false, found: null, seen: "it takes chats only" },
    alternatives: await alternativesFinding(
      trial,
      endpoint,
      [chat, text].some((written) => written?.scored),
    ),
    counts: countsFinding([chat, text]),
    prompt: await promptFinding(endpoint, signal),
    tokenize: tokenizeFinding(endpoint, tokenizer ? await tokenizer.tokenize(TEXT) : null),
  };
}

/** What came of letting the server write. */
interface Written {
  records: TokenRecord[];
  end: GenerationEnd | null;
  scored: number;
  error: SurprisalError | null;
}

class Trial {
  readonly #endpoint: Endpoint;
  readonly #asking: Asking;
  readonly #signal: AbortSignal | undefined;

  constructor(endpoint: Endpoint, signal: AbortSignal | undefined) {
    this.#endpoint = endpoint;
    this.#asking = new Asking({ ...endpoint, model: endpoint.identity.name });
    this.#signal = signal;
  }

  /** @throws SurprisalError only when the server cannot be asked at all. */
  async write(prompt: Prompt, alternatives: number): Promise<Written> {
    const records: TokenRecord[] = [];
    const signal = this.#signal;
    const options = { maxTokens: TOKENS, alternatives, signal };
    const generation = generationOf(writeTokens(this.#asking, this.#endpoint, prompt, options));
    try {
      for await (const record of generation) records.push(record);
      return { records, end: generation.end, scored: generation.end?.scored ?? 0, error: null };
    } catch (error) {
      const fatal = ["SERVER_UNREACHABLE", "UNAUTHORIZED", "RATE_LIMITED", "ABORTED"];
      if (!SurprisalError.isInstance(error) || fatal.includes(error.code)) throw error;
      return { records, end: null, scored: 0, error };
    }
  }
}

function numbersFinding({ records, end, scored, error }: Written): Finding {
  if (error) return { claimed: true, found: false, seen: error.what };
  const tokens = end?.tokens ?? records.length;
  const words = [`${scored} of ${tokens} tokens carry a number`, ...(end?.warnings ?? [])];
  const seen = new Set(words.map((sentence) => sentence.replace(/\.$/, "")));
  // Certainty throughout, or one number for all, is what a server writes that has none.
  const numbers = records.flatMap(({ logprob }) => (logprob === null ? [] : [logprob]));
  const isFilled = numbers.length > 1 && numbers.every((number) => number === numbers[0]);
  if (isFilled) seen.add(`all of them are ${numbers[0]}`);
  return { claimed: true, found: scored > 0 && !isFilled, seen: [...seen].join("; ") };
}

/** The largest number of alternatives that is not refused, and how many come. */
async function alternativesFinding(
  trial: Trial,
  { dialect }: Endpoint,
  hasNumbers: boolean,
): Promise<Finding> {
  const claimed = dialect.mostAlternatives;
  if (!hasNumbers) return { claimed, found: 0, seen: "there are no numbers" };
  const tries = [...new Set([...ALTERNATIVES, claimed])].sort((a, b) => b - a);
  let refusal = "";
  for (const k of tries) {
    const { records, scored, error } = await trial.write(CHAT, k);
    if (error || scored === 0) {
      refusal ||= error
        ? `; it refuses ${k}: ${error.cause instanceof SurprisalError ? error.cause.what : error.what}`
        : "";
      continue;
    }
    const found = Math.max(...records.map(({ alternatives }) => alternatives?.length ?? 0));
    return { claimed, found, seen: `${found} came when ${k} were asked for${refusal}` };
  }
  return { claimed, found: 0, seen: `none${refusal}` };
}

function countsFinding(trials: (Written | null)[]): Finding {
  const ended = trials.flatMap((written) => (written?.end ? [{ ...written, end: written.end }] : []));
  if (ended.length === 0) return { claimed: null, found: null, seen: "no answer came to its end" };
  const counted = ended.filter(({ end }) => end.tokens !== null);
  if (counted.length < ended.length)
    return {
      claimed: null,
      found: false,
      seen: ended.some(({ end }) => end.warnings.some((warning) => warning.startsWith("The server counted")))
        ? "its count is less than what it gave: a token that is lost on the way may go unnoticed"
        : "a token that is lost on the way may go unnoticed",
    };
  const missing = counted.some(({ end, records }) => end.tokens! > records.length);
  return {
    claimed: null,
    found: true,
    seen: missing
      ? "it counts more tokens than it gives: that some are missing is noticed"
      : "a token that is lost on the way is noticed",
  };
}

async function promptFinding(endpoint: Endpoint, signal: AbortSignal | undefined): Promise<Finding> {
  const { client, dialect, identity, numbers, tokenizer } = endpoint;
  const claimed = numbers !== null;
  // Ollama takes `echo` where it continues no text.
  if (!claimed && dialect.text === null && dialect.name !== "ollama")
    return { claimed, found: false, seen: "its API has none" };
  // A server that does not say so may still answer to `echo`.
  const source = { client, dialect, model: identity.name, vocabulary: tokenizer };
  const asked = numbers ?? promptNumbers("echo", source);
  const proof =
    unprovable({ ...endpoint, numbers: asked }) ??
    (await proveAlignment(asked, tokenizer?.encode ?? null, { signal }));
  return { claimed, found: proof.verdict === "proven", seen: proof.seen };
}

function tokenizeFinding(
  { dialect, tokenizerProblem }: Endpoint,
  tokens: { ids: ArrayLike<number> } | null,
): Finding {
  const claimed = dialect.tokenizer !== null;
  if (tokens) return { claimed, found: true, seen: `${JSON.stringify(TEXT)} is ${tokens.ids.length} tokens` };
  return {
    claimed,
    found: false,
    seen: claimed ? `the endpoint does not answer as it should: ${tokenizerProblem}` : "its API has none",
  };
}

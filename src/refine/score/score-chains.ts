/** What a model says of chains: every token's surprisal, by the part of the chain that it belongs to. */
import { SurprisalError, type TokenTable } from "../../core/index.ts";
import type { LanguageModel, ScoredText, ScoreOptions } from "../../models/index.ts";
import { type ChainLayout, layoutOf, type ReasoningChain } from "../chain.ts";

/** Sums over the tokens of one part of a text. */
export interface PartScore {
  /** Tokens that carry a number. */
  tokens: number;
  /** Σ -ln p, nats; Infinity at probability 0. */
  nll: number;
  /** Σ entropy of the distributions they were predicted from, nats; `null` where the source gives none. */
  entropy: number | null;
  /** Σ -p ln p of the tokens themselves, nats: what the public code of step entropy sums. */
  sampledEntropy: number;
}

/** A chain, scored. */
export interface ChainScore {
  /** [steps], each with its separator. */
  steps: PartScore[];
  /** What introduces the answer. */
  frame: PartScore;
  /** The answer alone. */
  answer: PartScore;
  /** Everything behind the prompt: steps, frame and answer. */
  chain: PartScore;
  /** Tokens run through the model that no earlier chain of the same call had run already. */
  tokensRun: number;
}

/** Options of everything here that asks a model for scores. */
export interface ScoringOptions {
  signal?: AbortSignal | undefined;
  /** Read special tokens such as `<|im_end|>` in prompts. Default true, as prompts are usually filled-in templates. */
  parseSpecial?: boolean | undefined;
}

/** A chain to score, behind a context that it shares with others, such as demonstrations. */
export interface ChainRequest extends ReasoningChain {
  /** Stands before the prompt. Default "". */
  before?: string | undefined;
  /** Name for errors, such as "sample 12". */
  where: string;
}

/**
 * Scores chains in one call, so that whatever beginnings they have in common are run once.
 * Where a token lies across two parts (a full stop with the line feed behind it), it belongs to the one that it ends in, the
 * answer if it holds any of it.
 * @throws {SurprisalError} CONTEXT_EXCEEDED with the longest step, UNSUPPORTED_CAPABILITY, NOTHING_TO_SCORE
 */
export async function scoreChains(
  model: LanguageModel,
  chains: readonly ChainRequest[],
  { signal, parseSpecial = true }: ScoringOptions = {},
): Promise<ChainScore[]> {
  if (!model.capabilities.score)
    throw new SurprisalError({
      code: "UNSUPPORTED_CAPABILITY",
      what: "This model cannot score given texts, which is what a step's importance is made of",
      where: model.identity.name,
      wayOut:
        "Use a model in process, or a server whose completions give log-probabilities of the prompt (surprisal probe).",
    });
  const layouts = chains.map((chain) => layoutOf(chain));
  const requests = chains.map(({ before = "", prompt }, i) => ({
    context: before + prompt,
    continuation: layouts[i]!.text,
  }));
  const { bos, eos, size } = model.vocabulary;
  for (const [i, { context }] of requests.entries())
    if (context === "" && size !== null && bos === null && eos === null)
      throw new SurprisalError({
        code: "NOTHING_TO_SCORE",
        what: "The prompt is empty, and this model has no token that begins a text: nothing predicts the first token",
        where: chains[i]!.where,
        wayOut: "Give a prompt, such as the question.",
      });
  const options: ScoreOptions = { signal, parseSpecial };
  const scores: ChainScore[] = [];
  try {
    for await (const scored of model.score(requests, options))
      scores.push(chainScore(scored, layouts[scored.index]!, chains[scored.index]!.where));
  } catch (error) {
    throw await tooLong(error, model, chains[scores.length]);
  }
  return scores;
}

function chainScore(
  { tokens, border, tokensRun }: ScoredText,
  layout: ChainLayout,
  where: string,
): ChainScore {
  const moved = border?.moved ?? 0;
  const steps = layout.stepEnds.map(emptyPart);
  const [frame, answer, chain] = [emptyPart(), emptyPart(), emptyPart()];
  let step = 0;
  for (let i = 0; i < tokens.length; i++) {
    const end = tokens.byteOffsets[i + 1]! - moved;
    if (end <= 0 && tokens.byteOffsets[i + 1]! > tokens.byteOffsets[i]!) continue; // white space of the prompt
    while (step < steps.length && end > layout.stepEnds[step]!) step++;
    addToken(chain, tokens, i);
    if (end > layout.answerStart) addToken(answer, tokens, i);
    else addToken(steps[step] ?? frame, tokens, i);
  }
  if (answer.tokens === 0)
    throw new SurprisalError({
      code: "NOTHING_TO_SCORE",
      what: "No token of the answer carries a log-probability",
      where,
      wayOut: "Use a model that scores every token of a text (surprisal probe).",
    });
  return { steps, frame, answer, chain, tokensRun };
}

const emptyPart = (): PartScore => ({ tokens: 0, nll: 0, entropy: 0, sampledEntropy: 0 });

function addToken(part: PartScore, { logprobs, entropies }: TokenTable, i: number): void {
  const logprob = logprobs[i]!;
  if (Number.isNaN(logprob)) return; // missing: never averaged
  part.tokens++;
  part.nll -= logprob;
  const entropy = entropies[i]!;
  part.entropy = part.entropy === null || Number.isNaN(entropy) ? null : part.entropy + entropy;
  part.sampledEntropy -= logprob === Number.NEGATIVE_INFINITY ? 0 : Math.exp(logprob) * logprob;
}

/** A chain that does not fit, with the step that is to blame for most of it; any other error as it is. */
async function tooLong(
  error: unknown,
  model: LanguageModel,
  chain: ChainRequest | undefined,
): Promise<unknown> {
  if (!SurprisalError.isInstance(error) || error.code !== "CONTEXT_EXCEEDED") return error;
  if (!chain || !model.capabilities.tokenize) return error.at(chain?.where ?? "chain");
  const lengths = await Promise.all(
    chain.steps.map(async ({ text }) => (await model.tokenize(text)).ids.length),
  );
  const longest = lengths.indexOf(Math.max(...lengths));
  return new SurprisalError({
    code: "CONTEXT_EXCEEDED",
    what: `${error.what}; of the chain's ${lengths.length} steps, step ${longest + 1} is the longest with ${lengths[longest]} tokens`,
    where: chain.where,
    wayOut:
      "Use a model with a longer context (contextSize), cut or shorten that step, or give fewer demonstrations.",
    cause: error,
  });
}

/** A part of several, as one. */
export function addParts(parts: readonly PartScore[]): PartScore {
  const sum = emptyPart();
  for (const { tokens, nll, entropy, sampledEntropy } of parts) {
    sum.tokens += tokens;
    sum.nll += nll;
    sum.entropy = sum.entropy === null || entropy === null ? null : sum.entropy + entropy;
    sum.sampledEntropy += sampledEntropy;
  }
  return sum;
}

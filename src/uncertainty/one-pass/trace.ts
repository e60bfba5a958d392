/** The numbers of one pass, token by token: where an answer is unsure. */
import { type EntropyInterval, type TokenPart, type TokenRecord, tokenConfidence } from "../../core/index.ts";
import { checkOptions, type OnePassOptions } from "./options.ts";
import { partOf, TokenFacts } from "./token-facts.ts";
import { DEFAULT_TOP_K } from "./top-k.ts";

/** What one pass says of one token; `null` = not known. Higher `nll` and `entropy`, lower `margin` and lower `confidence` are less certain. */
export interface TokenUncertainty {
  /** Place in the records that were given. */
  index: number;
  text: string;
  part: TokenPart;
  /** -ln p, nats. */
  nll: number | null;
  /** Of the next-token distribution, nats; an interval where only its most probable tokens are known. */
  entropy: number | EntropyInterval | null;
  /** Probability of the first choice less that of the second, 0 ... 1. */
  margin: number | null;
  /** DeepConf: -(1/k) Σ ln p over the most probable choices, nats. */
  confidence: number | null;
}

/**
 * The numbers of every token of an answer that counts (`parts`), the last one too.
 * @throws SurprisalError INVALID_ARGUMENT as `estimateTokens`.
 */
export function tokenTrace(records: Iterable<TokenRecord>, options: OnePassOptions = {}): TokenUncertainty[] {
  const checked = checkOptions(options);
  const facts = new TokenFacts(checked);
  const trace: TokenUncertainty[] = [];
  let index = 0;
  for (const record of records) {
    const part = partOf(record, index);
    facts.read(record, true, index);
    if (checked.parts.includes(part))
      trace.push({
        index,
        text: record.text,
        part,
        nll: known(0 - facts.logprob),
        entropy: entropyOf(facts),
        margin: known(facts.margin),
        confidence: known(tokenConfidence(facts.alternatives, checked.topK ?? DEFAULT_TOP_K)),
      });
    index++;
  }
  return trace;
}

const known = (value: number): number | null => (Number.isNaN(value) ? null : value);

function entropyOf({ entropyLow: low, entropyHigh: high }: TokenFacts): number | EntropyInterval | null {
  if (Number.isNaN(low)) return null;
  return low === high ? low : { low, high: high === Infinity ? null : high };
}

/** Entailment by a judge that has to be waited for, a model for example: asked beforehand, about all that will be needed. */
import { invalidArgument, type TokenRecord } from "../../core/index.ts";
import type { EntailmentPair } from "../entails.ts";
import { ChoicesTally, type EntailmentSaid, type JudgeEntailment, keyOf } from "./claim-conditioned.ts";
import { checkOptions, type OnePassOptions } from "./options.ts";
import { partOf, TokenFacts } from "./token-facts.ts";

/** Judges many pairs at once, in their order: `Entails`, or what says the verdicts alone. */
export type JudgePairs = (pairs: readonly EntailmentPair[]) => Promise<readonly EntailmentSaid[]>;

/**
 * Asks a judge about every pair of words that claim-conditioned probability needs of an answer, each pair once, and returns what
 * the option `entailment` takes.
 *
 *     const entailment = await judgeChoices(records, judge);
 *     const [ccp] = estimateTokens(records, { methods: ["claim-conditioned-probability"], entailment });
 *
 * @throws SurprisalError INVALID_ARGUMENT as `estimateTokens`, and when there are not as many verdicts as pairs.
 */
export async function judgeChoices(
  records: Iterable<TokenRecord>,
  judge: JudgePairs,
  options: OnePassOptions = {},
): Promise<JudgeEntailment> {
  const checked = checkOptions(options);
  const facts = new TokenFacts(checked);
  const tally = new ChoicesTally(checked);
  let index = 0;
  for (const record of records) {
    facts.read(record, true, index);
    if (checked.parts.includes(partOf(record, index))) tally.add(facts);
    index++;
  }
  const pairs = tally.pairs();
  const verdicts = pairs.length === 0 ? [] : await judge(pairs);
  if (verdicts.length !== pairs.length)
    throw invalidArgument(
      `${verdicts.length} verdicts about ${pairs.length} pairs`,
      "judge",
      "Answer with one verdict for every pair, in their order.",
    );
  const known = new Map(pairs.map((pair, i) => [keyOf(...pair), verdicts[i]!]));
  return (premise, hypothesis) => {
    const verdict = known.get(keyOf(premise, hypothesis));
    if (verdict) return verdict;
    throw invalidArgument(
      `Nobody was asked whether ${JSON.stringify(hypothesis)} follows from ${JSON.stringify(premise)}`,
      "entailment",
      "Give judgeChoices the same records and options as estimateTokens.",
    );
  };
}

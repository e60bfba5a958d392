/** Reads `/v1/completions`: the four arrays of the first OpenAI API, and llama-server's list of tokens. */
import {
  type AnswerAssembler,
  logprobOf,
  malformed,
  type WireReader,
  type WireToken,
} from "../../remote/wire.ts";
import { choiceReader } from "./choices.ts";
import { answerTokens, doubtForm, type ReaderOptions } from "./reader.ts";
import { type CompletionsLogprobs, type FourArrays, isFourArrays, readCompletionsAnswer } from "./schema.ts";
import { Spoken } from "./spoken.ts";
import { OffsetCheck } from "./text-offsets.ts";

/** Source: the types of openai-node 6, and the servers' own (see test/fixtures/wire). */
export function completionsReader(options: ReaderOptions = {}): WireReader {
  const offsets = new OffsetCheck();
  const spoken = new Spoken();
  return choiceReader(options, readCompletionsAnswer, {
    next({ text, delta, message, logprobs }, where, answer) {
      const tokens = clearTokens(tokensIn(logprobs, `${where}.logprobs`, answer), answer);
      if (logprobs && isFourArrays(logprobs) && !offsets.follow(logprobs)) answer.doubt(OffsetCheck.DOUBT);
      const said = spoken.next({
        delta: text || (delta?.content ?? ""),
        message: message?.content ?? "",
        spelled: tokens.map(({ token }) => token).join(""),
      });
      if (said.differs) answer.doubt(Spoken.DIFFERS);
      return { text: said.text, tokens };
    },
    rest: () => ({ text: spoken.rest(), tokens: [] }),
  });
}

function tokensIn(logprobs: CompletionsLogprobs, where: string, answer: AnswerAssembler): WireToken[] {
  if (logprobs && isFourArrays(logprobs)) return tokensOfArrays(logprobs, where);
  if (typeof logprobs !== "number" && !Array.isArray(logprobs))
    return answerTokens(logprobs?.content, `${where}.content`, answer);
  doubtForm(answer, where);
  return [];
}

/** @throws SurprisalError WIRE_MALFORMED when the arrays differ in length. */
export function tokensOfArrays(arrays: FourArrays, where: string): WireToken[] {
  const { tokens, token_logprobs: numbers, top_logprobs: tops, text_offset: offsets } = arrays;
  const lengths = { token_logprobs: numbers, top_logprobs: tops, text_offset: offsets };
  for (const [name, list] of Object.entries(lengths))
    if (list && list.length !== tokens.length && list.length > 0)
      throw malformed(`${list.length} entries for ${tokens.length} tokens`, `${where}.${name}`);
  return tokens.map((token, i) => {
    const top = tops?.[i];
    return {
      token,
      logprob: logprobOf(numbers[i], `${where}.token_logprobs[${i}]`),
      alternatives:
        top &&
        Object.entries(top).map(([text, number]) => ({
          token: text,
          logprob: logprobOf(number, `${where}.top_logprobs[${i}][${JSON.stringify(text)}]`),
        })),
    };
  });
}

const UNCLEAR = "Alternatives are left out where the server keys some by no text: several share one place.";

/** The tokens, those marked whose lists have alternatives that several may share: what is left of them has gaps. */
export function clearTokens(tokens: readonly WireToken[], answer: AnswerAssembler): WireToken[] {
  if (tokens.some(({ alternatives }) => alternatives?.some(isUnclear))) answer.warn(UNCLEAR);
  return tokens.map(withClearAlternatives);
}

/** A key that several tokens may share: the server has kept one number and not said whose. */
function isUnclear({ token }: Pick<WireToken, "token">): boolean {
  return token === "" || /\p{Surrogate}|\uFFFD/u.test(token);
}

function withClearAlternatives(token: WireToken): WireToken {
  if (!token.alternatives?.some(isUnclear)) return token;
  const clear = token.alternatives.filter((other) => !isUnclear(other));
  return { ...token, alternatives: clear.length > 0 ? clear : null, incomplete: true };
}

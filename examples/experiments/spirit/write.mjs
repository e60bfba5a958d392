/** What a model writes behind demonstrations, many questions at once; and what it says of chains that are given. */
import { isCorrect } from "surprisal/problems";
import { chainText, reasoningText } from "surprisal/refine";
import { PATTERNS } from "./patterns.mjs";
import { answerOf, FORMS } from "./prompts.mjs";

/** The text before a question. */
export function shown(demonstrations, form) {
  const { instruction, between } = FORMS[form];
  return instruction + demonstrations.map((chain) => chainText(chain) + between).join("");
}

/**
 * Greedy answers, in the order of the questions. The first is written alone: what it leaves in the prefix cache, the demonstrations,
 * all others go on from.
 */
export async function write(model, before, questions, { name, form, atOnce, onRow }) {
  const { question: asked, stop } = FORMS[form];
  const options = { maxTokens: PATTERNS[name].most, temperature: 0, stop, parseSpecial: true };
  const rows = [];
  const one = async (i, { question, answer, problem }) => {
    const writing = model.generate(before + asked(question), options);
    let text = "";
    for await (const token of writing) text += token.text;
    const { tokens, prompt, finishReason } = writing.end;
    const given = answerOf(text);
    const right = isCorrect(problem, given);
    rows[i] = { question, answer, given, right, tokens, shared: prompt?.shared ?? 0, finishReason, text };
    onRow?.(rows[i]);
  };
  const waiting = [...questions.entries()];
  if (waiting.length > 0) await one(...waiting.shift());
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) await one(...next);
    }),
  );
  return rows;
}

/** Perplexity of given chains behind demonstrations, of all that a model would write and of the answers alone, in one call. */
export async function perplexityOf(model, before, chains) {
  const encoder = new TextEncoder();
  const bytes = (text) => encoder.encode(text).length;
  const layouts = chains.map((chain) => {
    const work = chainText({ ...chain, prompt: "" });
    return { work, answerStart: bytes(work) - bytes(chain.answer) };
  });
  const sums = { chain: { nll: 0, tokens: 0 }, answer: { nll: 0, tokens: 0 } };
  const requests = chains.map(({ prompt }, i) => ({
    context: before + prompt,
    continuation: layouts[i].work,
  }));
  for await (const { index, tokens, border } of model.score(requests, { parseSpecial: true })) {
    const moved = border?.moved ?? 0;
    for (let i = 0; i < tokens.length; i++) {
      const end = tokens.byteOffsets[i + 1] - moved;
      if (end <= 0) continue; // white space of the prompt
      const parts = end > layouts[index].answerStart ? ["chain", "answer"] : ["chain"];
      for (const part of parts) {
        sums[part].nll -= tokens.logprobs[i];
        sums[part].tokens++;
      }
    }
  }
  return {
    chain: Math.exp(sums.chain.nll / sums.chain.tokens),
    answer: Math.exp(sums.answer.nll / sums.answer.tokens),
    chainNll: sums.chain.nll / chains.length,
    answerNll: sums.answer.nll / chains.length,
  };
}

/** Tokens of the demonstrations' steps together. */
export async function tokensOf(model, demonstrations) {
  let tokens = 0;
  for (const chain of demonstrations) tokens += (await model.tokenize(reasoningText(chain))).ids.length;
  return tokens;
}

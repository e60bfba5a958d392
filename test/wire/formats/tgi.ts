/** Text Generation Inference: `/generate` with details, and `/generate_stream`, an event per token. */
import type { WireAnswer, WireEvent } from "../answer.ts";
import type { Json } from "../pick.ts";
import { spell, spellOne } from "../tokens.ts";
import { lossy, type SpokenToken, type Utterance, writtenText } from "../utterance.ts";

export interface TgiRequest {
  details: boolean;
  /** `decoder_input_details`: the prompt's numbers. */
  prefill: boolean;
  topTokens: number;
  seed: number | null;
}

/** The whole answer is an object at `/generate`, the same in a list at `/`. */
export function tgiAnswer(said: Utterance, request: TgiRequest): WireAnswer {
  const texts = spell(said.tokens, "carried");
  const token = (each: SpokenToken, text: string, special: boolean) => ({
    id: each.id,
    text,
    logprob: each.logprob,
    special,
  });
  const tops = (each: SpokenToken) =>
    each.alternatives.slice(0, request.topTokens).map((other) => ({
      id: other.id,
      text: spellOne(other, "decoded"),
      logprob: other.logprob,
      special: false,
    }));
  const written = [
    ...said.tokens.map((each, i) => [each, token(each, texts[i]!, false)] as const),
    ...(said.endOfText
      ? [[said.endOfText, token(said.endOfText, lossy(said.endOfText.bytes), true)] as const]
      : []),
  ];
  const finish = said.finish === "stop" ? "eos_token" : "length";
  const text = writtenText(said.tokens);
  const prefillTexts = spell(said.prompt, "carried");
  const body: Json = {
    generated_text: text,
    ...(request.details && {
      details: {
        finish_reason: finish,
        generated_tokens: written.length,
        seed: request.seed,
        prefill: request.prefill
          ? said.prompt.map(({ id, logprob }, i) => ({ id, text: prefillTexts[i]!, logprob }))
          : [],
        tokens: written.map(([, entry]) => entry),
        ...(request.topTokens > 0 && { top_tokens: written.map(([each]) => tops(each)) }),
      },
    }),
  };
  const events = written.map(([each, entry], i): WireEvent => {
    const last = i === written.length - 1;
    return {
      data: {
        index: i + 1,
        token: entry,
        ...(request.topTokens > 0 && { top_tokens: tops(each) }),
        generated_text: last ? text : null,
        details:
          last && request.details
            ? {
                finish_reason: finish,
                generated_tokens: written.length,
                seed: request.seed,
                input_length: said.prompt.length,
              }
            : null,
      },
    };
  });
  return { body, events };
}

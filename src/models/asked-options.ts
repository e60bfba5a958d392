/** Which options of `generate` a source may have to refuse. */
import type { GenerateOptions } from "./language-model.ts";

/** Names of the options, beside those of every source, that ask for something. */
export function askedFor(options: GenerateOptions): (keyof GenerateOptions)[] {
  const { stop = [], prefill = "", oneOf, minP = 0 } = options;
  const { repeatPenalty = 1, frequencyPenalty = 0, presencePenalty = 0 } = options;
  const asked: Partial<Record<keyof GenerateOptions, boolean>> = {
    stop: stop.length > 0,
    prefill: prefill !== "",
    oneOf: oneOf !== undefined,
    shape: options.shape === true,
    minP: minP > 0,
    repeatPenalty: repeatPenalty !== 1,
    frequencyPenalty: frequencyPenalty !== 0,
    presencePenalty: presencePenalty !== 0,
  };
  return (Object.keys(asked) as (keyof GenerateOptions)[]).filter((name) => asked[name]);
}

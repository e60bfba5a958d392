/** `surprisal entropy cross`: the cross-entropy of two models with the same tokens, taken apart. */
import { crossEntropyOf } from "../../entropy/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { usage } from "../errors.ts";
import { openModel } from "../load-options.ts";
import { option, text as textOption } from "../parameters.ts";
import {
  checkOutputs,
  LEVEL,
  LOAD_OPTIONS,
  nameOf,
  OUTPUT_OPTIONS,
  readText,
  SEED,
  TEXT_OPTIONS,
  TOKENS,
  withTokenProgress,
} from "./options.ts";
import { showView } from "./show.ts";

// biome-ignore format: one option a line
const parameters = {
  ...TEXT_OPTIONS,
  p: option(textOption, { hint: "MODEL", description: "The model that is taken for the truth, as for score --model" }),
  q: option(textOption, { hint: "MODEL", description: "The one that stands in for it" }),
  tokens: TOKENS,
  level: LEVEL,
  seed: SEED,
  ...OUTPUT_OPTIONS,
  ...LOAD_OPTIONS,
};

export const cross: Command = defineCommand({
  details: `H(p, q) = H(p) + KL(p‖q) in every place of a text, each summed by itself over all tokens of the vocabulary: what is open in any
case, and what it costs to believe q. For models of one family, such as a model and a quantisation of it.

Examples:
  surprisal quantize model-F16.gguf Q4_0
  surprisal entropy cross book.txt --p model-F16.gguf --q model-Q4_0.gguf --tokens 2000`,
  parameters,
  async run(given) {
    checkOutputs(given, given.file);
    if (given.p === undefined || given.q === undefined)
      throw usage(`${given.p === undefined ? "--p" : "--q"} is missing`);
    const { name, text, notes } = await readText(given);
    await using p = await openModel({ ...given, model: given.p });
    await using q = await openModel({ ...given, model: given.q });
    const { tokens, level, seed } = given;
    const report = await withTokenProgress(given.quiet, "scoring", (onProgress) =>
      crossEntropyOf(p, q, text, { tokens, level, seed, onProgress }),
    );
    const all = { ...report, notes: [...notes, ...report.notes] };
    await showView(
      { kind: "cross", name, p: nameOf(p), q: nameOf(q), cross: all },
      { schema: "surprisal.entropy-cross/1", text: name, base: "e", ...all },
      given,
    );
  },
});

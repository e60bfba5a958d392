/** `surprisal entropy converge`: running perplexity from several starting points. */
import { convergenceOf } from "../../entropy/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { openModel } from "../load-options.ts";
import { option, wholeNumber } from "../parameters.ts";
import {
  checkOutputs,
  LEVEL,
  LOAD_OPTIONS,
  MODEL,
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
  model: MODEL,
  starts: option(wholeNumber(2, 1000), { short: "s", hint: "N", description: "Stretches that the text is cut into (default: 8)" }),
  tokens: TOKENS,
  level: LEVEL,
  seed: SEED,
  ...OUTPUT_OPTIONS,
  ...LOAD_OPTIONS,
};

export const converge: Command = defineCommand({
  details: `The theorem of Shannon, McMillan and Breiman at work: wherever one begins, the running perplexity comes to the same number,
and the spread shrinks as about one over the root of N. A limit 2^H is fitted, with its interval.

Examples:
  surprisal entropy converge book.txt -m smollm2 --tokens 50000 --html converge.html
  surprisal entropy converge book.txt --starts 16 --svg converge.svg`,
  parameters,
  async run(given) {
    checkOutputs(given, given.file);
    const { name, text, notes } = await readText(given);
    await using model = await openModel(given);
    const { starts, tokens, level, seed } = given;
    const convergence = await withTokenProgress(given.quiet, "scoring", (onProgress) =>
      convergenceOf(model, text, { starts, tokens, level, seed, onProgress }),
    );
    const all = { ...convergence, notes: [...notes, ...convergence.notes] };
    await showView(
      { kind: "converge", name, model: nameOf(model), convergence: all },
      { schema: "surprisal.entropy-converge/1", text: name, base: "e", ...all },
      given,
    );
  },
});

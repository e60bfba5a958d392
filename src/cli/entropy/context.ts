/** `surprisal entropy context`: bits that a context of n tokens saves. */
import { contextWorth } from "../../entropy/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { openModel } from "../load-options.ts";
import { decimal, option, wholeNumber } from "../parameters.ts";
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
  longest: option(wholeNumber(1, 1_000_000), { short: "l", hint: "TOKENS", description: "Longest context (default: 256, or as long as text and model allow)" }),
  places: option(wholeNumber(2, 1_000_000), { hint: "N", description: "Tokens that are scored, the same at every length (default: 64); each is run once for each length" }),
  tolerance: option(decimal(0, 1), { description: "A window is enough that costs at most this share more than the longest (default: 0.01)" }),
  tokens: TOKENS,
  level: LEVEL,
  seed: SEED,
  ...OUTPUT_OPTIONS,
  ...LOAD_OPTIONS,
};

export const context: Command = defineCommand({
  details: `The same tokens behind 0, 1, 2, 4, ... tokens of what stands before them: what each length saves is the mutual information of
a token and its context, as this model knows it. Says how long a window the model deserves on this text.

Examples:
  surprisal entropy context book.txt -m smollm2 --longest 512 --places 128
  surprisal entropy context book.txt --json | jq .enough`,
  parameters,
  async run(given) {
    checkOutputs(given, given.file);
    const { name, text, notes } = await readText(given);
    await using model = await openModel(given);
    const { longest, places, tolerance, tokens, level, seed } = given;
    const worth = await withTokenProgress(given.quiet, "scoring", (onProgress) =>
      contextWorth(model, text, { longest, places, tolerance, tokens, level, seed, onProgress }),
    );
    const all = { ...worth, notes: [...notes, ...worth.notes] };
    await showView(
      { kind: "context", name, model: nameOf(model), worth: all },
      { schema: "surprisal.entropy-context/1", text: name, base: "e", ...all },
      given,
    );
  },
});

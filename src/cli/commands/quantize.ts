/** `surprisal quantize`: smaller model files of another one, and which of them to take. */
import { quantizationTypes } from "../../models/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { usage } from "../errors.ts";
import { quantizeMany } from "../quantize/many.ts";
import { quantizeOne } from "../quantize/one.ts";
import { QUANTIZE_PARAMETERS, type QuantizeGiven } from "../quantize/options.ts";

const command: Command = defineCommand({
  details: `Which one to take: --to with --compare makes all of them, compares each with MODEL on a text, and shows one table: size, bits per
weight, perplexity, KL divergence, same top token, speeds, memory; --html has the picture of size against quality.
After Ctrl-C or kill -9 the same command with --resume goes on.

Formats: ${quantizationTypes.join(", ")}. COPY leaves all tensors as they are and makes one file of a split model.

Examples:
  surprisal quantize model-F16.gguf Q4_0
  surprisal quantize model-F16.gguf --to Q8_0,Q5_1,Q4_0,Q2_0 --compare wiki.test.raw --html page.html
  surprisal quantize model-F16.gguf --to Q8_0,Q5_1,Q4_0,Q2_0 --compare wiki.test.raw --resume

What one file costs:
  surprisal compare --base MODEL --model OUT.gguf TEXT`,
  parameters: QUANTIZE_PARAMETERS,
  async run(given) {
    const { type, to } = given;
    if (to !== undefined) {
      if (type !== undefined) throw usage(`Give ${type} or --to, not both`);
      refuse(given, ["dryRun", "keepSplit"], "is of one file, not of --to");
      return quantizeMany(given, to);
    }
    refuse(given, ["compare", "resume", "html", "recipe", "context", "stride", "parseSpecial"], "needs --to");
    if (type === undefined) throw usage("TYPE is missing: a format such as Q4_0, or --to with several");
    return quantizeOne(given, type);
  },
});
export default command;

/** @throws SurprisalError USAGE for an option that does nothing here. */
function refuse(given: QuantizeGiven, names: readonly (keyof QuantizeGiven)[], why: string): void {
  for (const name of names)
    if (given[name] !== undefined && given[name] !== false)
      throw usage(`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} ${why}`);
}

/** `surprisal route paq fit`: from records to a router. */
import { paq } from "../../route/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { argument, option, text } from "../parameters.ts";
import { JSON_DOCUMENT } from "../shared-options.ts";
import { ENCODER_OPTIONS } from "./paq-features.ts";
import { PAQ_FIT, paqFitOptions, paqSentences, tableFor } from "./paq-fitting.ts";
import { checkOut, keepRouter, recordsOf } from "./routers.ts";

const command: Command = defineCommand({
  details: `The label of a prompt is the fewest bits whose perplexity of the reference is within --tau of the most bits'. The router says from the prompt
alone how probably each level is enough, calibrated on folds it had not seen, and takes the fewest bits that are enough with --probability, or so
that --risk is kept. What of this is reconstruction, and not the paper's, stands in the router.

Examples:
  surprisal route paq fit records.jsonl -o router.json
  surprisal route paq fit records.jsonl --quality-bound 0.05 --risk 0.1 -o router.json
  surprisal route paq fit records.jsonl --features statistics --json`,
  // biome-ignore format: one option a line
  parameters: {
    records: argument("Records, as `surprisal route paq label` wrote them"),
    out: option(text, { short: "o", hint: "FILE", description: "Write the router here" }),
    ...PAQ_FIT,
    ...ENCODER_OPTIONS,
    json: JSON_DOCUMENT,
  },
  async run(given) {
    const options = paqFitOptions(given);
    checkOut(given.out, given.records);
    const table = await tableFor(await recordsOf(given.records, "paq"), given);
    const artefact = paq.fitTable(table, options);
    await keepRouter(artefact, paqSentences(artefact, table), given);
  },
});
export default command;

/** `surprisal pairs`: minimal pairs, accuracy and differences, by condition. */
import { invalidArgument } from "../../core/index.ts";
import {
  type MinimalPair,
  PAIR_RULES,
  readItems,
  type ScoredPair,
  scorePairs,
  summarisePairs,
} from "../../evaluate/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { printDocument } from "../json.ts";
import { LOAD_OPTIONS, openModel } from "../load-options.ts";
import { argument, oneOf, option, text, type Values } from "../parameters.ts";
import { renderPairs, startProgress } from "../render/index.ts";
import { JSON_DOCUMENT, MODEL_DESCRIPTION, QUIET } from "../shared-options.ts";
import { columnOf, known, textOf } from "../words/table.ts";

// biome-ignore format: one option a line
const parameters = {
  file: argument("Table of pairs: CSV, TSV, JSONL or Parquet, such as BLiMP's .jsonl"),
  model: option(text, { short: "m", description: MODEL_DESCRIPTION }),
  good: option(text, { hint: "NAME", description: "Column of the better text (default: good or sentence_good)" }),
  bad: option(text, { hint: "NAME", description: "Column of the worse one (default: bad or sentence_bad)" }),
  by: option(text, { hint: "NAME", description: "Column of the condition: also a line for each (default: condition or UID, where there is one)" }),
  contextColumn: option(text, { hint: "NAME", description: "Column with a text that is read in front of both, and not scored" }),
  separator: option(text, { hint: "TEXT", mayBeEmpty: true, description: "What joins the two (default: a space, unless one of them brings white space)" }),
  rule: option(oneOf(PAIR_RULES), { hint: "RULE", description: "sum: ln p of the whole text; mean: per token; word: per word (default: sum)" }),
  json: JSON_DOCUMENT,
  quiet: QUIET,
  ...LOAD_OPTIONS,
};

type Given = Values<typeof parameters>;

interface PairRow {
  pair: MinimalPair;
  row: Record<string, unknown>;
}

const command: Command = defineCommand({
  details: `A pair is right where the better text is likelier; a tie is not. Each text stands behind BOS, else EOS, as in lm-eval. The
accuracy has Wilson's interval at 95 %, the mean difference the bootstrap's over pairs.

Examples:
  surprisal pairs blimp/adjunct_island.jsonl -m smollm2
  surprisal pairs pairs.csv --good gram --bad ungram --by condition --json`,
  parameters,
  async run(given) {
    const { rows, by } = await readPairs(given);
    await using model = await openModel(given);
    const progress = given.quiet ? null : startProgress({ label: "scoring", unit: "texts" });
    let scored: ScoredPair[];
    try {
      scored = await scorePairs(
        model,
        rows.map(({ pair }) => pair),
        { rule: given.rule, separator: given.separator, onProgress: (at) => progress?.update(at) },
      );
    } finally {
      progress?.end();
    }
    const names = [...new Set(rows.flatMap(({ pair }) => pair.condition ?? []))];
    const conditions = names.map((condition) => ({
      condition,
      ...summarisePairs(scored.filter((_, i) => rows[i]!.pair.condition === condition)),
    }));
    const all = summarisePairs(scored);
    const rule = given.rule ?? PAIR_RULES[0];
    if (given.json)
      printDocument({
        schema: "surprisal.pairs/1",
        model: model.identity,
        settings: model.settings,
        rule,
        by,
        notes: model.notes ?? [],
        all,
        conditions,
        pairs: scored.map((one, i) => ({ ...rows[i]!.pair, ...one })),
      });
    else
      process.stdout.write(
        renderPairs({ model: model.identity.name, rule, by, all, conditions }, process.stdout),
      );
  },
});
export default command;

async function readPairs({
  file,
  good,
  bad,
  by,
  contextColumn,
}: Given): Promise<{ rows: PairRow[]; by: string | null }> {
  const items = await readItems(file);
  if (items === null)
    throw invalidArgument(
      "A plain text has no pairs",
      file,
      "Give a table (CSV, TSV, JSONL, Parquet) with a pair in each row.",
    );
  const found = [];
  for await (const item of items) found.push(item);
  const columns = [...new Set(found.flatMap(({ row }) => Object.keys(row)))];
  if (found.length === 0)
    throw invalidArgument("The table has no rows", file, "Give one with a pair in each row.");
  const better = columnOf(good, columns, file, ["good", "sentence_good"], "--good");
  const worse = columnOf(bad, columns, file, ["bad", "sentence_bad"], "--bad");
  if (better === worse) throw invalidArgument("--good and --bad are one column", file, "Name two.");
  const condition =
    by === undefined
      ? ["condition", "UID"].find((name) => columns.includes(name))
      : known(by, columns, file, "--by");
  const front = contextColumn === undefined ? null : known(contextColumn, columns, file, "--context-column");
  const rows = found.map(({ row, where }) => {
    const [one, other] = [textOf(row[better], better, where), textOf(row[worse], worse, where)];
    if (!/\S/u.test(one) || !/\S/u.test(other))
      throw invalidArgument("A text of the pair is missing", where, "Give both, or leave the row out.");
    const name = condition === undefined ? undefined : row[condition];
    return {
      row,
      pair: {
        good: one,
        bad: other,
        given: front === null ? undefined : textOf(row[front], front, where),
        condition: name === undefined || name === null ? undefined : `${name}`,
      },
    };
  });
  return { rows, by: condition ?? null };
}

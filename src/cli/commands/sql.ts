/** `surprisal sql`: questions about all runs. */
import { queryRuns, RUNS_FOLDER, SQL_TABLES } from "../../evaluate/index.ts";
import { formatNumber, visible } from "../../text/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { usage } from "../errors.ts";
import { printDocument } from "../json.ts";
import { argument, flag, option, text } from "../parameters.ts";
import { table } from "../render/index.ts";
import { JSON_DOCUMENT } from "../shared-options.ts";

const command: Command = defineCommand({
  details: `Tables: ${SQL_TABLES}.
A query sees these tables and nothing else, unless --allow-files is given.
They have numbers in full, of tokens (logprob, entropy) in nats: / ln(2) makes bits. docs/columns.md lists all columns.

Examples:
  surprisal sql "select model, corpus, bitsPerByte from results order by bitsPerByte"
  surprisal sql "select token, avg(-logprob / ln(2)) as bits from tokens group by token order by bits desc limit 20"`,
  parameters: {
    query: argument("SQL, as DuckDB speaks it"),
    runs: option(text, { hint: "FOLDER", description: "Folder with the runs", standard: RUNS_FOLDER }),
    allowFiles: flag({
      description: "The query may read and write other files: read_csv, COPY ... TO (never over a run's own)",
    }),
    json: JSON_DOCUMENT,
  },
  async run({ query, runs, allowFiles, json }) {
    if (query.trim() === "") throw usage("The query is empty");
    const onNote = (note: string) => process.stderr.write(`${visible(note)}\n`);
    const answer = await queryRuns(runs, query, { onNote, allowFiles });
    if (json) {
      const rows = answer.rows.map((row) =>
        Object.fromEntries(answer.columns.map((name, i) => [name, row[i]])),
      );
      printDocument({ schema: "surprisal.sql/1", ...answer, rows });
      return;
    }
    const columns = answer.columns.map(
      (name, i) => [visible(name), (row: unknown[]) => cell(row[i], isNumeric[i]!)] as const,
    );
    const isNumber = (value: unknown) =>
      value === null || typeof value === "number" || NUMBER.test(String(value));
    const isNumeric = answer.columns.map((_, column) => answer.rows.every((row) => isNumber(row[column])));
    const lines = table(answer.rows, columns, (column) => !isNumeric[column]);
    process.stdout.write(`${lines.join("\n")}\n`);
  },
});
export default command;

/** Numbers that DuckDB writes as texts: whole ones beyond 2^53, decimals, and those that JSON has no way to write. */
const NUMBER = /^(-?(\d+(\.\d+)?|Infinity)|NaN)$/;

/** Infinity is "∞", as on every screen and page; a text that says so, among texts, stays what it is. */
function cell(value: unknown, isNumeric: boolean): string {
  if (isNumeric && (value === "Infinity" || value === "-Infinity")) return formatNumber(Number(value));
  if (value === null || value === undefined) return "";
  if (typeof value === "number" && !Number.isInteger(value)) return formatNumber(value, 6);
  return visible(typeof value === "object" ? JSON.stringify(value) : String(value));
}

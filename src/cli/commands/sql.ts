/** `surprisal sql`: questions about all runs. */
import { queryRuns, SQL_TABLES } from "../../evaluate/index.ts";
import { formatNumber, visible } from "../../text/index.ts";
import { readArguments, usage } from "../arguments.ts";
import { printDocument } from "../json.ts";
import { table } from "../render/index.ts";
import type { Command } from "../usage.ts";

const args = {
  query: { type: "positional", required: true, description: "SQL, as DuckDB speaks it" },
  runs: {
    type: "string",
    valueHint: "FOLDER",
    description: "Folder with the runs",
    default: "surprisal-runs",
  },
  json: { type: "boolean", description: "One JSON document on standard output", default: false },
} as const;

const command: Command = {
  name: "sql",
  description: `Ask all runs a question in SQL; needs the package @duckdb/node-api

Tables: ${SQL_TABLES}.
They have numbers in full, of tokens (logprob, entropy) in nats: / ln(2) makes bits. docs/columns.md lists all columns.

Examples:
  surprisal sql "select model, corpus, bitsPerByte from results order by bitsPerByte"
  surprisal sql "select token, avg(-logprob / ln(2)) as bits from tokens group by token order by bits desc limit 20"`,
  args,
  async run(rawArgs) {
    const { query, runs, json } = readArguments(rawArgs, args);
    if (query.trim() === "") throw usage("The query is empty");
    const onNote = (note: string) => process.stderr.write(`${visible(note)}\n`);
    const answer = await queryRuns(runs, query, { onNote });
    if (json) {
      const rows = answer.rows.map((row) =>
        Object.fromEntries(answer.columns.map((name, i) => [name, row[i]])),
      );
      printDocument({ schema: "surprisal.sql/1", ...answer, rows });
      return;
    }
    const columns = answer.columns.map(
      (name, i) => [visible(name), (row: unknown[]) => cell(row[i])] as const,
    );
    const isNumber = (value: unknown) =>
      value === null || typeof value === "number" || NUMBER.test(String(value));
    const isNumeric = columns.map((_, column) => answer.rows.every((row) => isNumber(row[column])));
    const lines = table(answer.rows, columns, (column) => !isNumeric[column]);
    process.stdout.write(`${lines.join("\n")}\n`);
  },
};
export default command;

/** Numbers that DuckDB writes as texts: whole ones beyond 2^53, decimals, and those that JSON has no way to write. */
const NUMBER = /^(-?(\d+(\.\d+)?|Infinity)|NaN)$/;

function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" && !Number.isInteger(value)) return formatNumber(value, 6);
  return visible(typeof value === "object" ? JSON.stringify(value) : String(value));
}

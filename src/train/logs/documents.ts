/** Logs that are one JSON document, or a Parquet file: they are read whole, and again when they have changed. */
import type { LogCollector, LogFields } from "../collector.ts";
import { parsePythonJson } from "../values.ts";

/** Members that hold the rows of a history. */
const ROWS = ["log_history", "history", "rows", "logs", "metrics", "data", "values"];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * A document with a history: Hugging Face's trainer_state.json, a JSON array of rows, `trackio get metric --json`, or columns
 * (`{ step: [...], loss: [...] }`, Keras' `history.history`).
 * @returns in words what it was; `null`: it has no history.
 * @throws SyntaxError
 */
export function readDocument(
  text: string,
  collector: LogCollector,
  run: string | null = null,
): string | null {
  const document = parsePythonJson(text);
  if (Array.isArray(document)) {
    rowsInto(document, collector, run);
    return "a JSON array";
  }
  if (!isObject(document)) return null;
  const name = ROWS.find(
    (each) => Array.isArray(document[each]) && (document[each] as unknown[]).some(isObject),
  );
  if (name !== undefined) {
    const rows = document[name] as unknown[];
    const { metric } = document;
    if (typeof metric === "string")
      for (const [i, row] of rows.entries()) {
        if (isObject(row))
          collector.record(
            { step: row.step, [metric]: row.value ?? row.values },
            i + 1,
            typeof document.run === "string" ? document.run : run,
          );
      }
    else rowsInto(rows, collector, run);
    if (name === "log_history" && !rows.some((row) => isObject(row) && "loss" in row))
      collector.note("The trainer's state has no training losses yet (logging_steps).");
    return name === "log_history" ? "Hugging Face trainer state" : "a JSON document";
  }
  const columns = Object.entries(document).filter((entry): entry is [string, unknown[]] =>
    Array.isArray(entry[1]),
  );
  const longest = Math.max(0, ...columns.map(([, values]) => values.length));
  for (let i = 0; i < longest; i++)
    collector.record(Object.fromEntries(columns.map(([key, values]) => [key, values[i]])), i + 1, run);
  return columns.length > 0 ? "JSON columns" : null;
}

function rowsInto(rows: readonly unknown[], collector: LogCollector, run: string | null): void {
  for (const [i, row] of rows.entries()) {
    if (isObject(row)) collector.record(row as LogFields, i + 1, run);
    else collector.malformed(i + 1);
  }
}

/** Rows of a Parquet file: trackio's export, W&B's history artefact. */
export async function readParquet(
  bytes: Uint8Array,
  collector: LogCollector,
  run: string | null = null,
): Promise<void> {
  const [{ parquetReadObjects }, { compressors }] = await Promise.all([
    import("hyparquet"),
    import("hyparquet-compressors"),
  ]);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  for (const [i, row] of (await parquetReadObjects({ file, compressors })).entries())
    collector.record(row, i + 1, run);
}

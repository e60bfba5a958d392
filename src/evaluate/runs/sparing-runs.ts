/** A query that may write files, and never those that a run has written. */
import { readdirSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import type { DuckDBConnection, DuckDBResultReader } from "@duckdb/node-api";
import { SurprisalError } from "../../core/index.ts";
import { loadDuckDB } from "../duckdb.ts";

/**
 * Runs the statements of a query one after the other; the last one's rows are the answer.
 * @param folders of the runs.
 * @throws SurprisalError INVALID_ARGUMENT: a statement would write into the folder of a run, or does not say plainly where to.
 */
export async function sparingRuns(
  connection: DuckDBConnection,
  query: string,
  folders: readonly string[],
): Promise<DuckDBResultReader> {
  const { StatementType } = await loadDuckDB("`surprisal sql` needs DuckDB");
  const writing = [StatementType.COPY, StatementType.EXPORT, StatementType.ATTACH];
  const statements = await connection.extractStatements(query);
  for (let i = 0; ; i++) {
    const statement = await statements.prepare(i);
    if (writing.includes(statement.statementType)) checkTargets(query, folders);
    const reader = await statement.runAndReadAll();
    if (i + 1 >= statements.count) return reader;
  }
}

/** Every text and quoted name of the query that could be a file's. */
const QUOTED = /'((?:[^']|'')*)'|"((?:[^"]|"")*)"|\$(\w*)\$([\s\S]*?)\$\3\$/g;
/** A target that is computed. */
const COMPUTED = /\bTO\s*(?:\(|[a-z_]\w*\s*\()/i;

function checkTargets(query: string, folders: readonly string[]): void {
  if (COMPUTED.test(query)) throw refused("does not say plainly where it writes to");
  const own = new Set<string>();
  const places = folders.map((folder) => realpathSync(folder));
  for (const place of places)
    for (const name of readdirSync(place)) own.add(identityOf(join(place, name)) ?? "");
  for (const [, text, name, , dollars] of query.matchAll(QUOTED)) {
    const target = text?.replaceAll("''", "'") ?? name?.replaceAll('""', '"') ?? dollars ?? "";
    if (target === "") continue;
    const identity = identityOf(target);
    const path = realPathOf(target);
    const isInside = places.some((place) => path === place || path.startsWith(place + sep));
    if (isInside || (identity !== null && own.has(identity)))
      throw refused(`would write into the folder of a run: ${target}`);
  }
}

function refused(what: string): SurprisalError {
  return new SurprisalError({
    code: "INVALID_ARGUMENT",
    what: `The query ${what}`,
    where: "query",
    wayOut: "What a run has written stays as it is: name another file, as a text ('FILE').",
  });
}

function identityOf(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev} ${ino}`;
  } catch {
    return null;
  }
}

/** Where a file is or would be, links followed. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const [folder, whole] = [dirname(resolve(path)), resolve(path)];
    return folder === whole ? whole : join(realPathOf(folder), whole.slice(folder.length));
  }
}

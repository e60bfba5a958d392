/** Which statements a query may hold, and where it may write: never over what a run has written. */
import { readdirSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve, sep } from "node:path";
import type { DuckDBConnection, DuckDBResultReader } from "@duckdb/node-api";
import { SurprisalError } from "../../core/index.ts";
import { identityOf } from "../../files/index.ts";
import { loadDuckDB } from "../duckdb.ts";
import { type Token, tokensOf } from "./sql-tokens.ts";

/**
 * Runs the statements of a query that sees the tables and nothing else. DuckDB lets a query write to every file that it may
 * read, so the kinds of statements that write files are refused as well.
 * @throws SurprisalError INVALID_ARGUMENT: a statement of a kind that could write a file.
 */
export async function withinMemory(connection: DuckDBConnection, query: string): Promise<DuckDBResultReader> {
  const { StatementType: kinds } = await loadDuckDB("`surprisal sql` needs DuckDB");
  const allowed = [kinds.SELECT, kinds.EXPLAIN, kinds.CREATE, kinds.CREATE_FUNC, kinds.INSERT, kinds.UPDATE];
  allowed.push(kinds.DELETE, kinds.ALTER, kinds.DROP, kinds.TRANSACTION, kinds.ANALYZE, kinds.SET); // settings are locked
  checkPlain(query);
  const writes = /\b(?:COPY|EXPORT)\b/i.test(query);
  return inTurn(connection, query, (kind) => {
    if (!allowed.includes(kind) || (kind === kinds.EXPLAIN && writes))
      throw new SurprisalError({
        code: "INVALID_ARGUMENT",
        what: `The query reads or writes more than the tables of the runs: it holds a statement of the kind ${kinds[kind]}`,
        where: "query",
        wayOut:
          "Where you trust the query, allow it: --allow-files (in code, allowFiles: true). Settings cannot be changed.",
      });
  });
}

/**
 * Runs the statements of a query that may read and write files, one after the other.
 * @param folders of the runs.
 * @throws SurprisalError INVALID_ARGUMENT: it would write into the folder of a run, or does not say plainly where to.
 */
export async function sparingRuns(
  connection: DuckDBConnection,
  query: string,
  folders: readonly string[],
): Promise<DuckDBResultReader> {
  checkTargets(query, folders);
  return inTurn(connection, query, () => {});
}

/** The last statement's rows. @param check of each statement before it runs. */
async function inTurn(
  connection: DuckDBConnection,
  query: string,
  check: (kind: number) => void,
): Promise<DuckDBResultReader> {
  const statements = await connection.extractStatements(query);
  if (statements.count === 0) throw refused("is empty", "Give one, such as: SELECT * FROM results.");
  for (let i = 0; ; i++) {
    const statement = await statements.prepare(i);
    check(statement.statementType);
    const reader = await statement.runAndReadAll();
    if (i + 1 >= statements.count) return reader;
  }
}

/** What writes files, anywhere in a query: it may stand within PREPARE or EXPLAIN ANALYZE as well. */
const WRITES = /\b(?:COPY|EXPORT|ATTACH|IMPORT)\b/i;
/** DuckDB's log, which writes where it likes and ends the process where it may not; and the statements that a folder holds. */
const HIDDEN = /import_database|json_execute|enable_logging|set_logging|logging_/i;
/** The function that runs a text, which may be computed. */
const RUNS_TEXT = /^query$/i;

/** @throws SurprisalError INVALID_ARGUMENT: what the query does cannot be seen from its text. */
function checkPlain(query: string): void {
  const tokens = tokensOf(query);
  const runsText = tokens
    ? tokens.some(({ word, text }, i) => tokens[i + 1]?.word === "(" && RUNS_TEXT.test(word || text))
    : /\bquery\b/i.test(query);
  if (runsText || HIDDEN.test(query))
    throw refused(
      "calls a function that does what cannot be seen beforehand (query, json_execute_serialized_sql, enable_logging)",
      "Write what it would run as a statement of its own.",
    );
}

function checkTargets(query: string, folders: readonly string[]): void {
  checkPlain(query);
  if (!WRITES.test(query)) return;
  const tokens = tokensOf(query);
  if (!tokens) throw refused("writes, and holds texts that are not plain (E'...', $$...$$, a parameter)");
  const own = ownFiles(folders);
  for (const [i, { word }] of tokens.entries()) {
    if (word === "IMPORT" && tokens[i + 1]?.word === "DATABASE")
      throw refused("runs the statements of a folder (IMPORT DATABASE)");
    if (word === "ATTACH") own.check(plainText(tokens, skip(tokens, i + 1, ATTACH_WORDS)));
    if (word === "EXPORT") own.check(plainText(tokens, targetOfExport(tokens, i)));
    if (word !== "COPY") continue;
    const to = targetOf(tokens, i);
    if (to !== null) own.check(plainText(tokens, to)); // without: COPY ... FROM, which reads
  }
  checkNames(tokens);
}

const ATTACH_WORDS = new Set(["OR", "REPLACE", "DATABASE", "IF", "NOT", "EXISTS"]);

function skip(tokens: readonly Token[], from: number, words: ReadonlySet<string>): number {
  let i = from;
  while (words.has(tokens[i]?.word ?? "")) i++;
  return i;
}

/** `EXPORT DATABASE ['name' TO] 'folder'` */
function targetOfExport(tokens: readonly Token[], at: number): number {
  return tokens[at + 3]?.word === "TO" ? at + 4 : at + 2;
}

/** Where the target of a COPY stands: after its TO, outside parentheses. `null`: it has none, or copies a database. */
function targetOf(tokens: readonly Token[], at: number): number | null {
  if (tokens[at + 1]?.word === "FROM" && tokens[at + 2]?.word === "DATABASE") return null;
  let depth = 0;
  for (let i = at + 1; i < tokens.length; i++) {
    const { word, kind } = tokens[i]!;
    if (kind !== "other") continue;
    if (word === "(") depth++;
    else if (word === ")") depth--;
    else if (depth === 0 && word === ";") return null;
    else if (depth === 0 && word === "TO") return i + 1;
  }
  return null;
}

/** The text at a place, where it is a plain one that stands alone: 'FILE'. */
function plainText(tokens: readonly Token[], at: number): string {
  const [token, next] = [tokens[at], tokens[at + 1]];
  const ends = next === undefined || ["(", ")", ";", "AS", "WITH"].includes(next.word);
  if (token?.kind !== "text" || !ends) throw refused("does not say plainly where it writes to");
  return token.text;
}

/** Options of COPY that make names within its folder: none leads out of it. */
function checkNames(tokens: readonly Token[]): void {
  for (const [i, { word, kind, text }] of tokens.entries()) {
    const name = kind === "name" ? text.toUpperCase() : word;
    if (name !== "FILENAME_PATTERN" && name !== "FILE_EXTENSION") continue;
    const [value, after] = [tokens[i + 1], tokens[i + 2]];
    if (value?.kind !== "text" || /[/\\]/.test(value.text) || ![",", ")"].includes(after?.word ?? ""))
      throw refused(`gives a ${name} that is no plain part of a name`);
  }
}

/** Refuses what is, lies within, or holds the folder of a run, and every other name of a file in it. */
function ownFiles(folders: readonly string[]): { check(target: string): void } {
  const places = folders.map((folder) => realpathSync(folder));
  const own = new Set<string>();
  for (const place of places)
    for (const name of readdirSync(place, { recursive: true, encoding: "utf8" }))
      own.add(identityOf(join(place, name)) ?? "");
  own.delete("");
  return {
    check(target) {
      if (target === "" || /^:memory:/.test(target)) return;
      if (/^file:/i.test(target)) throw refused(`names a file by a URL: ${target}`);
      const whole = /^~(?=\/|$)/.test(target) ? join(homedir(), target.slice(1)) : target;
      const path = realPathOf(whole);
      const touches = places.some(
        (place) => path === place || path.startsWith(place + sep) || place.startsWith(path + sep),
      );
      if (touches || own.has(identityOf(whole) ?? " "))
        throw refused(`would write into the folder of a run: ${target}`);
    },
  };
}

function refused(
  what: string,
  wayOut = "What a run has written stays as it is: name another file, as a plain text ('FILE').",
): SurprisalError {
  return new SurprisalError({
    code: "INVALID_ARGUMENT",
    what: `The query ${what}`,
    where: "query",
    wayOut,
  });
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

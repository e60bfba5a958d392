/**
 * A filter is one expression over the columns of a row, and nothing else: it may come from a run folder that a stranger has
 * written. DuckDB parses it, we look at every node of the tree, and what runs is written anew from that tree.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { invalidArgument } from "../../core/index.ts";

/** Kinds of nodes, in DuckDB's words (ExpressionClass), that look at a row and at nothing else. */
const ALLOWED: ReadonlySet<unknown> = new Set([
  "BETWEEN",
  "CASE",
  "CAST",
  "COLLATE",
  "COLUMN_REF",
  "COMPARISON",
  "CONJUNCTION",
  "CONSTANT",
  "FUNCTION",
  "LAMBDA",
  "LAMBDA_REF",
  "OPERATOR",
]);

/** What a person would call the others. */
const WORDS: Readonly<Record<string, string>> = {
  SUBQUERY: "a query within it",
  WINDOW: "a window over rows",
  STAR: "*, or COLUMNS",
  PARAMETER: "a parameter",
};

/** Functions that DuckDB calls consistent, and that look at more than their arguments. */
const LOOKS_AROUND =
  /^(?:current_|session_|user$|get|pg_|has_|inet_|obj_|col_description|shobj_|__internal|.*_is_visible$)/;

/**
 * Functions that make a value of any size out of small ones. DuckDB works on 2,048 rows at once, neither counts such texts
 * against its limit of memory nor stops within one call: repeat('x', 1e9) took 19 GB and 96 s. What multiplies a text of the
 * row by itself (replace, list_transform, levenshtein) is allowed, and can still be slow on long texts.
 */
const MAKES_LARGE =
  /^(?:repeat|range|generate_series|generate_subscripts|[lr]pad|bar|format|printf|bitstring|equi_width_bins|(?:list_|array_)?reduce|(?:list|array)_resize)$/;

type Node = Readonly<Record<string, unknown>>;
const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null;

/**
 * The filter, written anew from its tree.
 * @param where as it was given
 * @throws SurprisalError INVALID_ARGUMENT: it is not one expression, or it does more than look at a row.
 */
export async function checkedFilter(connection: DuckDBConnection, where: string): Promise<string> {
  const refused = (what: string) =>
    invalidArgument(
      `The filter cannot be used: ${what}`,
      where.length > SHOWN ? `${where.slice(0, SHOWN)}…` : where,
      "It is one SQL condition on the columns of a row, such as: stars >= 4 AND lang = 'en'.",
    );
  if (where.length > MOST_CHARACTERS) throw refused(`it has more than ${MOST_CHARACTERS} characters`);
  const parse = async (expression: string) => {
    const sql = [`${BEFORE}${expression}`];
    const [[json]] = (await valuesOf(connection, "SELECT json_serialize_sql($1::VARCHAR)", sql)) as [
      [string],
    ];
    return json;
  };
  const serialized = await parse(`(\n${where}\n)`);
  const parsed: Node = JSON.parse(serialized);
  if (parsed.error !== false) throw refused(`Parser Error: ${parsed.error_message}`);
  const condition = onlyCondition(parsed.statements);
  if (!condition) throw refused("it is more than one condition");
  const names = new Set<string>();
  const problem = problemOf(condition, names);
  if (problem) throw refused(problem);
  const large = [...names].find((name) => MAKES_LARGE.test(name));
  if (large !== undefined) throw refused(`the function ${large} makes values of any size`);
  const pure = new Set(
    (await valuesOf(connection, PURE_FUNCTIONS, [])).map(([name]) => String(name).toLowerCase()),
  );
  const other = [...names].find((name) => !pure.has(name) || LOOKS_AROUND.test(name));
  if (other !== undefined)
    throw refused(
      pure.has(other) || (await exists(connection, other))
        ? `the function ${other} looks at more than the row, or gives another value each time`
        : `Catalog Error: there is no function ${other}`,
    );
  // What closes our parenthesis and opens another, true) OR (true, does not close a bracket too.
  const bracketed: Node = JSON.parse(await parse(`[\n${where}\n]`));
  if (bracketed.error !== false) throw refused("its parentheses are not in pairs");
  const [[written]] = (await valuesOf(connection, "SELECT json_deserialize_sql($1::JSON)", [serialized])) as [
    [string],
  ];
  if (!written.startsWith(BEFORE)) throw refused("it is more than one condition");
  return written.slice(BEFORE.length);
}

const BEFORE = "SELECT 1 FROM t WHERE ";
const MOST_CHARACTERS = 20_000;
const SHOWN = 500;

/** Functions of the arguments alone. Macros are DuckDB's own: nobody could define one before the filter is looked at. */
const PURE_FUNCTIONS = `SELECT DISTINCT function_name FROM duckdb_functions() WHERE internal
  AND (function_type = 'macro' OR (function_type = 'scalar' AND stability = 'CONSISTENT' AND NOT coalesce(has_side_effects, false)))`;

async function exists(connection: DuckDBConnection, name: string): Promise<boolean> {
  const rows = await valuesOf(
    connection,
    "SELECT 1 FROM duckdb_functions() WHERE lower(function_name) = $1 LIMIT 1",
    [name],
  );
  return rows.length > 0;
}

async function valuesOf(connection: DuckDBConnection, sql: string, values: string[]): Promise<unknown[][]> {
  return (await connection.runAndReadAll(sql, values)).getRows() as unknown[][];
}

/** The WHERE of a plain `SELECT 1 FROM t WHERE ...` that is alone; `null`: it is something else. */
function onlyCondition(statements: unknown): Node | null {
  if (!Array.isArray(statements) || statements.length !== 1) return null;
  const node: unknown = (statements[0] as Node).node;
  if (!isNode(node) || node.type !== "SELECT_NODE") return null;
  const empty = [
    node.modifiers,
    node.group_expressions,
    node.group_sets,
    isNode(node.cte_map) && node.cte_map.map,
  ];
  const absent = [node.having, node.qualify, node.sample];
  const isPlain =
    empty.every((list) => Array.isArray(list) && list.length === 0) && absent.every((part) => part === null);
  return isPlain && isNode(node.where_clause) ? node.where_clause : null;
}

/** What in the tree is not allowed; `null` = nothing. @param names the functions it calls, lower case; added to. */
function problemOf(value: unknown, names: Set<string>): string | null {
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const node = waiting.pop();
    if (!isNode(node)) continue;
    if ("class" in node) {
      if (!ALLOWED.has(node.class))
        return `it holds ${WORDS[String(node.class)] ?? String(node.class).toLowerCase()}`;
      if (node.class === "FUNCTION") {
        if (node.catalog !== "" || !["", "main"].includes(String(node.schema)))
          return "it names a function by its schema";
        names.add(String(node.function_name).toLowerCase());
      }
      if (node.class === "CONSTANT") continue; // what a value holds is no expression
    }
    waiting.push(...Object.values(node));
  }
  return null;
}

/** DuckDB, the optional package. */
import { SurprisalError } from "../core/index.ts";

/**
 * @param what the sentence that says what needs it: "A filter in SQL needs DuckDB".
 * @throws SurprisalError PACKAGE_MISSING
 */
export async function loadDuckDB(what: string): Promise<typeof import("@duckdb/node-api")> {
  try {
    return await import("@duckdb/node-api");
  } catch (cause) {
    throw new SurprisalError({
      code: "PACKAGE_MISSING",
      what: `${what}, which is not installed`,
      where: "@duckdb/node-api",
      wayOut: "Install it beside surprisal: npm install @duckdb/node-api.",
      cause,
    });
  }
}

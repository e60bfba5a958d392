/**
 * Columns within columns: "meta.body" is the field "body" of what stands in "meta", "turns.0.text" the text of the first of a
 * list. A column whose own name has dots in it comes first.
 */
import { isMessages } from "./messages.ts";
import type { Column } from "./reading.ts";

/** What stands under a path; `undefined` where a part of it is not there, `null` where one is null. */
export function valueAt(row: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(row, path)) return row[path];
  // The longest name that is there: a column may be called "meta.data" and have a field "body".
  for (let dot = path.lastIndexOf("."); dot > 0; dot = path.lastIndexOf(".", dot - 1)) {
    const name = path.slice(0, dot);
    if (!Object.hasOwn(row, name)) continue;
    const rest = path.slice(dot + 1);
    const inner = row[name];
    if (inner === null) return null;
    if (Array.isArray(inner)) {
      const found = valueAt(Object.fromEntries(inner.entries()), rest);
      if (found !== undefined) return found;
    } else if (isRecord(inner)) {
      const found = valueAt(inner, rest);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

const MOST_LEVELS = 5;

/** The columns of a row, those within columns after the one they are in. */
export function columnsOfRow(row: Readonly<Record<string, unknown>>): Column[] {
  const columns: Column[] = [];
  const add = (record: Readonly<Record<string, unknown>>, before: string, level: number) => {
    for (const [name, value] of Object.entries(record)) {
      const path = before + name;
      const nested = level > 0;
      columns.push({ name: path, isText: typeof value === "string", isChat: isMessages(value), nested });
      if (isRecord(value) && level < MOST_LEVELS) add(value, `${path}.`, level + 1);
    }
  };
  add(row, "", 0);
  return columns;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** Rows of a file that is written line by line, and gone on with. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Whole rows of a file; a last line that was torn is no row. */
export function readRows(file) {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line) => {
      try {
        return line === "" ? [] : [JSON.parse(line)];
      } catch {
        return [];
      }
    });
}

/** Opens a file to go on with. @returns the rows that are there, and what adds one. */
export function goOn(file) {
  mkdirSync(dirname(file), { recursive: true });
  const rows = readRows(file);
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const rounded = (_, value) =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(8)) : value;
  return { rows, add: (row) => appendFileSync(file, `${JSON.stringify(row, rounded)}\n`) };
}

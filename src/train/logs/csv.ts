/**
 * Tables: CSV of any delimiter, as written by Lightning's CSVLogger, Keras' CSVLogger, TensorBoard's download and W&B's
 * export ("run - metric" columns, with "run - metric__MIN" and "__MAX" beside). Cells may be empty.
 */
import type { LogCollector } from "../collector.ts";
import { placeOf, readCurveName } from "../names.ts";
import { readValue } from "../values.ts";
import { LineCutter } from "./lines.ts";
import type { LogReader } from "./reader.ts";

const DELIMITERS = [",", "\t", ";", "|"];
const TAG_NAMES = ["tag", "metric", "name", "key", "metric_name"];
const VALUE_NAMES = ["value", "metric_value"];

/** The delimiter of a line of headings; `null`: it has none. */
export function delimiterOf(line: string): string | null {
  const counts = DELIMITERS.map((each) => cellsOf(line, each).length);
  const most = Math.max(...counts);
  return most > 1 ? DELIMITERS[counts.indexOf(most)]! : null;
}

/** Cells of a line; a cell in quotes may have the delimiter, and "" for a quote. */
function cellsOf(line: string, delimiter: string): string[] {
  if (!line.includes('"')) return line.split(delimiter).map((cell) => cell.trim());
  const cells: string[] = [];
  let [cell, quoted] = ["", false];
  for (let i = 0; i < line.length; i++) {
    const one = line[i]!;
    if (quoted) {
      if (one !== '"') cell += one;
      else if (line[i + 1] === '"') cell += line[++i]!;
      else quoted = false;
    } else if (one === '"' && cell.trim() === "") [cell, quoted] = ["", true];
    else if (one === delimiter) {
      cells.push(cell.trim());
      cell = "";
    } else cell += one;
  }
  cells.push(cell.trim());
  return cells;
}

interface Column {
  /** Name within its run. */
  name: string;
  run: string | null;
}

/** "eager-sun-3 - train/loss": W&B's heading of a run's metric. */
function columnOf(heading: string): Column | null {
  if (/__(?:MIN|MAX)$/.test(heading)) return null;
  const at = heading.lastIndexOf(" - ");
  if (at <= 0) return { name: heading, run: null };
  const [run, name] = [heading.slice(0, at), heading.slice(at + 3)];
  return readCurveName(name) !== null || placeOf(name) !== null
    ? { name, run }
    : { name: heading, run: null };
}

export class CsvReader implements LogReader {
  readonly format = "CSV";
  private readonly lines: LineCutter;
  private headings: string[] | null = null;
  private columns: (Column | null)[] = [];
  private runs: (string | null)[] = [null];
  private delimiter = ",";
  private long: { tag: number; value: number } | null = null;
  private taken = "";

  private readonly collector: LogCollector;
  private readonly file: string;
  private readonly run: string | null;

  /** @param file name of the file: that of TensorBoard's download has the tag, "run-NAME-tag-train_loss.csv". */
  constructor(collector: LogCollector, file: string = "", run: string | null = null) {
    this.collector = collector;
    this.file = file;
    this.run = run;
    this.lines = new LineCutter((text, line) => this.line(text, line));
  }

  push(bytes: Uint8Array): void {
    this.lines.push(bytes);
  }

  end(): void {
    const { open } = this.lines;
    if (open.trim() === "" || open === this.taken) return;
    this.taken = open;
    const whole = this.headings !== null && cellsOf(open, this.delimiter).length === this.headings.length;
    // A last cell may be cut within its number: a log that others still write to is not read so far.
    if (whole) this.row(open, this.lines.count + 1);
    else
      this.collector.note(
        `The log ends within a line (line ${this.lines.count + 1}): that line is left out.`,
      );
  }

  private line(text: string, line: number): void {
    const was = this.taken;
    this.taken = "";
    if (text.trim() === "" || text.startsWith("#")) return;
    if (this.headings === null || this.isHeadings(text)) this.head(text);
    else if (was !== text) this.row(text, line);
  }

  /** A run that was started again may write its headings again. */
  private isHeadings(text: string): boolean {
    return (
      this.headings!.length > 1 && cellsOf(text, this.delimiter).join("\0") === this.headings!.join("\0")
    );
  }

  private head(text: string): void {
    this.delimiter = delimiterOf(text) ?? ",";
    this.headings = cellsOf(text, this.delimiter);
    this.columns = this.headings.map(columnOf);
    this.runs = [...new Set(this.columns.map((column) => column?.run ?? null))];
    if (this.runs.length > 1) this.runs = this.runs.filter((run) => run !== null);
    const low = this.headings.map((heading) => heading.toLowerCase());
    const value = low.findIndex((heading) => VALUE_NAMES.includes(heading));
    const tag = low.findIndex((heading) => TAG_NAMES.includes(heading));
    const losses = this.columns.filter((column) => column !== null && readCurveName(column.name) !== null);
    this.long = value >= 0 && losses.length === 0 ? { tag, value } : null;
  }

  private row(text: string, line: number): void {
    const cells = cellsOf(text, this.delimiter);
    if (
      cells.length > this.headings!.length &&
      cells.slice(this.headings!.length).some((cell) => cell !== "")
    ) {
      this.collector.malformed(line);
      return;
    }
    if (cells.length < this.headings!.length && cells.length < 2) {
      this.collector.malformed(line);
      return;
    }
    if (this.long !== null) {
      this.longRow(cells, this.long, line);
      return;
    }
    for (const run of this.runs) {
      const fields: Record<string, unknown> = {};
      for (const [i, column] of this.columns.entries())
        if (column !== null && (column.run === run || column.run === null))
          fields[column.name] = this.cell(cells[i] ?? "");
      this.collector.record(fields, line, run ?? this.run);
    }
  }

  /** Numbers as such, so that "3,14" is one where cells end with semicolons. */
  private cell(cell: string): unknown {
    return this.delimiter === ";" && /^[+-]?\d+,\d+(?:e[+-]?\d+)?$/i.test(cell)
      ? cell.replace(",", ".")
      : cell;
  }

  private longRow(
    cells: readonly string[],
    { tag, value }: { tag: number; value: number },
    line: number,
  ): void {
    const at = (wanted: string) =>
      cells[this.headings!.findIndex((heading) => placeOf(heading) === wanted)] ?? "";
    const named =
      tag >= 0
        ? (cells[tag] ?? "")
        : (/tag-(.*?)(?:\.csv)?$/i.exec(this.file)?.[1] ?? this.file.replace(/\.[^.]*$/, ""));
    const number = readValue(this.cell(cells[value] ?? ""));
    const [run, split] = [at("run"), at("split")];
    if (number !== null)
      this.collector.point(
        {
          tag: split === "" ? named : `${split}/${named}`,
          value: number,
          step: readValue(this.cell(at("step"))) ?? readValue(at("epoch")),
          run: run === "" ? this.run : run,
        },
        line,
      );
  }
}

/** A JSON object a line: our trainer's log, a W&B or trackio history, what most scripts write. */
import type { LogCollector, LogFields } from "../collector.ts";
import { parsePythonJson } from "../values.ts";
import { LineCutter } from "./lines.ts";
import type { LogReader } from "./reader.ts";

/** Reads JSON lines from bytes that come in pieces: `push` each, `end` once there are no more. Broken lines are counted. */
export class JsonLinesReader implements LogReader {
  readonly format = "JSON lines";
  private readonly lines: LineCutter;
  private taken = "";

  private readonly collector: LogCollector;
  private readonly run: string | null;

  constructor(collector: LogCollector, run: string | null = null) {
    this.collector = collector;
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
    const fields = fieldsOf(open);
    if (fields === null)
      this.collector.note(
        `The log ends within a line (line ${this.lines.count + 1}): that line is left out.`,
      );
    else this.collector.record(fields, this.lines.count + 1, this.run);
  }

  private line(text: string, line: number): void {
    // Read at the end before, without its line break.
    if (this.taken !== "") {
      const was = this.taken;
      this.taken = "";
      if (was === text && fieldsOf(was) !== null) return;
    }
    if (text === "" || text.trim() === "") return;
    const fields = fieldsOf(text);
    if (fields === null) this.collector.malformed(line);
    else this.collector.record(fields, line, this.run);
  }
}

/** @returns `null`: no JSON object. */
function fieldsOf(text: string): LogFields | null {
  try {
    const value = parsePythonJson(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as LogFields) : null;
  } catch {
    return null;
  }
}

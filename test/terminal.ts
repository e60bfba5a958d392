/** As much of a terminal as an answer needs: rows that text breaks into, and the cursor movements that are used. */
import { clusters, clusterWidth } from "../src/text/visible.ts";

export class FakeTerminal {
  readonly isTTY = true;
  columns: number;
  #rows: string[][] = [[]];
  #row = 0;
  #column = 0;

  constructor(columns: number) {
    this.columns = columns;
  }

  /** What stands on it, every row, without spaces at their ends. */
  get text(): string {
    return this.#rows
      .map((row) => row.join("").trimEnd())
      .join("\n")
      .trimEnd();
  }

  /** The cursor stands at the beginning of an empty row. */
  get atNewLine(): boolean {
    return this.#column === 0 && (this.#rows[this.#row] ?? []).join("") === "";
  }

  write(output: string): void {
    for (const [, sequence, text] of output.matchAll(/(\u001b\[[?\d;]*[A-Za-z])|([^\u001b]+)/g)) {
      if (sequence) this.#control(sequence);
      else for (const cluster of clusters(text!)) this.#put(cluster);
    }
  }

  #control(sequence: string): void {
    const count = Number(/\d+/.exec(sequence)?.[0] ?? 1);
    if (sequence.endsWith("A")) this.#row = Math.max(0, this.#row - count);
    else if (sequence === "\u001b[J") {
      this.#rows.length = this.#row + 1;
      this.#rows[this.#row]!.length = this.#column;
    } else if (!/[mhl]$/.test(sequence)) throw new Error(`Unknown: ${JSON.stringify(sequence)}`);
  }

  #put(cluster: string): void {
    if (cluster === "\r") this.#column = 0;
    else if (cluster === "\n" || cluster === "\r\n") this.#newLine();
    else this.#print(cluster);
  }

  #print(cluster: string): void {
    const width = clusterWidth(cluster);
    if (this.#column + width > this.columns) this.#newLine();
    const row = this.#rows[this.#row]!;
    row[this.#column] = cluster;
    for (let i = 1; i < width; i++) row[this.#column + i] = "";
    this.#column += width;
  }

  #newLine(): void {
    this.#row++;
    this.#column = 0;
    this.#rows[this.#row] ??= [];
  }
}

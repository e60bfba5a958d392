/** Bytes that come in pieces, cut into lines; what has no end yet waits. */

/** Longest line, bytes: more is no log. */
const LONGEST = 64 * 2 ** 20;
const NEWLINE = 10;

export class LineCutter {
  private rest: Uint8Array | null = null;
  /** Lines that ended. */
  count = 0;

  private readonly line: (text: string, number: number) => void;

  constructor(line: (text: string, number: number) => void) {
    this.line = line;
  }

  push(bytes: Uint8Array): void {
    let start = 0;
    const last = bytes.lastIndexOf(NEWLINE);
    if (last < 0) {
      this.keep(bytes);
      return;
    }
    if (this.rest !== null) {
      const end = bytes.indexOf(NEWLINE);
      this.keep(bytes.subarray(0, end));
      const whole = this.rest;
      this.rest = null;
      start = end + 1;
      this.tell(decode(whole));
    }
    if (last >= start) {
      const text = decode(bytes.subarray(start, last));
      for (let from = 0; from <= text.length; ) {
        let to = text.indexOf("\n", from);
        if (to < 0) to = text.length;
        this.tell(text.slice(from, to));
        from = to + 1;
      }
    }
    if (last + 1 < bytes.length) this.keep(bytes.subarray(last + 1));
  }

  /** What is there of a line that has no end: a log may lack the last line break, or have been cut. */
  get open(): string {
    return this.rest === null ? "" : decode(this.rest);
  }

  private tell(text: string): void {
    this.count++;
    const line = text.endsWith("\r") ? text.slice(0, -1) : text;
    this.line(this.count === 1 && line.startsWith("\ufeff") ? line.slice(1) : line, this.count);
  }

  private keep(bytes: Uint8Array): void {
    const size = (this.rest?.length ?? 0) + bytes.length;
    if (size > LONGEST) return; // the rest of such a line is not kept: it will not be JSON
    // A copy, where a Buffer's `slice` is none: who reads a file reads the next piece into the same bytes.
    this.rest = this.rest === null ? new Uint8Array(bytes) : Buffer.concat([this.rest, bytes]);
  }
}

const decode = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");

/** Asking the person at the terminal, and listening for Ctrl-C while an answer is written. */
import { createInterface, type Interface } from "node:readline";
import { onInterrupt } from "../../files/index.ts";

const PASTE_MARKS = ["\u001b[?2004h", "\u001b[?2004l"] as const; // bracketed paste on, off
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
/** Lines that follow each other faster than this were pasted, also in a terminal that does not say so. */
const PASTE_MS = 15;

/** What a terminal is used for here: standard input and output. */
export class Terminal {
  readonly #input = process.stdin;
  readonly #output = process.stdout;
  #history: string[] = [];
  /** Typed while an answer was written: stands at the next prompt. */
  #typedAhead = "";

  /**
   * What the person enters; `null` when they leave, by Ctrl-D or by Ctrl-C on an empty line. What is pasted in several
   * lines is one message.
   */
  ask(prompt: string): Promise<string | null> {
    return new Promise((resolve) => {
      const reader = createInterface({
        input: this.#input,
        output: this.#output,
        prompt,
        history: this.#history,
        terminal: true,
      });
      const restore = this.#raw(() => reader.close());
      const lines: string[] = [];
      let pasting = false;
      let pause: NodeJS.Timeout | undefined;
      let answer: string | null = null;
      const send = () => {
        answer = lines.join("\n");
        reader.close();
      };
      const onKey = (_: unknown, key?: { name?: string | undefined }) => {
        if (key?.name === "paste-start") pasting = true;
        if (key?.name === "paste-end") pasting = false;
      };
      this.#input.on("keypress", onKey);
      reader.on("history", (history) => {
        this.#history = history;
      });
      reader.on("line", (line) => {
        lines.push(line);
        clearTimeout(pause);
        if (!pasting) pause = setTimeout(send, PASTE_MS);
      });
      reader.on("SIGINT", () => {
        if (reader.line === "" && lines.length === 0) return reader.close();
        clearTimeout(pause);
        lines.length = 0;
        this.#output.write("^C\n");
        clearLine(reader);
      });
      reader.on("close", () => {
        clearTimeout(pause);
        this.#input.off("keypress", onKey);
        restore();
        if (answer === null) this.#output.write("\n");
        resolve(answer);
      });
      reader.prompt();
      const typed = this.#typedAhead;
      this.#typedAhead = "";
      if (typed) reader.write(typed);
    });
  }

  /** Calls `stop` on Ctrl-C and `leave` on Ctrl-D and on a second Ctrl-C; returns a function that ends the watch. */
  watch(stop: () => void, leave: () => void): () => void {
    let stopped = false;
    const onData = (data: Buffer) => {
      const keys = data.toString("utf8");
      for (const key of keys) {
        if (key === CTRL_D || (key === CTRL_C && stopped)) leave();
        if (key === CTRL_C || key === CTRL_D) {
          stopped = true;
          this.#typedAhead = "";
          stop();
        }
      }
      // Keys such as arrows would move in a line that is not there.
      if (!/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(keys)) this.#typedAhead += keys;
    };
    const restore = this.#raw(() => {});
    this.#input.on("data", onData);
    this.#input.resume();
    return () => {
      this.#input.off("data", onData);
      this.#input.pause();
      restore();
    };
  }

  /** Keys one by one, without echo; a signal puts the terminal back too. */
  #raw(cleanUp: () => void): () => void {
    const calledOff = onInterrupt(() => {
      cleanUp();
      restore();
    });
    const restore = () => {
      this.#input.setRawMode(false);
      this.#output.write(PASTE_MARKS[1]);
    };
    this.#input.setRawMode(true);
    this.#output.write(PASTE_MARKS[0]);
    return () => {
      calledOff();
      restore();
    };
  }
}

/** Empties the line that is being edited. */
function clearLine(reader: Interface): void {
  reader.write(null, { ctrl: true, name: "e" });
  reader.write(null, { ctrl: true, name: "u" });
}

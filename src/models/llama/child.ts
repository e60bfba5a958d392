/**
 * Native work in a process of its own, which may die of it: llama.cpp ends its process where an assertion does not hold
 * (SIGABRT), it divides by a number of a file (SIGFPE), reads what is not there (SIGSEGV), or a mapped file was cut off (SIGBUS).
 * This is the parent's side; child-side.ts is the other.
 */
import { type ChildProcess, fork, type Serializable } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { whenAborted } from "../../core/index.ts";

/** First word of every child: it has loaded its code, and listens. */
export const READY = "ready";

/** Of what a child writes, the end is kept: llama.cpp's last words. */
const KEPT_CHARACTERS = 4000;

export interface ChildOptions<Told> {
  /** The child is killed when it is aborted. */
  signal?: AbortSignal | undefined;
  /** Called with everything that the child says after its first word, in order. */
  onMessage: (message: Told) => void;
}

/** A child that listens. */
export interface Child<Order> {
  /** Does nothing where the child is dead. */
  send(order: Order): void;
  /** How it ended, with llama.cpp's last words: "exit code 0", "SIGABRT: ...: GGML_ASSERT(...) failed". Never rejects. */
  ended: Promise<string>;
  kill(): void;
}

/**
 * Starts a child, and waits until it listens. Both sides have to agree on what they say: `Order` to the child, `Told` by it.
 * @param script its file. Relative paths in orders are not the parent's: the child begins in another folder.
 * @returns `null` where none can be started: from the sources, in a bundle, in a program that cannot start itself a
 *   second time, or when it was aborted meanwhile.
 */
export async function startChild<Order extends Serializable, Told>(
  script: URL,
  { signal, onMessage }: ChildOptions<Told>,
): Promise<Child<Order> | null> {
  const child = begin(script);
  if (!child) return null;
  const kill = () => void child.kill("SIGKILL");
  const callOff = whenAborted(signal, kill);
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    if (process.env.SURPRISAL_LLAMA_LOG) process.stderr.write(text);
    said = (said + text).slice(-KEPT_CHARACTERS);
  });
  const ended = end(child).then((how) => {
    callOff();
    const words = lastWords(said);
    return words ? `${how}: ${words}` : how;
  });
  const isReady = new Promise<boolean>((listens) => {
    child.on("message", (message) => {
      if (message === READY) listens(true);
      else onMessage(message as Told);
    });
    ended.then(() => listens(false));
  });
  if (!(await isReady)) return null;
  return { ended, kill, send: (order) => void child.send(order, () => {}) };
}

function begin(script: URL): ChildProcess | null {
  const { SURPRISAL_LLAMA_LIB: library } = process.env;
  try {
    const file = fileURLToPath(script);
    if (!existsSync(file)) return null;
    return fork(file, {
      env: {
        ...process.env,
        GGML_NO_BACKTRACE: "1", // an abort would first call a debugger
        NODE_OPTIONS: "",
        ...(library && { SURPRISAL_LLAMA_LIB: resolve(library) }),
      },
      cwd: tmpdir(),
      execArgv: [],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
  } catch {
    return null;
  }
}

/** After the last of what it said was heard. */
async function end(child: ChildProcess): Promise<string> {
  try {
    const [code, signal]: (string | number | null)[] = await once(child, "close");
    return signal === null ? `exit code ${code}` : `${signal}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error); // it could not be started
  }
}

function lastWords(said: string): string {
  return said
    .split("\n")
    .filter((line) => /assert|error|abort|terminate|what\(\)/i.test(line))
    .slice(0, 2)
    .join("; ");
}

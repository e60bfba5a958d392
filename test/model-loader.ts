/** Loads model files in a process that may die of them. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What became of a file. */
export type Outcome =
  | { result: "loaded" }
  | { result: "refused"; code: string; message: string }
  | { result: "failed"; message: string }
  | { result: "died"; signal: string };

/** A process that loads files, started again whenever one has ended it. */
export class ModelLoader {
  readonly #script: string;
  #child: ChildProcess | null = null;

  /** @param script in test/, which answers every path with an outcome. */
  constructor(script: string) {
    this.#script = fileURLToPath(new URL(script, import.meta.url));
  }

  async load(path: string): Promise<Outcome> {
    this.#child ??= await this.#start();
    const child = this.#child;
    const heard = new AbortController();
    const answer = once(child, "message", { signal: heard.signal }) as Promise<[Outcome]>;
    const exit = once(child, "exit", { signal: heard.signal }).then(([code, signal]): [Outcome] => [
      { result: "died", signal: signal ?? `exit code ${code}` },
    ]);
    child.send(path);
    const [outcome] = await Promise.race([answer, exit]);
    heard.abort();
    if (outcome.result === "died") this.#child = null;
    return outcome;
  }

  async #start(): Promise<ChildProcess> {
    // Without GGML_NO_BACKTRACE an abort would first call a debugger.
    const env = { ...process.env, GGML_NO_BACKTRACE: "1" };
    const child = fork(this.#script, { stdio: ["ignore", "ignore", "inherit", "ipc"], env, execArgv: [] });
    await once(child, "message");
    return child;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const exit = once(child, "exit");
    child.disconnect();
    await exit;
  }
}

/**
 * Damaged model files, some hundred to a child process: the mutations of test/gguf-mutations.ts first, then seeded ones of models
 * of several architectures and weight formats. A file of broken structure must be refused with a code; what loads must give
 * the numbers of the sound model where the damage cannot change them, and usable ones elsewhere (damaged weights are other weights:
 * nobody can say what is right).
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ERROR_CODES } from "../../src/core/index.ts";
import { encodeGguf, tinyModel } from "../gguf-fixture.ts";
import { mutations } from "../gguf-mutations.ts";
import { attack, type Trial, type Verdict } from "./attack.ts";
import { type Damage, randomDamages } from "./model-damages.ts";

const CHILD = fileURLToPath(new URL("./models-child.mjs", import.meta.url));
/** A child is begun anew after so many files, so that its memory says something. */
const FILES_PER_CHILD = 1000;
/** A load takes milliseconds, a trial in a process of its own a second. */
const MOST_SECONDS = 60;
const MOST_RESIDENT_BYTES = 1.5e9;
/** Numbers of two loads of the same weights. */
const TOLERANCE = 1e-6;

type Outcome = { residentBytes?: number } & (
  | { result: "loaded"; logprobs: number[] }
  | { result: "refused"; code?: string; what?: string; where?: string; wayOut?: string }
  | { result: "failed"; message: string }
  | { result: "died"; how: string }
);

/** The child that loads, begun again when it died or has had its share. */
class Loader {
  readonly #folder = mkdtempSync(join(tmpdir(), "surprisal-attack-models-"));
  #child: ChildProcess | null = null;
  #files = 0;

  async load(bytes: Uint8Array, truncateTo: number | null = null): Promise<Outcome> {
    if (this.#files++ % FILES_PER_CHILD === FILES_PER_CHILD - 1) await this.#stop();
    this.#child ??= await this.#start();
    const child = this.#child;
    const path = join(this.#folder, "model.gguf");
    writeFileSync(path, bytes);
    const heard = new AbortController();
    const { signal } = heard;
    const answer = once(child, "message", { signal }).then(([outcome]) => outcome as Outcome);
    const exit = once(child, "exit", { signal }).then(
      ([code, reason]): Outcome => ({ result: "died", how: `${reason ?? code}` }),
    );
    const clock = setTimeout(() => child.kill("SIGKILL"), 1000 * MOST_SECONDS);
    child.send({ path, cache: join(this.#folder, "cache") });
    if (truncateTo !== null) setTimeout(() => truncateSync(path, truncateTo), truncateTo % 40);
    const outcome = await Promise.race([answer, exit]);
    clearTimeout(clock);
    answer.catch(() => {});
    exit.catch(() => {});
    heard.abort();
    if (outcome.result === "died") this.#child = null;
    return outcome;
  }

  async #start(): Promise<ChildProcess> {
    const env = { ...process.env, GGML_NO_BACKTRACE: "1" };
    const child = fork(CHILD, { stdio: ["ignore", "ignore", "ignore", "ipc"], env, execArgv: [] });
    await once(child, "message");
    return child;
  }

  async #stop(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child) return;
    const exit = once(child, "exit");
    child.disconnect();
    await exit;
  }

  async end(): Promise<void> {
    await this.#stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const CODES: readonly string[] = ERROR_CODES;

function judge({ name, expectation, numbers }: Damage, outcome: Outcome): Trial {
  const trial = (verdict: Verdict, what: string): Trial => ({
    verdict,
    detail: `${name} (${expectation}): ${what}`,
  });
  if (outcome.result === "died") return trial("crashed", `died of ${outcome.how}`);
  if ((outcome.residentBytes ?? 0) > MOST_RESIDENT_BYTES)
    return trial("crashed", `the process grew to ${outcome.residentBytes} bytes`);
  const said = JSON.stringify(outcome);
  if (outcome.result === "failed") return trial("wrong", said);
  if (outcome.result === "refused") {
    const { code = "", what, where, wayOut } = outcome;
    const complete =
      CODES.includes(code) && code !== "INTERNAL" && what && (where || code === "ENGINE_FAILED") && wayOut;
    return trial(complete && expectation !== "harmless" ? "refused" : "wrong", said);
  }
  const { logprobs } = outcome;
  const usable = logprobs.length > 0 && logprobs.every((each) => Number.isFinite(each) && each <= 0);
  const same = !numbers || logprobs.every((each, i) => Math.abs(each - numbers[i]!) < TOLERANCE);
  return trial(usable && same && expectation !== "broken" ? "held" : "wrong", said);
}

async function* trials({ count, seed }: { count: number; seed: number }): AsyncGenerator<Trial> {
  const loader = new Loader();
  const numbersOf = async (bytes: Uint8Array): Promise<readonly number[]> => {
    const outcome = await loader.load(bytes);
    if (outcome.result !== "loaded") throw new Error(`The sound model: ${JSON.stringify(outcome)}`);
    return outcome.logprobs;
  };
  try {
    let left = count;
    const model = encodeGguf(tinyModel()).bytes;
    // Truncated at some moment of its load or its use.
    for (let i = 0; i < Math.min(20, count / 20); i++, left--) {
      const name = `cut to ${1000 * i + i} bytes while it is loaded`;
      yield judge({ name, expectation: "either", bytes: model }, await loader.load(model, 1000 * i + i));
    }
    const random = randomDamages(seed, numbersOf);
    const listed = mutations();
    // Every second is one of the list, while there are any.
    while (left-- > 0) {
      const known = left % 2 === 0 ? listed.next() : null;
      const damage: Damage = known?.value ?? (await random.next()).value;
      yield judge(damage, await loader.load(damage.bytes));
    }
  } finally {
    await loader.end();
  }
}

attack({ name: "models", short: 700, long: 10_000, trials });

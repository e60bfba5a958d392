/**
 * `surprisal eval`, killed again and again at random moments, and gone on with until it is done: the numbers are those of a
 * run that nobody touched, bit for bit, and no lock and no draft is left. Of a signal that can be heard the run says so.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { seededRandom } from "../../src/core/index.ts";
import { readWholeRun } from "../../src/evaluate/index.ts";
import { attack, type Trial } from "./attack.ts";
import { numbersOf } from "./run-folders.ts";

const COMMAND = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const SIGNALS = ["SIGKILL", "SIGTERM", "SIGINT"] as const;
/** Kills of one run; then it is let be. */
const MOST_KILLS = 6;
const PATIENCE_MS = 120_000;

attack({
  name: "kills",
  short: 15,
  long: 200,
  async *trials({ count, seed }) {
    const root = mkdtempSync(join(tmpdir(), "surprisal-attack-kills-"));
    const random = seededRandom(seed);
    try {
      const corpus = join(root, "corpus.jsonl");
      const texts = Array.from(
        { length: 60 },
        (_, i) => `Text ${i}: ${"some words of it, ".repeat(1 + (i % 40))}`,
      );
      writeFileSync(corpus, texts.map((text) => JSON.stringify({ text })).join("\n"));
      const begin = (folder: string) =>
        start(["eval", corpus, "-m", "mini", "--tokens", "--engines", "1", "--run", folder]);
      const started = performance.now();
      await ended(begin(join(root, "whole")));
      const took = performance.now() - started;
      const truth = truthOf(join(root, "whole"));
      for (let kills = 0, run = 0; kills < count; run++) {
        const folder = join(root, `run-${run}`);
        for (let tries = 0; ; tries++) {
          const child = existsSync(join(folder, "run.json"))
            ? start(["eval", "--resume", folder])
            : begin(folder);
          const last = tries === MOST_KILLS || kills === count;
          if (!last) {
            const signal = SIGNALS[Math.floor(random() * SIGNALS.length)]!;
            const delay = random() * took;
            const over = ended(child);
            const isRunning = await Promise.race([sleep(delay).then(() => true), over.then(() => false)]);
            if (isRunning) {
              child.kill(signal);
              await over;
              kills++;
              const problem = afterKill(folder, signal, child.pid);
              const detail = `seed ${seed}, kill ${kills}, ${signal} after ${Math.round(delay)} ms`;
              yield problem === null
                ? { verdict: "held", detail }
                : { verdict: "wrong", detail: `${detail}: ${problem}` };
              continue;
            }
          }
          yield* wholeAgain(
            await ended(child),
            folder,
            truth,
            `seed ${seed}, run ${run}, tried ${tries + 1} times`,
          );
          break;
        }
        rmSync(folder, { recursive: true, force: true });
      }
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  },
});

function start(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [COMMAND, ...args, "--quiet"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  child.stderr
    ?.setEncoding("utf8")
    .on("data", (text: string) => said.set(child, (said.get(child) ?? "") + text));
  return child;
}

const said = new WeakMap<ChildProcess, string>();

/** @returns what it said where it failed. */
async function ended(child: ChildProcess): Promise<string | null> {
  const patience = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  if (child.exitCode === null && child.signalCode === null) await once(child, "close");
  clearTimeout(patience);
  return child.exitCode === 0 ? null : `${child.exitCode ?? child.signalCode}: ${said.get(child) ?? ""}`;
}

/** What is wrong with a folder after a kill. */
function afterKill(folder: string, signal: (typeof SIGNALS)[number], pid: number | undefined): string | null {
  if (!existsSync(join(folder, "run.json"))) return null;
  const { status } = readWholeRun(folder);
  if (status !== "interrupted" && status !== "complete") return `it is ${status}`;
  const lock = join(folder, "lock"); // one that a SIGKILL left stays until somebody goes on
  if (signal !== "SIGKILL" && existsSync(lock) && readFileSync(lock, "utf8").startsWith(`${pid} `))
    return "its lock is there";
  return null;
}

function* wholeAgain(
  failure: string | null,
  folder: string,
  truth: string,
  detail: string,
): Generator<Trial> {
  if (failure !== null) yield { verdict: "crashed", detail: `${detail}: ${failure}` };
  else if (truthOf(folder) !== truth) yield { verdict: "wrong", detail: `${detail}: other numbers` };
  else if (readdirSync(folder).some((name) => !KEPT.includes(name)))
    yield { verdict: "wrong", detail: `${detail}: left ${readdirSync(folder)}` };
}

const KEPT = ["run.json", "journal.jsonl", "log.txt", "tokens.parquet"];

/** Numbers and every token. The name of a run is in its tokens' metadata, and only there. */
function truthOf(folder: string): string {
  const run = readWholeRun(folder);
  const tokens = readFileSync(join(folder, "tokens.parquet"), "latin1").replace(run.id, "");
  return `${run.status} ${numbersOf(run)} ${tokens.length} ${tokens.slice(0, tokens.length - 2000)}`;
}

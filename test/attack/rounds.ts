/** Rounds in a process of their own: each says what was wrong in it, and what memory is held must not go on growing. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { AttackRun, Trial } from "./attack.ts";

/** Longest time of a round, milliseconds: then it hangs. */
const PATIENCE_MS = 240_000;
/** Part of the rounds after which contexts, threads and caches have all been made. */
const WARM_UP = 1 / 3;
/**
 * What a straight line through what was held in the rest may rise from its beginning to its end, MiB: less than 40 KiB lost in
 * each of 800 rounds.
 */
const MOST_RISE = { rss: 30, heapUsed: 4, external: 4 } as const;

const LEAST_LOOKS = 5;

interface Round {
  round: number;
  /** Since the beginning, seconds. */
  s: number;
  wrong: string[];
  /** What is held after the garbage was collected and freed memory given back; `null`: it was not looked. */
  memory: Memory | null;
}

/** Bytes. */
type Memory = Readonly<Record<keyof typeof MOST_RISE, number>>;

/** @param file a program of this folder, which is given a number of rounds and a seed. */
export function roundsOf(file: string): (run: AttackRun) => AsyncGenerator<Trial> {
  const path = fileURLToPath(new URL(`./${file}`, import.meta.url));
  return (run) => trials(path, run);
}

async function* trials(path: string, { count, seed }: AttackRun): AsyncGenerator<Trial> {
  const child = spawn(process.execPath, [path, `${count}`, `${seed}`], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4000);
  });
  const ended = once(child, "close");
  const rounds: Round[] = [];
  const hangs = () => setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  let late = hangs();
  for await (const line of createInterface({ input: child.stdout })) {
    clearTimeout(late);
    late = hangs();
    const round: Round = JSON.parse(line);
    rounds.push(round);
    const isLast = rounds.length === count;
    if (process.env.ATTACK_LONG && round.round % 60 === 0) console.log(shown(round));
    const rise = isLast ? risen(rounds) : null;
    if (round.wrong.length > 0)
      yield {
        verdict: "wrong",
        detail: `seed ${seed}, round ${round.round}: ${round.wrong.slice(0, 3).join("; ")}`,
      };
    else if (rise !== null) yield { verdict: "crashed", detail: `seed ${seed}: ${rise}` };
    else yield { verdict: "held", detail: shown(round) };
  }
  clearTimeout(late);
  const [code, signal] = await ended;
  if (rounds.length < count || code !== 0)
    yield {
      verdict: "crashed",
      detail: `seed ${seed}, after round ${rounds.length - 1}: ${signal ?? `code ${code}`}: ${said}`,
    };
}

/** What of the memory goes on growing, or `null`. */
function risen(rounds: readonly Round[]): string | null {
  const rest = rounds.slice(Math.floor(rounds.length * WARM_UP));
  const held = rest.flatMap(({ memory }) => memory ?? []);
  if (held.length < LEAST_LOOKS) return null; // too few to tell
  for (const kind of ["rss", "heapUsed", "external"] as const) {
    const rise = riseOf(held.map((memory) => memory[kind] / 2 ** 20));
    if (rise > MOST_RISE[kind]) return `${kind} rises by ${rise.toFixed(1)} MiB in ${rest.length} rounds`;
  }
  return null;
}

/** From the first to the last value of the straight line of least squares. */
function riseOf(values: readonly number[]): number {
  const [middle, mean] = [(values.length - 1) / 2, values.reduce((sum, y) => sum + y) / values.length];
  let [xy, xx] = [0, 0];
  for (const [x, y] of values.entries()) {
    xy += (x - middle) * (y - mean);
    xx += (x - middle) ** 2;
  }
  return (xy / xx) * (values.length - 1);
}

function shown({ round, s, memory }: Round): string {
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
  const held = memory
    ? `${mib(memory.rss)} MiB resident, heap ${mib(memory.heapUsed)}, external ${mib(memory.external)}`
    : "held";
  return `round ${round}, ${s.toFixed(0)} s: ${held}`;
}

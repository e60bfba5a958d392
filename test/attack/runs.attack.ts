/**
 * Folders of runs, whole and half done, with a change at random: bits, zeros, cuts, lines, digits, types, files of another
 * run. Whatever reads them says RUN_DAMAGED or gives the true numbers; going on, with --repair too, ends with the true ones.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ERROR_CODES, SurprisalError, seededRandom } from "../../src/core/index.ts";
import { evaluate, type Run, readWholeRun, resumeEvaluation } from "../../src/evaluate/index.ts";
import { collectTokens } from "../../src/evaluate/runs/index.ts";
import { exportRuns } from "../../src/report/index.ts";
import { attack, type Trial } from "./attack.ts";
import { copyOf, numbersOf, optionsFor } from "./run-folders.ts";

type Random = () => number;
const FILES = ["run.json", "journal.jsonl", "tokens.bin", "tokens.parquet"];
const HOSTILE = [
  "1e9",
  "-1",
  "null",
  '"x"',
  "{}",
  "[]",
  "1e308",
  "0.5",
  "4294967296",
  '{"__proto__":{"a":1}}',
  "true",
];

attack({
  name: "runs",
  short: 250,
  long: 5000,
  async *trials({ count, seed }) {
    const root = mkdtempSync(join(tmpdir(), "surprisal-attack-runs-"));
    try {
      const whole = optionsFor(join(root, "whole"));
      const truth = numbersOf(await evaluate(whole));
      const half = optionsFor(join(root, "half"));
      let documents = 0;
      const stop = () => {
        if (++documents === 3) throw new Error("stop");
      };
      await evaluate({ ...half, onDocument: stop }).catch(() => {});
      const other = { ...optionsFor(join(root, "other")), limit: 2 };
      await evaluate(other);
      for (let i = 0; i < count; i++)
        yield await tryOne({ root, truth, other: other.folder, seed: seed * 1_000_000 + i });
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  },
});

interface Given {
  root: string;
  truth: string;
  other: string;
  seed: number;
}

async function tryOne({ root, truth, other, seed }: Given): Promise<Trial> {
  const random = seededRandom(seed);
  const kind = random() < 0.5 ? "whole" : "half";
  const folder = copyOf(join(root, kind), join(root, "victim"));
  const there = FILES.filter((name) => existsSync(join(folder, name)));
  const name = there[Math.floor(random() * there.length)]!;
  const what = change(join(folder, name), join(other, name), random);
  const detail = `seed ${seed}: ${kind} run, ${name} ${what}`;
  const seen: string[] = [];
  const ask = async (step: string, work: () => Promise<string | null>): Promise<Trial | null> => {
    try {
      const numbers = await work();
      if (numbers === null || numbers === truth) return null;
      return { verdict: "wrong", detail: `${detail}; ${step} gave other numbers` };
    } catch (error) {
      const isOurs =
        SurprisalError.isInstance(error) && error.code !== "INTERNAL" && ERROR_CODES.includes(error.code);
      if (!isOurs || !error.what || !error.where || !error.wayOut)
        return { verdict: "wrong", detail: `${detail}; ${step}: ${error}` };
      seen.push(error.code);
      return null;
    }
  };
  // A half run has no results to show: what it shows is a part of the truth only when it is gone on with.
  const shown = (run: Run) =>
    kind === "whole" ? numbersOf(run) : run.results.length === 0 ? null : numbersOf(run);
  const before = bytesOf(folder);
  const steps: [string, () => Promise<string | null>][] = [
    ["show", async () => shown(readWholeRun(folder))],
    [
      "export",
      async () => {
        await exportRuns([readWholeRun(folder)], "csv", { folders: [folder] });
        return null;
      },
    ],
    ["tokens", async () => ((await tokensAreTrue(folder, join(root, "whole"))) ? null : "wrong")],
  ];
  for (const [step, work] of steps) {
    const bad = await ask(step, work);
    if (bad) return bad;
  }
  if (bytesOf(folder) !== before) return { verdict: "wrong", detail: `${detail}; a reader wrote` };
  const options = { ...optionsFor(folder) };
  const refusals = seen.length;
  const bad = await ask("resume", async () => numbersOf(await resumeEvaluation(options)));
  if (bad) return bad;
  if (seen.length === refusals) return { verdict: seen.length > 0 ? "refused" : "held", detail };
  const repaired = await ask("repair", async () => {
    const numbers = numbersOf(await resumeEvaluation({ ...options, repair: true }));
    const same =
      readFileSync(join(folder, "tokens.parquet")).length > 0 &&
      (await tokensAreTrue(folder, join(root, "whole")));
    return same ? numbers : "other tokens";
  });
  return repaired ?? { verdict: "refused", detail };
}

/** Changes a file. @returns what was done. */
function change(file: string, other: string, random: Random): string {
  const bytes = readFileSync(file);
  const at = Math.floor(random() * bytes.length);
  const size = Math.min(bytes.length - at, 1 + Math.floor(random() * 400));
  const text = file.endsWith(".json") || file.endsWith(".jsonl");
  switch (Math.floor(random() * (text ? 8 : 5))) {
    case 0:
      bytes[at]! ^= 1 << Math.floor(random() * 8);
      writeFileSync(file, bytes);
      return `bit flipped at ${at}`;
    case 1:
      writeFileSync(file, bytes.fill(0, at, at + size));
      return `zeros at ${at}, ${size}`;
    case 2:
      writeFileSync(file, bytes.subarray(0, at));
      return `cut at ${at}`;
    case 3:
      writeFileSync(file, Buffer.concat([bytes, bytes.subarray(at, at + size)]));
      return `longer by ${size} from ${at}`;
    case 4:
      if (existsSync(other)) cpSync(other, file);
      return "of another run";
    case 5: {
      const lines = bytes.toString().split("\n");
      const [i, j] = [random(), random()].map((part) => Math.floor(part * (lines.length - 1)));
      if (random() < 0.3) lines.splice(i!, 1);
      else if (random() < 0.5) lines.splice(j!, 0, lines[i!]!);
      else [lines[i!], lines[j!]] = [lines[j!]!, lines[i!]!];
      writeFileSync(file, lines.join("\n"));
      return `lines ${i} and ${j}`;
    }
    case 6:
      return edited(
        file,
        bytes.toString(),
        random,
        (old) => String((Number(old) + 1 + Math.floor(random() * 8)) % 10),
        /\d/g,
      );
    default:
      return edited(
        file,
        bytes.toString(),
        random,
        () => HOSTILE[Math.floor(random() * HOSTILE.length)]!,
        /(?<=":\s?)(-?[\d.e+-]+|"[^"]*"|\[\]|\{\}|null|true|false)/g,
      );
  }
}

function edited(file: string, text: string, random: Random, to: (old: string) => string, of: RegExp): string {
  const places = [...text.matchAll(of)];
  const place = places[Math.floor(random() * places.length)];
  if (!place) return "nothing";
  const value = to(place[0]);
  writeFileSync(file, text.slice(0, place.index) + value + text.slice(place.index + place[0].length));
  return `${place[0]} at ${place.index} became ${value}`;
}

/** Whether what is read of a run's tokens, if anything, is what was written. */
async function tokensAreTrue(folder: string, whole: string): Promise<boolean> {
  const run = readWholeRun(folder);
  if (run.status !== "complete") return true;
  const [found, truth] = [
    await collectTokens([run], [folder], 1e6),
    await collectTokens([readWholeRun(whole)], [whole], 1e6),
  ];
  return found.notes.length > 0 || JSON.stringify(found.samples) === JSON.stringify(truth.samples);
}

function bytesOf(folder: string): string {
  return readdirSync(folder)
    .sort()
    .map((name) => `${name}:${readFileSync(join(folder, name), "latin1")}`)
    .join("\n");
}

/** What a person may give by mistake, or be given: devices, pipes, bombs and damaged files, to the command itself. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { ERROR_CODES, seededRandom } from "../../src/core/index.ts";
import { attack, type Trial } from "./attack.ts";

const COMMAND = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const MOST_MIB = 1500; // a text of 256 MiB is held a few times while it is decoded
const MOST_MS = 60_000;

type Make = (folder: string, random: () => number) => { args: string[]; shell?: string };
const file = (folder: string, name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const noise = (random: () => number, length: number) =>
  Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
const bomb = (text: string) => gzipSync(Buffer.alloc(300 * 2 ** 20, text));

const INPUTS: Readonly<Record<string, Make>> = {
  "a device without an end": () => ({ args: ["score", "/dev/zero"] }),
  "a device of noise": () => ({ args: ["score", "/dev/urandom"] }),
  "no text": () => ({ args: ["score", "/dev/null"] }),
  "a pipe without an end": () => ({ args: ["score", "-"], shell: "yes |" }),
  "a pipe of noise": () => ({ args: ["score", "-"], shell: "cat /dev/urandom |" }),
  "a folder": (folder) => ({ args: ["score", folder] }),
  "a pipe as a corpus": (folder) => ({
    args: ["eval", "F", "--run", join(folder, "r")],
    shell: `mkfifo ${folder}/F; cd ${folder};`,
  }),
  "a device as a corpus": (folder) => ({ args: ["eval", "/dev/zero", "--run", join(folder, "r")] }),
  "noise as a text": (folder, random) => ({ args: ["score", file(folder, "x.txt", noise(random, 5000))] }),
  ...Object.fromEntries(
    (["jsonl", "csv", "tsv", "txt.gz", "jsonl.gz", "txt.zst", "txt.xz", "parquet"] as const).map((ending) => [
      `noise as ${ending}`,
      (folder: string, random: () => number) => ({
        args: ["eval", file(folder, `x.${ending}`, noise(random, 3000)), "--run", join(folder, "r")],
      }),
    ]),
  ),
  "a bomb of text": (folder) => ({
    args: ["eval", file(folder, "x.txt.gz", bomb("x")), "--run", join(folder, "r")],
  }),
  "a bomb of one JSON line": (folder) => ({
    args: ["eval", file(folder, "x.jsonl.gz", bomb('{"text":"')), "--run", join(folder, "r")],
  }),
  "a bomb of one CSV cell": (folder) => ({
    args: [
      "eval",
      file(
        folder,
        "x.csv.gz",
        gzipSync(Buffer.concat([Buffer.from('text\n"'), Buffer.alloc(300 * 2 ** 20, "x")])),
      ),
      "--run",
      join(folder, "r"),
    ],
  }),
  "deep JSON": (folder, random) => {
    const depth = 1000 + Math.floor(random() * 200_000);
    const line = `{"text":${"[".repeat(depth)}${"]".repeat(depth)}}\n`;
    return { args: ["eval", file(folder, "x.jsonl", line), "--run", join(folder, "r")] };
  },
  "JSON that is not whole": (folder, random) => {
    const whole = `${JSON.stringify({ text: "one two three" })}\n`.repeat(3);
    return {
      args: [
        "eval",
        file(folder, "x.jsonl", whole.slice(0, 1 + Math.floor(random() * 80))),
        "--run",
        join(folder, "r"),
      ],
    };
  },
  "questions that are none": (folder, random) => ({
    args: [
      "eval",
      "--task",
      file(
        folder,
        "x.jsonl",
        `{"query":${Math.floor(random() * 9)},"choices":{"__proto__":[]},"gold":1e9}\n`,
      ),
      "--run",
      join(folder, "r"),
    ],
  }),
  "questions in a pipe": (folder) => ({
    args: ["eval", "--task", "F", "--run", join(folder, "r")],
    shell: `mkfifo ${folder}/F; cd ${folder};`,
  }),
  "questions in a device": (folder) => ({
    args: ["eval", "--task", "/dev/zero", "--run", join(folder, "r")],
  }),
  "a list of questions without an end": (folder) => ({
    args: [
      "eval",
      "--task",
      file(folder, "x.json", `[\n${'{"query":1},\n'.repeat(1e7)}`),
      "--run",
      join(folder, "r"),
    ],
  }),
  "lists of millions in lists, in Parquet": (folder, random) => {
    const list = [0xf9, 0x80, 0x80, 0x80, 0x01 + Math.floor(random() * 15)];
    const footer = Buffer.from([0x29, ...Array.from({ length: 50 }, () => list).flat(), 0]);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(footer.length);
    const parquet = Buffer.concat([
      Buffer.from("PAR1"),
      Buffer.alloc(16),
      footer,
      length,
      Buffer.from("PAR1"),
    ]);
    return { args: ["eval", file(folder, "x.parquet", parquet), "--run", join(folder, "r")] };
  },
  "a pipe without an end as pairs": () => ({
    args: ["proxy", "calibrate", "-", "--proxy", "mini", "--max-mib", "16"],
    shell: "yes |",
  }),
  "an imatrix that is none": (folder, random) => ({
    args: [
      "quantize",
      MINI,
      "Q4_0",
      "-o",
      join(folder, "o.gguf"),
      "--imatrix",
      file(folder, "i.dat", noise(random, 400)),
    ],
  }),
  "a model of noise": (folder, random) => ({
    args: [
      "score",
      "--text",
      "a text",
      "-m",
      file(folder, "x.gguf", Buffer.concat([Buffer.from("GGUF"), noise(random, 4000)])),
    ],
  }),
  "a device as a model": () => ({ args: ["score", "--text", "a text", "-m", "/dev/zero"] }),
};
const MINI = fileURLToPath(new URL("../../models/mini.gguf", import.meta.url));

attack({ name: "inputs", short: 33, long: 200, trials });

async function* trials({ count, seed }: { count: number; seed: number }): AsyncGenerator<Trial> {
  const random = seededRandom(seed);
  const names = Object.keys(INPUTS);
  for (let i = 0; i < count; i++) {
    const name = names[i % names.length]!;
    const folder = mkdtempSync(join(tmpdir(), "surprisal-attack-inputs-"));
    const { args, shell } = INPUTS[name]!(folder, random);
    const { verdict, detail } = await outcome(args, shell);
    yield { verdict, detail: `${name} (trial ${i}): ${detail}` };
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the command; watches its memory and its time. */
function outcome(args: readonly string[], before = ""): Promise<Trial> {
  const quoted = [process.execPath, COMMAND, ...args].map((arg) => `'${arg.replaceAll("'", "'\\''")}'`);
  const pipe = before.endsWith("|") ? `${before} ${quoted.join(" ")}` : `${before} exec ${quoted.join(" ")}`;
  const child = spawn("bash", ["-c", pipe], { detached: true, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  let most = 0;
  let late = false;
  child.stderr.on("data", (chunk) => {
    if (said.length < 10_000) said += chunk;
  });
  const end = () => {
    try {
      process.kill(-child.pid!, "SIGKILL");
    } catch {
      // gone
    }
  };
  const watch = setInterval(() => {
    most = Math.max(most, memoryOf(child.pid!));
    if (most > MOST_MIB) end();
  }, 100);
  const timer = setTimeout(() => {
    late = true;
    end();
  }, MOST_MS);
  return new Promise((resolve) => {
    child.on("close", (code, signal) => {
      clearInterval(watch);
      clearTimeout(timer);
      const detail = `${Math.round(most)} MiB, exit ${code ?? signal}${late ? ", too late" : ""}: ${said.slice(-300)}`;
      resolve({ verdict: verdictOf(code), detail });
    });
  });

  function verdictOf(code: number | null): Trial["verdict"] {
    if (late || most > MOST_MIB || code === null || code > 2) return "crashed";
    if (code === 0) return "held";
    const [, named] = /\[([A-Z0-9_]+)\]\s*$/.exec(said) ?? [];
    const known: readonly string[] = ERROR_CODES;
    return named !== undefined && named !== "INTERNAL" && known.includes(named) ? "refused" : "wrong";
  }
}

/** Of the processes of its group, the largest, MiB. */
function memoryOf(group: number): number {
  try {
    const children = readFileSync(`/proc/${group}/task/${group}/children`, "utf8").trim().split(" ");
    const sizes = [String(group), ...children].filter(Boolean).map((pid) => {
      const [, kilobytes = "0"] = /VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
      return Number(kilobytes) / 1024;
    });
    return Math.max(...sizes);
  } catch {
    return 0;
  }
}

/**
 * `npm run bench [-- NAME ...] [--long] [--peer] [--text FILE]`: the figures of the README, measured on this machine.
 *
 * Every figure is a ratio within one run, since machines differ and are noisy. Needs SmolLM2 (npm run models) and a
 * long English text: --text FILE, or WikiText-2 in ../shared/data. Every measurement runs in a process of its own.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { loadLlamaLibrary } from "../dist/models/index.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    long: { type: "boolean", default: false, help: "also the runs that take minutes" },
    peer: { type: "boolean", default: false },
    text: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

const text =
  values.text ?? fileURLToPath(new URL("../../shared/data/wikitext-2-raw.test.txt", import.meta.url));
const MEASUREMENTS = [
  "kernel",
  "meter",
  "decode-share",
  "windows",
  "prefix",
  "tasks",
  "memory",
  "evaluate",
  "compare",
  "startup",
  "recipes",
  "kernels",
  "queue",
  "calibrate",
  "decide",
  "confidence",
  "confidence-samples",
  "detect",
  "generate",
  "route",
  "paq",
  "embed",
  "bytes",
  "codec",
  "entropy",
];
if (values.long) MEASUREMENTS.push("long");
if (values.peer) MEASUREMENTS.push("peer");
// Against other programs, which have to be there: "llama-perplexity", "lm-eval". Each says at its top what it needs.

const wanted = positionals.length > 0 ? positionals : MEASUREMENTS;
if (!existsSync(text)) {
  console.error(`bench: there is no ${text}; give an English text of at least 60 kB with --text FILE`);
  process.exit(2);
}

/** One row of the table. @typedef {{figure: string, measured: string, target: string, ok: boolean}} Row */

const rows = [];
for (const name of wanted) {
  process.stderr.write(`bench: ${name} ...\n`);
  rows.push(...(await measure(name)));
}
const header = {
  date: new Date().toISOString().slice(0, 16).replace("T", " "),
  cpu: `${cpus()[0].model.trim()} x ${cpus().length}`,
  node: process.version,
  engine: `llama.cpp ${loadLlamaLibrary().version}`,
};
if (values.json) console.log(JSON.stringify({ ...header, rows }, null, 2));
else {
  console.log(
    `\n${Object.entries(header)
      .map(([key, value]) => `${key}: ${value}`)
      .join(" | ")}\n`,
  );
  console.log("| figure | measured | target | |\n|---|---|---|---|");
  for (const { figure, measured, target, ok } of rows)
    console.log(`| ${figure} | ${measured} | ${target} | ${ok ? "ok" : "MISSED"} |`);
}

/** Runs bench/NAME.mjs in a process of its own and returns the rows it sends. @returns {Promise<Row[]>} */
function measure(name) {
  const script = fileURLToPath(new URL(`./${name}.mjs`, import.meta.url));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--expose-gc", script, text], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    let received = [];
    child.on("message", (message) => {
      received = message;
    });
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(received) : reject(new Error(`bench/${name}.mjs ended with ${code}`)),
    );
  });
}

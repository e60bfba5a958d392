/** `surprisal doctor`: what is installed, what was found, and whether it computes what it should. */
import { execFile } from "node:child_process";
import { cpus, freemem, totalmem } from "node:os";
import { promisify } from "node:util";
import { SurprisalError } from "../../core/index.ts";
import {
  cacheFolder,
  DEFAULT_MODEL,
  type Kernels,
  type LanguageModel,
  type LlamaLibrary,
  listModels,
  loadLlamaLibrary,
  portableBuild,
  resolve,
  selfTest,
} from "../../models/index.ts";
import { formatBytes, formatNumber, formatRate, visible } from "../../text/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { printDocument } from "../json.ts";
import { LOAD_OPTIONS } from "../load-options.ts";
import { option, text } from "../parameters.ts";
import { JSON_DOCUMENT } from "../shared-options.ts";

interface Line {
  name: string;
  value: string;
  ok: boolean;
}

const command: Command = defineCommand({
  parameters: {
    json: JSON_DOCUMENT,
    model: option(text, {
      short: "m",
      description: "Model of the self-test: a name that is on this machine, or a path",
      standard: DEFAULT_MODEL,
    }),
    kernels: LOAD_OPTIONS.kernels,
  },
  async run({ model, json, kernels }) {
    const engineLines = engine(kernels);
    const { line: testLine, tokensPerSecond } = await test(model, kernels);
    const lines = [
      ...machine(),
      ...engineLines,
      ...(await speed(model, kernels, tokensPerSecond)),
      cache(),
      testLine,
    ];
    const failed = lines.some(({ ok }) => !ok);
    if (json) printDocument({ schema: "surprisal.doctor/1", ok: !failed, checks: lines, tokensPerSecond });
    else {
      const width = Math.max(...lines.map(({ name }) => name.length));
      for (const { name, value, ok } of lines)
        process.stdout.write(`${ok ? "ok  " : "FAIL"}  ${name.padEnd(width)}  ${shown(value, width + 8)}\n`);
    }
    if (failed) process.exitCode = 1;
  },
});
export default command;

const line = (name: string, value: string, ok = true): Line => ({ name, value, ok });

/** A value of several lines, indented, safe to show. */
const shown = (value: string, indent: number): string =>
  value
    .split("\n")
    .map(visible)
    .join(`\n${" ".repeat(indent)}`);

function machine(): Line[] {
  return [
    line("platform", `${process.platform}-${process.arch}, Node ${process.version}`),
    line("processor", `${cpus()[0]?.model.trim() ?? "unknown"}, ${cpus().length} logical cores`),
    line("memory", `${formatBytes(freemem())} free of ${formatBytes(totalmem())}`),
  ];
}

function engine(kernels: Kernels | undefined): Line[] {
  let library: LlamaLibrary;
  try {
    library = loadLlamaLibrary({ kernels });
  } catch (error) {
    return [line("engine", describe(error), false)];
  }
  const gpus = library.devices.filter(({ kind }) => kind === "gpu" || kind === "integrated-gpu");
  return [
    line("engine", `llama.cpp ${library.version}, from ${library.origin}`),
    line("library", library.folder),
    line("struct layout", "default parameters come back as known"),
    ...cpuLines(library),
    line(
      "GPU",
      gpus.length === 0
        ? "none found: models run on the CPU"
        : gpus.map((gpu) => `${gpu.description}, ${formatBytes(gpu.freeBytes)} free`).join("; "),
    ),
  ];
}

function cache(): Line {
  const models = listModels().filter(({ availability }) => availability === "cached");
  return line(
    "model cache",
    `${cacheFolder()} (${models.map(({ reference }) => reference).join(", ") || "empty"})`,
  );
}

/** The build of llama.cpp's CPU code that is used, and those that could be. */
function cpuLines({ cpuBuild, cpuBuilds, kernels }: LlamaLibrary): Line[] {
  const names = (runs: boolean) =>
    cpuBuilds
      .filter(({ score }) => score > 0 === runs)
      .map(({ name }) => name)
      .join(", ") || "none";
  return [
    line("CPU build", `${cpuBuild ?? "the only one of this llama.cpp"}, kernels: ${kernels}`),
    ...(cpuBuilds.length === 0
      ? []
      : [line("CPU builds", `this CPU can run ${names(true)}\nit cannot run ${names(false)}`)]),
  ];
}

/** How fast the model of the self-test is here, and what portable kernels cost. */
async function speed(
  model: string,
  kernels: Kernels | undefined,
  tokensPerSecond: number | null,
): Promise<Line[]> {
  if (tokensPerSecond === null) return [];
  const lines = [line("speed", `${formatRate(tokensPerSecond, "tokens")} with ${model}`)];
  const { cpuBuild, cpuBuilds } = loadLlamaLibrary();
  const portable = portableBuild(cpuBuilds);
  if (kernels !== undefined || cpuBuild === null) return lines;
  if (portable === null) return [...lines, line("portable", "no build without AMX runs here")];
  if (portable.name === cpuBuild)
    return [...lines, line("portable", "the build in use: --kernels portable costs nothing here")];
  const other = await portableSpeed(model);
  const cost = other === null ? "" : `: ${formatNumber(other / tokensPerSecond, 2)} of the speed`;
  return [...lines, line("portable", `--kernels portable is the build ${portable.name}${cost}`)];
}

/** In a process of its own, which alone can hold another build. */
async function portableSpeed(model: string): Promise<number | null> {
  const { SURPRISAL_CPU_BUILD: _, ...environment } = process.env;
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [process.argv[1]!, "doctor", "--model", model, "--kernels", "portable", "--json"],
      { env: environment },
    );
    return JSON.parse(stdout).tokensPerSecond;
  } catch {
    return null; // what is wrong there is said when it is asked for
  }
}

async function test(
  reference: string,
  kernels: Kernels | undefined,
): Promise<{ line: Line; tokensPerSecond: number | null }> {
  try {
    await using model = await resolve(reference, { offline: true, kernels });
    const result = await selfTest(model);
    const scored = `${result.tokens} tokens scored with ${model.identity.name}`;
    const found =
      result.largestDifference === null
        ? `${scored}; no recorded values to compare with`
        : `${scored}, as recorded (largest difference ${result.largestDifference.toFixed(4)} nats)`;
    return { line: line("self-test", found), tokensPerSecond: await rate(model) };
  } catch (error) {
    const missing = SurprisalError.isInstance(error) && error.code === "MODEL_UNAVAILABLE";
    const found = missing
      ? line("self-test", `not run: ${reference} is not in the cache (surprisal models pull ${reference})`)
      : line("self-test", describe(error), false);
    return { line: found, tokensPerSecond: null };
  }
}

/** Tokens in the text whose scoring is timed. */
const TIMED_TOKENS = 256;

/** Tokens per second of one batch, the better of two: the first one makes the memory. */
async function rate(model: LanguageModel): Promise<number> {
  const { ids } = await model.tokenize("The king and the queen went into the house. ".repeat(TIMED_TOKENS));
  const continuation = ids.subarray(0, Math.min(TIMED_TOKENS, (model.trainedContext ?? 512) / 2));
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 2; round++) {
    const start = performance.now();
    for await (const { logprob } of model.score([{ context: [], continuation }])) void logprob;
    best = Math.min(best, performance.now() - start);
  }
  return (1000 * continuation.length) / best;
}

function describe(error: unknown): string {
  return SurprisalError.isInstance(error) ? `${error.message} [${error.code}]` : String(error);
}

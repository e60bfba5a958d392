/** `surprisal doctor`: what is installed, what was found, and whether it computes what it should. */
import { cpus, freemem, totalmem } from "node:os";
import { SurprisalError } from "../../core/index.ts";
import {
  cacheFolder,
  DEFAULT_MODEL,
  type LlamaLibrary,
  listModels,
  loadLlamaLibrary,
  resolve,
  selfTest,
} from "../../models/index.ts";
import { formatBytes, visible } from "../../text/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { printDocument } from "../json.ts";
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
  },
  async run({ model, json }) {
    const lines = [...machine(), ...engine(), cache(), await test(model)];
    const failed = lines.some(({ ok }) => !ok);
    if (json) printDocument({ schema: "surprisal.doctor/1", ok: !failed, checks: lines });
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

function engine(): Line[] {
  let library: LlamaLibrary;
  try {
    library = loadLlamaLibrary();
  } catch (error) {
    return [line("engine", describe(error), false)];
  }
  const gpus = library.devices.filter(({ kind }) => kind === "gpu" || kind === "integrated-gpu");
  return [
    line("engine", `llama.cpp ${library.version}, from ${library.origin}`),
    line("library", library.folder),
    line("struct layout", "default parameters come back as known"),
    line("CPU build", library.cpuBuild ?? "not told by this platform"),
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

async function test(reference: string): Promise<Line> {
  try {
    await using model = await resolve(reference, { offline: true });
    const result = await selfTest(model);
    const scored = `${result.tokens} tokens scored with ${model.identity.name}`;
    return line(
      "self-test",
      result.largestDifference === null
        ? `${scored}; no recorded values to compare with`
        : `${scored}, as recorded (largest difference ${result.largestDifference.toFixed(4)} nats)`,
    );
  } catch (error) {
    const missing = SurprisalError.isInstance(error) && error.code === "MODEL_UNAVAILABLE";
    return missing
      ? line("self-test", `not run: ${reference} is not in the cache (surprisal models pull ${reference})`)
      : line("self-test", describe(error), false);
  }
}

function describe(error: unknown): string {
  return SurprisalError.isInstance(error) ? `${error.message} [${error.code}]` : String(error);
}

/**
 * What kernels do to a perplexity: weights by builds of llama.cpp's CPU code, exactly, and without repacking. Recipe
 * llama.cpp over seven chunks of the golden text (3,584 tokens), SmolLM2. Each build in a process of its own.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { scoreText } from "../dist/index.js";
import { LlamaModel, loadLlamaLibrary } from "../dist/models/index.js";
import { row, send, smollm2, THREADS } from "./_shared.mjs";

const TYPES = ["Q8_0", "Q4_0", "Q4_1"];
/** Characters of the golden text that hold seven chunks of 512 tokens, and a part of the eighth, which is dropped. */
const CHARACTERS = 15_600;
const SCORED = 7 * 255;
/** Builds since Haswell; the older ones are many times slower. */
const SINCE_HASWELL = [
  "sapphirerapids",
  "zen4",
  "cooperlake",
  "icelake",
  "cascadelake",
  "cannonlake",
  "skylakex",
  "alderlake",
  "haswell",
];

if (process.env.KERNELS_OPTIONS === undefined) await table();
else await measure(JSON.parse(process.env.KERNELS_OPTIONS));

/** In the child: a perplexity for each weight format. */
async function measure(options) {
  const text = readFileSync(
    new URL("../test/fixtures/golden/wikitext-23100-bytes.txt", import.meta.url),
    "utf8",
  ).slice(0, CHARACTERS);
  const answers = {};
  for (const type of TYPES) {
    const model = await LlamaModel.load(await smollm2(type), { threads: THREADS, device: "cpu", ...options });
    const { perplexity, scored, timing } = await scoreText(model, text, { recipe: "llama.cpp" });
    if (scored !== SCORED) throw new Error(`${scored} tokens were scored, not ${SCORED}`);
    answers[type] = { perplexity, tokensPerSecond: (1000 * timing.tokensRun) / timing.decodeMs };
    await model[Symbol.asyncDispose]();
  }
  console.log(JSON.stringify(answers));
}

async function table() {
  const { cpuBuilds, cpuBuild } = loadLlamaLibrary();
  const builds = SINCE_HASWELL.filter((name) =>
    cpuBuilds.some((each) => each.name === name && each.score > 0),
  );
  const run = (name, options) => {
    process.stderr.write(`bench: kernels, ${name} ${JSON.stringify(options)} ...\n`);
    const env = {
      ...process.env,
      ...(name && { SURPRISAL_CPU_BUILD: name }),
      KERNELS_OPTIONS: JSON.stringify(options),
    };
    const script = fileURLToPath(import.meta.url);
    return JSON.parse(
      execFileSync(process.execPath, [script], { env, stdio: ["ignore", "pipe", "inherit"] }),
    );
  };
  const last = builds.at(-1);
  const columns = [
    [`exact (${cpuBuild})`, run(cpuBuild, { exact: true })],
    ...(last && last !== cpuBuild ? [[`exact (${last})`, run(last, { exact: true })]] : []),
    ...(builds.length > 0 ? builds : [cpuBuild]).map((name) => [name ?? "native", run(name, {})]),
    [`${cpuBuild}, no repacking`, run(cpuBuild, { repack: false })],
  ];
  console.log(`\n| weights | ${columns.map(([name]) => name).join(" | ")} |`);
  console.log(`|---|${columns.map(() => "---|").join("")}`);
  for (const type of TYPES) {
    const cells = columns.map(([, answers]) => {
      const { perplexity, tokensPerSecond } = answers[type];
      return `${perplexity.toFixed(4)} (${tokensPerSecond.toFixed(0)}/s)`;
    });
    console.log(`| ${type} | ${cells.join(" | ")} |`);
  }
  const spread = (chosen, type) => {
    const values = chosen.map(([, answers]) => answers[type].perplexity);
    return Math.max(...values) / Math.min(...values) - 1;
  };
  const exact = columns.filter(([name]) => name.startsWith("exact"));
  const others = columns.filter(([name]) => !name.startsWith("exact"));
  send(
    TYPES.flatMap((type) => [
      row(`${type}, exact, build to build`, spread(exact, type), "<=", 1e-5),
      row(`${type}, kernel to kernel`, spread(others, type), "<=", 0.007),
    ]),
  );
}

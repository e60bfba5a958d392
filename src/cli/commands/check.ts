/** `surprisal check`: conditions on texts, questions and answers, for CI. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { resolve as absolute, dirname, join } from "node:path";
import { SurprisalError } from "../../core/index.ts";
import { assertWritable, readFailure, writeWhole } from "../../files/index.ts";
import { DEFAULT_MODEL } from "../../models/index.ts";
import { decodeText, visible } from "../../text/index.ts";
import {
  annotations,
  BASELINE_NAME,
  type Baseline,
  type CheckResult,
  CONFIG_NAMES,
  EXAMPLE,
  exitCodeFor,
  judgeAll,
  junit,
  type Measurement,
  measureAll,
  readBaseline,
  readConfig,
  stateOf,
  stepSummary,
  writeBaseline,
} from "../check/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { usage } from "../errors.ts";
import { printDocument } from "../json.ts";
import { LOAD_OPTIONS, openModel } from "../load-options.ts";
import { flag, option, repeated, text } from "../parameters.ts";
import { renderChecks } from "../render/check.ts";
import { JSON_DOCUMENT, MODEL_DESCRIPTION, QUIET } from "../shared-options.ts";

// biome-ignore format: one option a line
const parameters = {
  config: option(text, { hint: "FILE", description: `The checks, in YAML (default: ${CONFIG_NAMES.join(" or ")} of this folder)` }),
  init: flag({ description: "Write an example with comments instead, where there is no such file yet" }),
  only: repeated(text, { hint: "NAME", description: "This check alone; may be given several times" }),
  model: option(text, { short: "m", description: `${MODEL_DESCRIPTION}; goes before the configuration's own` }),
  baseline: option(text, { hint: "FILE", description: `What "the last run" is: a file that --update writes, or a run's folder (default: the configuration's, else ${BASELINE_NAME} beside it)` }),
  update: flag({ description: "Write what is measured into the baseline file, to be committed" }),
  strict: flag({ description: "What holds only within the error fails" }),
  junit: option(text, { hint: "FILE", description: "Also write JUnit's XML" }),
  github: flag({ description: "Annotations for GitHub, on standard error, and a step summary; by itself where GITHUB_ACTIONS is true" }),
  json: JSON_DOCUMENT,
  quiet: QUIET,
  ...LOAD_OPTIONS,
};

const command: Command = defineCommand({
  details: `Exit codes: 0 all conditions hold; 1 one does not; 2 none fails and one could not be judged, or the command or the
configuration is wrong. docs/checking.md has the file, the conditions and a workflow.

Examples:
  surprisal check --init
  surprisal check
  surprisal check --update
  surprisal check --config ci/surprisal.yaml --junit report.xml --strict`,
  parameters,
  exitCode: () => 2, // whatever was thrown, nothing was judged
  async run(given) {
    if (given.init) return writeExample(given.config ?? CONFIG_NAMES[0]);
    const file = given.config ?? CONFIG_NAMES.find((name) => existsSync(name));
    if (file === undefined)
      throw usage(`There is no ${CONFIG_NAMES[0]} here; surprisal check --init writes an example`);
    const config = readConfig(file, sourceOf(file));
    const checks = chosen(config.checks, given.only);
    if (given.junit !== undefined) assertWritable(given.junit);
    const own = given.baseline ?? config.baseline ?? join(dirname(file), BASELINE_NAME);
    if (given.update && existsSync(join(own, "run.json")))
      throw usage("--update writes a baseline file, and this is a run's folder", own);
    const baselines = new Map<string, Baseline | null>();
    const baselineOf = (path: string | null) => {
      const where = path === null ? own : absolute(dirname(file), path);
      if (!baselines.has(where)) baselines.set(where, readBaseline(where));
      return baselines.get(where)!;
    };
    if (!given.update) baselineOf(null); // what is wrong with it is said before the long work
    const measured = await measureAll({
      checks: given.model === undefined ? checks : checks.map((check) => ({ ...check, model: given.model! })),
      defaultModel: DEFAULT_MODEL,
      open: (model) => openModel({ ...given, model }),
      onCheck: ({ name }, i) => {
        if (!given.quiet && process.stderr.isTTY)
          process.stderr.write(`check ${i + 1} of ${checks.length}: ${visible(name)}\n`);
      },
    });
    if (given.update) {
      assertWritable(own);
      const known = measured.flatMap(({ check, measurement }): [string, Measurement][] =>
        measurement === null ? [] : [[check.name, measurement]],
      );
      await writeBaseline(
        own,
        new Map(known),
        config.checks.map(({ name }) => name),
      );
    }
    const results = await judgeAll(measured, baselineOf);
    if (given.junit !== undefined) await writeWhole(given.junit, junit(results, file, given.strict));
    if (given.github || process.env.GITHUB_ACTIONS === "true") tellGithub(results, file, given.strict);
    if (given.json) printDocument(documentOf(results, file, given.strict));
    else
      process.stdout.write(
        renderChecks(results, process.stdout.isTTY ? process.stdout.columns || 80 : null, given.strict),
      );
    if (given.update && !given.quiet) process.stderr.write(`Written: ${visible(own)}\n`);
    process.exitCode = exitCodeFor(results, given.strict);
  },
});
export default command;

async function writeExample(file: string): Promise<void> {
  if (existsSync(file)) throw usage("There is such a file already", file);
  await writeWhole(file, EXAMPLE);
  process.stdout.write(`Written: ${visible(file)}. Now: surprisal check --update\n`);
}

function sourceOf(file: string): string {
  try {
    return decodeText(readFileSync(file), file).text;
  } catch (error) {
    if (SurprisalError.isInstance(error)) throw error;
    throw readFailure(error, file);
  }
}

function chosen<One extends { name: string }>(
  checks: readonly One[],
  only: readonly string[],
): readonly One[] {
  const missing = only.find((name) => !checks.some((check) => check.name === name));
  if (missing !== undefined)
    throw usage(`There is no check "${missing}": there are ${checks.map(({ name }) => name).join(", ")}`);
  return only.length === 0 ? checks : checks.filter(({ name }) => only.includes(name));
}

function tellGithub(results: readonly CheckResult[], file: string, strict: boolean): void {
  const { GITHUB_WORKSPACE = process.cwd(), GITHUB_STEP_SUMMARY } = process.env;
  process.stderr.write(annotations(results, absolute(file), GITHUB_WORKSPACE, strict));
  if (GITHUB_STEP_SUMMARY) appendFileSync(GITHUB_STEP_SUMMARY, stepSummary(results, strict));
}

function documentOf(results: readonly CheckResult[], file: string, strict: boolean): object {
  return {
    schema: "surprisal.check/1",
    config: file,
    exitCode: exitCodeFor(results, strict),
    checks: results.map(({ check, model, measurement, problem, conditions, ms }) => ({
      name: check.name,
      line: check.place.line,
      model,
      recipe: measurement?.recipe ?? null,
      sha256: measurement?.sha256 ?? null,
      values:
        measurement &&
        Object.fromEntries(
          Object.entries(measurement.values).map(([key, { value, standardError }]) => [
            key,
            { value, standardError },
          ]),
        ),
      answer: measurement?.answer ?? null,
      problem,
      ms,
      notes: measurement?.notes ?? [],
      conditions: conditions.map(({ text, place, verdict }) => ({
        condition: text,
        ...place,
        ...verdict,
        state: stateOf(verdict, strict),
      })),
    })),
  };
}

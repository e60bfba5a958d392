/** `surprisal refine --mode fs`: demonstrations of a few-shot prompt, together. */
import { writeWhole } from "../../files/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { type DemonstrationReport, refinePrompt, type SampleRow } from "../../refine/index.ts";
import { formatPlural } from "../../text/index.ts";
import { usage } from "../errors.ts";
import { startLine } from "../render/index.ts";
import { readSamples } from "./dataset.ts";
import type { RefineFiles } from "./files.ts";
import { type RefineGiven, refiningOf, settingsOf, shownThresholds } from "./options.ts";

/** Questions below which that is said. */
const FEW = 10;

/** Demonstrations, and what they are tried on. */
export interface GivenDemonstrations {
  source: string;
  demonstrations: SampleRow[];
  calibration: SampleRow[];
}

/** Of one file the last lines are what the first are tried on. @throws SurprisalError */
export async function readDemonstrations(given: RefineGiven): Promise<GivenDemonstrations> {
  const { rows, source } = await readSamples(given.file, given);
  if (given.calibration !== undefined) {
    const { rows: calibration } = await readSamples(given.calibration, given, { answerAlone: true });
    return { source, demonstrations: rows, calibration };
  }
  if (rows.length < 2)
    throw usage(
      "One line is not enough: some are the demonstrations, others what they are tried on (--calibration FILE)",
      source,
    );
  const share = given.calibrationShare ?? 0.5;
  const count = Math.min(rows.length - 1, Math.max(1, Math.round(rows.length * share)));
  return { source, demonstrations: rows.slice(0, -count), calibration: rows.slice(-count) };
}

/** Refines them, and writes the prompt and its manifest, each whole. */
export async function refineTogether(
  { source, demonstrations, calibration }: GivenDemonstrations,
  { out, manifest }: RefineFiles,
  given: RefineGiven,
  model: LanguageModel,
  writer: LanguageModel | null,
): Promise<DemonstrationReport> {
  if (!given.quiet && calibration.length < FEW)
    process.stderr.write(
      `note: the demonstrations are tried on ${formatPlural(calibration.length, "question")} only, so that what a step is worth may be chance: ${FEW} to 50 are better\n`,
    );
  const line = startLine({});
  const { stop, thresholds, substitute, merge, against, dangling } = refiningOf(given, writer);
  try {
    const report = await refinePrompt(
      model,
      { demonstrations, calibration },
      {
        ...{ stop, thresholds, substitute, merge, against, dangling, by: given.by, source },
        measure: given.measure === "rest" ? undefined : given.measure,
        ...{
          instruction: given.instruction,
          draws: given.draws,
          seed: given.seed,
          settings: settingsOf(given),
        },
        onRound: ({ round, steps }) => {
          if (!given.quiet) line.show(() => `refining  round ${round}  ${formatPlural(steps, "step")} left`);
        },
      },
    );
    const whole = { ...report, thresholds: shownThresholds(given) };
    if (out !== null) await writeWhole(out, report.text);
    if (manifest !== null)
      await writeWhole(
        manifest,
        `${JSON.stringify({ schema: "surprisal.refine-manifest/1", ...whole }, null, 2)}\n`,
      );
    return whole;
  } finally {
    line.end();
  }
}

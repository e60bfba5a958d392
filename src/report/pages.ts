/** The pages, each loaded when it is asked for: drawing takes 100 ms to load, and the terminal needs none of it. */
import type { ModelComparison } from "../evaluate/compare/index.ts";
import type { Run, RunDifference, TaskDifference } from "../evaluate/index.ts";
import type { Quantisations } from "../evaluate/quantisations/index.ts";
import type { RefineReport } from "../refine/index.ts";
import type { Benched } from "../uncertainty/index.ts";
import type { BenchView } from "./bench/view.ts";
import type { CalibrationView } from "./calibration/page.ts";
import type { CompressionView } from "./compression/view.ts";
import type { ConfidenceView } from "./confidence/view.ts";
import type { DetectionView } from "./detect/view.ts";
import type { EntropyView } from "./entropy/index.ts";
import type { PageSection } from "./page/sections.ts";
import type { ScoreView } from "./score/index.ts";
import type { ScorePageOptions } from "./score-page/score-page.ts";
import type { TrainView } from "./train/view.ts";

/** The page of one scored text: see score-page/score-page.ts. */
export async function scorePage(view: ScoreView, options?: ScorePageOptions): Promise<string> {
  return (await import("./score-page/score-page.ts")).scorePage(view, options);
}

/** The page of a calibration: see calibration/page.ts. */
export async function calibrationPage(view: CalibrationView): Promise<string> {
  return (await import("./calibration/page.ts")).calibrationPage(view);
}

/** The page of answers and how sure a model was of them: see confidence/page.ts. */
export async function confidencePage(view: ConfidenceView): Promise<string> {
  return (await import("./confidence/page.ts")).confidencePage(view);
}

/** The page of methods against each other: see bench/page.ts. */
export async function benchPage(view: BenchView): Promise<string> {
  return (await import("./bench/page.ts")).benchPage(view);
}

/** Its picture of one set of answers, as an SVG file. */
export async function benchPicture(benched: Benched): Promise<string> {
  return (await import("./bench/page.ts")).benchPicture(benched);
}

/** The page of examined answers, with what is suspected in them: see detect-page/page.ts. */
export async function detectionPage(view: DetectionView): Promise<string> {
  return (await import("./detect-page/page.ts")).detectionPage(view);
}

/** The page of a refined data set, of one sample, or of demonstrations: see refine-page/page.ts. */
export async function refinePage(report: RefineReport): Promise<string> {
  return (await import("./refine-page/index.ts")).refinePage(report);
}

/** Its picture as an SVG file: perplexity against steps and tokens; of a data set the tokens saved. */
export async function refinePicture(report: RefineReport): Promise<string> {
  return (await import("./refine-page/index.ts")).refinePicture(report);
}

/** The page of an entropy, of a text or of models: see entropy-page/page.ts. */
export async function entropyPage(view: EntropyView): Promise<string> {
  return (await import("./entropy-page/page.ts")).entropyPage(view);
}

/** Its first picture as an SVG file. */
export async function entropyPicture(view: EntropyView): Promise<string> {
  return (await import("./entropy-page/page.ts")).entropyPicture(view);
}

/** The page of a model's quantisations: see quantisations/page.ts. @param notes what has to be said of it. */
export async function quantisationsPage(
  quantisations: Quantisations,
  notes: readonly string[] = [],
): Promise<string> {
  return (await import("./quantisations/page.ts")).quantisationsPage(quantisations, notes);
}

/** The page of models beside a base model: see comparison/page.ts. @param labels of the models, in their order. */
export async function comparisonPage(
  comparison: ModelComparison,
  base: string,
  labels: readonly string[],
): Promise<string> {
  return (await import("./comparison/page.ts")).comparisonPage(comparison, base, labels);
}

/** The page of where a packed file's bits go: see compression/page.ts. */
export async function compressionPage(view: CompressionView): Promise<string> {
  return (await import("./compression/page.ts")).compressionPage(view);
}

/** The page of two runs side by side: see differences-page.ts. */
export async function differencesPage(
  base: Run,
  other: Run,
  differences: readonly RunDifference[],
  tasks: readonly TaskDifference[],
): Promise<string> {
  return (await import("./differences-page.ts")).differencesPage(base, other, differences, tasks);
}

/**
 * A page of your own: sections with texts, pictures and tables, self-contained and without a script.
 * @param lead stands under the title.
 */
export async function renderPage(
  title: string,
  sections: readonly PageSection[],
  lead?: string,
): Promise<string> {
  return (await import("./page/sections.ts")).renderPage(title, sections, lead);
}

/** The page of training runs: see train-page/page.ts. */
export async function trainPage(view: TrainView): Promise<string> {
  return (await import("./train-page/page.ts")).trainPage(view);
}

/** Its picture as an SVG file: the curves of all runs. */
export async function trainPicture(view: TrainView): Promise<string> {
  return (await import("./train-page/page.ts")).trainPicture(view);
}

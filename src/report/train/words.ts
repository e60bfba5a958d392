/** The sentences about a run: the same in a terminal and on a page. */
import { formatCount, formatNumber, formatPlural } from "../../text/index.ts";
import type { Phase, Ranged } from "../../train/index.ts";
import type { WatchedRun } from "./view.ts";

const bits = (nats: number): string =>
  (nats / Math.LN2).toFixed(Math.abs(nats) < 0.01 ? 4 : Math.abs(nats) < 0.1 ? 3 : 2);
const perplexity = (nats: number): string => formatNumber(Math.exp(nats), 4);
const at = (value: number): string => formatCount(Number.isInteger(value) ? value : Math.round(value));

/** Name and value of all there is to say of a run, most important first. */
export function trainFacts({ run, analysis }: WatchedRun): [name: string, value: string][] {
  const { best, overfit, outlook, last, spikes, spikeCount, breakdowns } = analysis;
  const { axis } = run;
  const facts: [string, string][] = [];
  const loss = (nats: number) => `perplexity ${perplexity(nats)} (${bits(nats)} bits per ${run.per})`;
  if (last.train) facts.push(["training", `${loss(last.train.loss)} at ${axis} ${at(last.train.step)}`]);
  if (last.valid) facts.push(["validation", `${loss(last.valid.loss)} at ${axis} ${at(last.valid.step)}`]);
  if (run.valid === null) facts.push(["best", "there are no validation losses: no checkpoint can be named"]);
  else if (best === null) facts.push(["best", "no validation loss is a finite number"]);
  else {
    const risen =
      best.step === last.valid?.step
        ? "it is the last one"
        : overfit?.turned
          ? "the loss has turned since"
          : "what came since is no worse than noise, as far as can be said";
    facts.push(["best", `${axis} ${at(best.step)}, ${loss(best.loss)}: ${risen}`]);
  }
  if (overfit?.turned)
    facts.push([
      "overfitting",
      `${bits(overfit.rise)} bits above the best at the end${overfit.z === null ? "" : ` (${overfit.z.toFixed(1)} standard errors)`}; it could be said from ${axis} ${at(overfit.alarm ?? 0)} on`,
    ]);
  else if (overfit !== null && overfit.alarm !== null)
    facts.push(["overfitting", `an alarm at ${axis} ${at(overfit.alarm)}, from which the loss came back`]);
  for (const phase of analysis.phases)
    facts.push([phase === analysis.phases[0] ? "phases" : "", phaseText(phase, axis)]);
  if (analysis.phases.length === 0) facts.push(["phases", "too few points to tell any"]);
  else if (analysis.of === "train")
    facts.push(["", "told by the training loss: there are too few validations"]);
  facts.push(["left to gain", outlookText(outlook.gain, outlook.steps, outlook.reason, run)]);
  if (outlook.law !== null && outlook.gain !== null)
    facts.push(["", lawText(outlook.law.floor, outlook.law.exponent)]);
  if (breakdowns.length > 0) {
    const [first] = breakdowns;
    facts.push([
      "no number",
      `the training loss is NaN or infinite from ${axis} ${at(first!.step)}${first!.until === null ? " to the end" : ` to ${at(first!.until)}`}${breakdowns.length > 1 ? `, and ${breakdowns.length - 1} times more` : ""}`,
    ]);
  }
  if (spikeCount > 0) {
    const shown = spikes
      .slice(0, 3)
      .map(
        (spike) =>
          `${axis} ${at(spike.step)} (to ${perplexity(spike.loss)}, ${spike.until === null ? "not back yet" : `back at ${at(spike.until)}`})`,
      );
    facts.push([
      "spikes",
      `${formatPlural(spikeCount, "spike")}: ${shown.join(", ")}${spikeCount > 3 ? " and others" : ""}`,
    ]);
  }
  if (run.tokensPerStep !== null)
    facts.push(["tokens", `${formatCount(Math.round(run.tokensPerStep))} a step`]);
  return facts;
}

function phaseText({ kind, from, to, change, began }: Phase, axis: string): string {
  const share = `${change > 0 ? "+" : "−"}${Math.abs(100 * change).toFixed(Math.abs(change) < 0.1 ? 1 : 0)} % of the loss`;
  const sure =
    began === null
      ? ""
      : `; began between ${at(began.low)} and ${at(began.high)} (90 %)${began.confidence < 0.99 ? `, a change at all with ${Math.round(100 * began.confidence)} %` : ""}`;
  return `${kind}, ${axis} ${at(from)} to ${at(to)}: ${share}${sure}`;
}

function outlookText(
  gain: Ranged | null,
  steps: number,
  reason: string | null,
  run: WatchedRun["run"],
): string {
  if (gain === null) return `cannot be said: ${reason ?? "the curve is too short"}`;
  const tokens =
    run.tokensPerStep === null ? "" : ` (${formatCount(Math.round(steps * run.tokensPerStep))} tokens)`;
  return `${bits(gain.value)} bits in the next ${formatCount(steps)} ${run.axis}s${tokens}, ${bits(gain.low)} to ${bits(gain.high)} (about 85 %), if the schedule stays as it was`;
}

const lawText = (floor: Ranged, exponent: Ranged): string =>
  `power law with exponent ${exponent.value.toFixed(2)} (${exponent.low.toFixed(2)} to ${exponent.high.toFixed(2)}) down to ${bits(floor.value)} bits (${bits(floor.low)} to ${bits(floor.high)})`;

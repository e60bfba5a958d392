/** `surprisal watch`: training curves of live and past logs, and when to stop. */
import { assertWritable, writeWhole } from "../../files/index.ts";
import { type TrainView, trainPage, trainPicture, type WatchedRun } from "../../report/index.ts";
import { ALARM_KINDS, type AlarmKind, analyseRun, type CollectorOptions } from "../../train/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { usage } from "../errors.ts";
import { printDocument, printEvent } from "../json.ts";
import {
  decimal,
  flag,
  oneOf,
  option,
  optionalArgumentList,
  repeated,
  text,
  type Values,
  wholeNumber,
} from "../parameters.ts";
import { decideColour, renderCurves } from "../render/index.ts";
import { QUIET } from "../shared-options.ts";
import { follow, logOnDisk, Monitors, type Told } from "../watch/follow.ts";
import { listening, type RunInput, standardInput } from "../watch/inputs.ts";
import { alarmEvent, EXIT_CODES, postAlarm, runCommand, webhookUrl } from "../watch/stop.ts";

const LARGEST = 2 ** 31 - 1;

// biome-ignore format: one option a line
const parameters = {
  logs: optionalArgumentList("Logs: JSON lines, trainer_state.json, TensorBoard event files, CSV, W&B's or trackio's export, folders of them; -: JSON lines on standard input"),
  follow: flag({ short: "f", description: "Go on reading as the logs grow, until Ctrl-C or --exit-when" }),
  listen: option(wholeNumber(0, 65_535), { hint: "PORT", description: "Take lines that trainers post to http://127.0.0.1:PORT/; the answer says whether to stop (0: any free port)" }),
  exitWhen: repeated(text, { hint: "KINDS", description: `End with an exit code of its own: ${ALARM_KINDS.map((kind) => `${kind} (${EXIT_CODES[kind]})`).join(", ")}; with commas, or several times` }),
  patience: option(wholeNumber(1, 10_000), { hint: "N", description: "Validations after the best before it may be called overfitting (default: 3), and without a fall before it is a plateau (default: 10)" }),
  minDelta: option(decimal(0, 100), { hint: "NATS", description: "Changes of the loss below this count as none (default: 0.01, or 1 % of the loss where that is less)" }),
  onStop: option(text, { hint: "CMD", description: "Run a command of the shell at an alarm of --exit-when (default kinds: overfit, nan); it has the facts in SURPRISAL_ALARM, SURPRISAL_STEP, SURPRISAL_BEST_STEP ..., and as JSON on standard input" }),
  webhook: option(text, { hint: "URL", description: "Post the same as JSON to a server" }),
  ahead: option(wholeNumber(1, LARGEST), { hint: "STEPS", description: "Further steps that the gain is for (default: a tenth of those done)" }),
  train: option(text, { hint: "NAME", description: "Name of the training loss in the log (default: the plainest)" }),
  valid: option(text, { hint: "NAME", description: "Name of the validation loss" }),
  base: option(oneOf(["nats", "bits"]), { description: "What losses are in, where the log does not say: nats, bits (default: nats)" }),
  html: option(text, { hint: "FILE", description: "Write a page with the curves" }),
  svg: option(text, { hint: "FILE", description: "Write the picture" }),
  ascii: flag({ description: "Draw with ASCII signs alone" }),
  json: flag({ description: "One JSON document; with --follow or --listen: a line for every alarm, and one at the end" }),
  quiet: QUIET,
};

type Given = Values<typeof parameters>;

const command: Command = defineCommand({
  details: `The format of a log is told by its content. Losses are per token in nats, unless their names or the perplexities beside
them say otherwise. Validation tells of overfitting; without any nothing is said about it.

Exit codes: 0; of --exit-when 10 overfit, 11 plateau, 12 nan, 13 spike, for past logs too; 1 and 2 are errors. docs/training.md has the rules.

Examples:
  surprisal watch log.jsonl
  surprisal watch runs/ --html curves.html
  surprisal watch log.jsonl --follow --exit-when overfit,nan --on-stop 'kill -INT "$TRAINER"'
  surprisal watch --listen 8123 --exit-when overfit
  python train.py | surprisal watch - --follow`,
  parameters,
  run: watchRuns,
});
export default command;

async function watchRuns(given: Given): Promise<void> {
  const kinds = kindsOf(given.exitWhen);
  const webhook = given.webhook === undefined ? null : webhookUrl(given.webhook);
  if (given.logs.length === 0 && given.listen === undefined) throw usage("watch needs a log, or --listen");
  if (given.onStop?.trim() === "") throw usage("--on-stop names no command");
  for (const file of [given.html, given.svg]) if (file !== undefined) await assertWritable(file);
  const monitors = new Monitors({ patience: given.patience, minDelta: given.minDelta });
  const choice: CollectorOptions = { train: given.train, valid: given.valid, base: given.base };
  const inputs: RunInput[] = given.logs.map((log) =>
    log === "-" ? standardInput(choice) : logOnDisk(log, choice),
  );
  if (given.listen !== undefined) {
    const wanted = kinds.length > 0 ? kinds : DEFAULT_KINDS;
    const advice = () => {
      for (const told of monitors.look(server)) waiting.push(told);
      const alarms = monitors.all.map(({ alarm }) => alarm);
      return { stop: alarms.some(({ kind }) => wanted.includes(kind)), alarms };
    };
    const waiting: Told[] = [];
    const server = await listening(given.listen, choice, advice);
    inputs.push(server);
    if (!given.quiet) process.stderr.write(`Listening on http://127.0.0.1:${server.port}/\n`);
    return finishWatching(given, { inputs, monitors, kinds, webhook, waiting });
  }
  return finishWatching(given, { inputs, monitors, kinds, webhook, waiting: [] });
}

const DEFAULT_KINDS: readonly AlarmKind[] = ["overfit", "nan"];

interface Watching {
  inputs: readonly RunInput[];
  monitors: Monitors;
  /** Of --exit-when. */
  kinds: readonly AlarmKind[];
  webhook: URL | null;
  /** Alarms that a trainer was told of already. */
  waiting: Told[];
}

async function finishWatching(given: Given, watching: Watching): Promise<void> {
  const { inputs, monitors, kinds } = watching;
  const live = given.follow || given.listen !== undefined;
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  if (live) for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, interrupt);
  const screen = liveScreen(given, inputs);
  try {
    if (live)
      await follow({
        ...{ inputs, monitors, signal: stop.signal },
        onAlarm: (told) => tell(given, watching, told),
        onChange: screen.show,
        waiting: watching.waiting,
      });
    else for (const input of inputs) await input.poll(true);
    const found = inputs.map((input) => {
      const runs = input.finish();
      monitors.look(input, runs);
      return runs;
    });
    const view = viewOf(given, inputs, found.flat());
    if (!live) for (const told of inOrder(monitors.all)) if (await tell(given, watching, told)) break;
    screen.end();
    if (given.json) (live ? printEvent : printDocument)(documentOf(view, live));
    else process.stdout.write(renderCurves(view, screenOf(given)));
    if (given.html !== undefined) await writeWhole(given.html, await trainPage(view));
    if (given.svg !== undefined) await writeWhole(given.svg, await trainPicture(view));
  } finally {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, interrupt);
    for (const input of inputs) input.close();
  }
  const first = (live ? monitors.all : inOrder(monitors.all)).find(({ alarm }) => kinds.includes(alarm.kind));
  if (first !== undefined) process.exitCode = EXIT_CODES[first.alarm.kind];
}

const inOrder = (all: readonly Told[]): Told[] => [...all].sort((a, b) => a.alarm.step - b.alarm.step);

/** Says an alarm, and does what it asks for. @returns whether it is one to end at. */
async function tell(given: Given, { kinds, webhook }: Watching, { alarm, log }: Told): Promise<boolean> {
  const acts = (kinds.length > 0 ? kinds : DEFAULT_KINDS).includes(alarm.kind);
  const live = given.follow || given.listen !== undefined;
  if (given.json && live) printEvent(alarmEvent(alarm, log));
  const asked = kinds.length > 0 || webhook !== null || given.onStop !== undefined;
  if (!given.quiet && (live || (acts && asked)))
    process.stderr.write(`${alarm.kind}: ${alarm.run}: ${alarm.what}\n`);
  if (acts) {
    const failed = [
      webhook === null ? null : await postAlarm(webhook, alarm, log),
      given.onStop === undefined ? null : await runCommand(given.onStop, alarm, log),
    ];
    for (const words of failed) if (words !== null) process.stderr.write(`${words}\n`);
  }
  return kinds.includes(alarm.kind);
}

function kindsOf(given: readonly string[]): AlarmKind[] {
  const words = given
    .flatMap((each) => each.split(",").map((word) => word.trim()))
    .filter((word) => word !== "");
  if (given.length > 0 && words.length === 0) throw usage("--exit-when names no kind");
  return words.map((word) => oneOf(ALARM_KINDS)(word, "--exit-when"));
}

function viewOf(given: Given, inputs: readonly RunInput[], runs: readonly WatchedRun["run"][]): TrainView {
  const formats = inputs.flatMap((input) =>
    "formats" in input && typeof input.formats === "function" ? (input.formats() as string[]) : [],
  );
  const named = distinctNames(runs);
  return {
    title:
      inputs.length === 1
        ? inputs[0]!.name === "-"
          ? "standard input"
          : inputs[0]!.name
        : `${inputs.length} logs`,
    formats: [...new Set(formats)],
    runs: named.map((run) => ({
      run,
      analysis: analyseRun(run, { patience: given.patience, minDelta: given.minDelta, ahead: given.ahead }),
    })),
  };
}

/** Runs of several logs may have one name. */
function distinctNames(runs: readonly WatchedRun["run"][]): WatchedRun["run"][] {
  const seen = new Map<string, number>();
  return runs.map((run) => {
    const count = (seen.get(run.name) ?? 0) + 1;
    seen.set(run.name, count);
    return count === 1 ? run : { ...run, name: `${run.name} [${count}]` };
  });
}

const screenOf = ({ ascii }: Given) => ({
  columns: process.stdout.isTTY ? process.stdout.columns || 80 : null,
  colour: decideColour(process.env, process.stdout) !== "none",
  ascii: ascii || process.env.TERM === "dumb" || process.env.TERM === "linux",
});

/** Drawing takes at most this share of the time, and is done no oftener than every two seconds. */
const SHARE_OF_TIME = 0.005;
const EVERY_MS = 2000;

/** The curves on a terminal, drawn again as they grow. */
function liveScreen(given: Given, inputs: readonly RunInput[]): { show(): void; end(): void } {
  if (!(given.follow || given.listen !== undefined) || given.json || given.quiet || !process.stdout.isTTY)
    return { show() {}, end() {} };
  let next = 0;
  let late: NodeJS.Timeout | undefined;
  const draw = () => {
    const started = performance.now();
    const runs = inputs.flatMap((input) => input.runs());
    if (runs.length > 0)
      process.stdout.write(`\u001b[H\u001b[2J${renderCurves(viewOf(given, inputs, runs), screenOf(given))}`);
    next = started + Math.max(EVERY_MS, (performance.now() - started) / SHARE_OF_TIME);
  };
  return {
    show() {
      clearTimeout(late);
      const wait = next - performance.now();
      if (wait <= 0) draw();
      else late = setTimeout(draw, wait);
    },
    end: () => clearTimeout(late),
  };
}

function documentOf({ title, formats, runs }: TrainView, live: boolean): object {
  return {
    schema: "surprisal.watch/1",
    ...(live && { type: "report" }),
    log: title,
    formats,
    runs: runs.map(({ run, analysis }) => ({
      name: run.name,
      axis: run.axis,
      per: run.per,
      units: run.units,
      train: run.train && { tag: run.train.tag, points: run.train.steps.length },
      valid: run.valid && { tag: run.valid.tag, points: run.valid.steps.length },
      tokensPerStep: run.tokensPerStep,
      bytesPerToken: run.bytesPerToken,
      ...analysis,
      notes: run.notes,
    })),
  };
}

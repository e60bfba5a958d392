/** `surprisal decide`: a probability for every option of questions about a state. */
import { existsSync } from "node:fs";
import {
  type CalibrationArtefact,
  loadCalibration,
  saveCalibration,
  sha256Of,
} from "../../calibrate/index.ts";
import {
  calibrateDecisions,
  DECIDE_RULES,
  type DecideOptions,
  decide,
  type Question,
} from "../../decide/index.ts";
import { assertWritable, isSameFile } from "../../files/index.ts";
import { formatNumber, visible } from "../../text/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { decideStates, readLabelled, readQuestions, readState, readStates } from "../decide/index.ts";
import { usage } from "../errors.ts";
import { AnswerFile, requestOf } from "../generate/index.ts";
import { printDocument } from "../json.ts";
import { LOAD_OPTIONS, openModel } from "../load-options.ts";
import { decimal, flag, oneOf, option, text, type Values, wholeNumber } from "../parameters.ts";
import { decideColour, renderCalibration, renderDecisions, startProgress } from "../render/index.ts";
import { JSON_DOCUMENT, MODEL_DESCRIPTION, MOST_MIB, QUIET } from "../shared-options.ts";

const SHARE = decimal(0.0001, 0.9999);

// biome-ignore format: one option a line
const parameters = {
  state: option(text, { hint: "FILE", description: "What the questions are about: a text file, - for standard input" }),
  text: option(text, { short: "t", description: "The same, as words" }),
  questions: option(text, { hint: "FILE", description: "JSON list of questions" }),
  states: option(text, { hint: "FILE", description: "Many states: JSONL with a \"state\" a line, and an \"id\" if it has one" }),
  calibrate: option(text, { hint: "FILE", description: "Fit a calibration to labelled states: JSONL; written to --out" }),
  model: option(text, { short: "m", description: MODEL_DESCRIPTION }),
  rule: option(oneOf(DECIDE_RULES), { hint: "NAME", description: `How options are scored: ${DECIDE_RULES.join(", ")}`, standard: "sum" }),
  listed: flag({ description: "List the options in the prompt; the rule label always does" }),
  orders: option(wholeNumber(1, 255), { hint: "N", description: "Ask listed options in so many orders and average", standard: "1" }),
  system: option(text, { short: "s", hint: "TEXT", description: "What a model with a chat template is told before anything else" }),
  plain: flag({ description: "Ask in plain text, though the model has a chat template" }),
  end: option(text, { hint: "TEXT", mayBeEmpty: true, description: "What ends an answer, and is scored with it (default: the model's end of turn, or of text)" }),
  artefact: option(text, { short: "a", hint: "FILE", description: "Calibrate the probabilities by this" }),
  risk: option(SHARE, { hint: "SHARE", description: "Abstain, so that of what is answered no more than this is wrong; needs the file beside the artefact, NAME.risk.json. With --calibrate: fit that file too" }),
  delta: option(SHARE, { hint: "SHARE", description: "With --calibrate and --risk: chance that the threshold does not keep to it", standard: "0.05" }),
  strict: flag({ description: "A calibration that was fitted to something else is an error, not a warning" }),
  kind: option(oneOf(["temperature", "temperature-by-kind"]), { hint: "KIND", description: "With --calibrate: one temperature, or one for each type of question", standard: "temperature" }),
  least: option(wholeNumber(1, 1_000_000), { hint: "N", description: "With --calibrate: fewest right and fewest wrong answers", standard: "30" }),
  seed: option(wholeNumber(0, 2 ** 31 - 1), { hint: "N", description: "With --calibrate: of everything that is drawn", standard: "0" }),
  out: option(text, { short: "o", hint: "FILE", description: "Write the rows of --states, or the calibration, into this file" }),
  resume: flag({ description: "Go on with the file of --out: what it has is kept, errors are tried again" }),
  maxMib: MOST_MIB,
  json: JSON_DOCUMENT,
  quiet: QUIET,
  ...LOAD_OPTIONS,
};

type Given = Values<typeof parameters>;

const command: Command = defineCommand({
  details: `Questions are a predicate (does it hold?), a choice (2 to 255 options) or a score (2 to 10 levels), in a JSON list:
{"type": "predicate", "instructions": "Is the parcel damaged?"},
{"type": "choice", "instructions": "What now?", "choices": ["return", "repair", "keep"]},
{"type": "score", "instructions": "How bad is it?", "levels": ["not at all", "a little", "very"]}.

Every option is scored as the answer itself, with all its tokens and what ends it; state and questions are run once. The order of
options does not matter unless they are listed. docs/deciding.md has the rules and the files.

Examples:
  surprisal decide --state letter.txt --questions questions.json -m smollm2
  surprisal decide --text "The box is torn." --questions questions.json -m smollm2 --rule label --orders 3 --json
  surprisal decide --calibrate labelled.jsonl -m smollm2 --risk 0.05 -o calibration.json
  surprisal decide --state letter.txt --questions questions.json -m smollm2 --artefact calibration.json --risk 0.05
  surprisal decide --states letters.jsonl --questions questions.json -m smollm2 --out decided.jsonl --resume`,
  parameters,
  async run(given) {
    const { state, text, states, calibrate } = given;
    const sources = Object.entries({ state, text, states, calibrate }).filter(
      ([, value]) => value !== undefined,
    );
    if (sources.length !== 1)
      throw usage(
        sources.length === 0
          ? "Give a state: --state FILE or --text; many: --states FILE; labelled ones: --calibrate FILE"
          : `Give one of ${sources.map(([name]) => `--${name}`).join(" and ")}, not both`,
      );
    if (given.resume && (states === undefined || given.out === undefined))
      throw usage("--resume needs --states and --out");
    if (calibrate !== undefined) await calibrated(given, calibrate);
    else if (states !== undefined) await many(given, states);
    else await one(given);
  },
});
export default command;

async function one(given: Given): Promise<void> {
  if (given.out !== undefined) throw usage("--out is for --states and --calibrate; redirect --json instead");
  const questions = await questionsOf(given);
  const state = given.text ?? (await readState(given.state!, given.maxMib));
  const options = await optionsOf(given);
  await using model = await openModel(given);
  const answer = await decide(model, { state, questions }, options);
  if (given.json) printDocument({ schema: "surprisal.decide/1", ...answer });
  else
    process.stdout.write(
      renderDecisions(
        answer,
        questions.map(({ instructions }) => instructions),
        decideColour(process.env, process.stdout),
      ),
    );
}

async function many(given: Given, file: string): Promise<void> {
  const { out, resume, quiet } = given;
  if (out !== undefined) {
    if (await isSameFile(out, file)) throw usage("--out names the file that is read", out);
    if (!resume && existsSync(out))
      throw usage("--out names a file that is there already; --resume goes on with it", out);
    assertWritable(out);
  }
  const questions = await questionsOf(given);
  const rows = await readStates(file, given.maxMib);
  const options = await optionsOf(given);
  await using model = await openModel(given);
  const { artefact, threshold, ...plain } = options;
  const digest = (used: CalibrationArtefact | undefined) => used && sha256Of(JSON.stringify(used));
  const request = requestOf(model.identity, {
    ...plain,
    questions: sha256Of(JSON.stringify(questions)),
    artefact: digest(artefact),
    threshold: digest(threshold),
    exact: given.exact,
    kernels: given.kernels,
    cacheType: given.cacheType,
  });
  using answers = out === undefined ? null : AnswerFile.open(out, { resume, request, rows, samples: 1 });
  await decideStates(model, { rows, questions, options, request, file: answers, out, quiet });
}

async function calibrated(given: Given, file: string): Promise<void> {
  const { out, risk } = given;
  if (given.artefact !== undefined)
    throw usage("--calibrate fits an artefact to the model's own answers; leave --artefact out");
  for (const target of out === undefined ? [] : [out, ...(risk === undefined ? [] : [riskFile(out)])]) {
    if (await isSameFile(target, file)) throw usage("--out names the file that is read", target);
    assertWritable(target);
  }
  const questions = given.questions === undefined ? null : await readQuestions(given.questions, given.maxMib);
  const rows = await readLabelled(file, questions, given.maxMib);
  await using model = await openModel(given);
  const progress = startProgress({ label: "deciding", unit: "states" });
  try {
    const { artefact, threshold, before, after } = await calibrateDecisions(model, rows, {
      ...askedOf(given),
      ...{ kind: given.kind, leastPerClass: given.least, seed: given.seed, risk, delta: given.delta },
      onProgress: given.quiet ? undefined : (done, total) => progress.update({ done, total }),
    });
    progress.end();
    if (out !== undefined) await saveCalibration(out, artefact);
    if (out !== undefined && threshold) await saveCalibration(riskFile(out), threshold);
    if (given.json) printDocument(threshold ? { ...artefact, threshold } : artefact);
    else {
      process.stdout.write(renderCalibration(before, after, process.stdout));
      if (threshold) {
        const { threshold: at, coverage, upperBound } = threshold.parameters;
        process.stdout.write(
          at === null
            ? `No threshold keeps to a risk of ${risk}, as far as these answers show: it will always abstain.\n`
            : `Risk ${risk}: it answers from a confidence of ${formatNumber(at)} on, ${formatNumber(100 * coverage!, 3)} % of ${threshold.fittedOn.n} answers it was not fitted to; upper bound of the risk there ${formatNumber(upperBound!, 3)}\n`,
        );
      }
      if (out !== undefined) process.stdout.write(`Written to ${visible(out)}\n`);
    }
  } finally {
    progress.end();
  }
}

async function questionsOf({ questions, maxMib }: Given): Promise<Question[]> {
  if (questions === undefined) throw usage("There are no questions: --questions FILE");
  return readQuestions(questions, maxMib);
}

function askedOf({ rule, listed, orders, system, plain, end }: Given): DecideOptions {
  return { rule, listed: listed || undefined, orders, system, chat: plain ? false : undefined, end };
}

async function optionsOf(given: Given): Promise<DecideOptions> {
  const { artefact, risk, strict } = given;
  if (risk !== undefined && artefact === undefined) throw usage("--risk needs --artefact");
  return {
    ...askedOf(given),
    artefact: artefact === undefined ? undefined : await loadCalibration(artefact),
    threshold: risk === undefined ? undefined : await loadCalibration(riskFile(artefact!)),
    risk,
    strict,
  };
}

/** Where the threshold of a calibration is: calibration.json, calibration.risk.json. */
const riskFile = (file: string): string => `${file.replace(/\.json$/i, "")}.risk.json`;

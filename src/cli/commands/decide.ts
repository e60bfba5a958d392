/** `surprisal decide`: a probability for every option of questions about a state. */
import { existsSync } from "node:fs";
import {
  type CalibrationArtefact,
  loadCalibration,
  type RiskThreshold,
  saveCalibration,
  sha256Of,
} from "../../calibrate/index.ts";
import {
  calibrateDecisions,
  checkLabelled,
  checkQuestions,
  DECIDE_RULES,
  DECISION_CALIBRATORS,
  type DecideOptions,
  type Question,
} from "../../decide/index.ts";
import { assertWritable, isSameFile } from "../../files/index.ts";
import { isDecisionServer } from "../../models/index.ts";
import { formatNumber, visible } from "../../text/index.ts";
import { type Command, defineCommand } from "../command.ts";
import {
  atLine,
  type Decider,
  decideStates,
  modelDecider,
  readLabelled,
  readQuestions,
  readState,
  readStates,
  serverDecider,
} from "../decide/index.ts";
import { usage } from "../errors.ts";
import { AnswerFile, requestOf } from "../generate/index.ts";
import { printDocument } from "../json.ts";
import { LOAD_OPTIONS, openModel, serverOptions } from "../load-options.ts";
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
  model: option(text, { short: "m", description: `${MODEL_DESCRIPTION}; a server that decides itself: decisions:http://host:port/v1#model, systemone:...` }),
  rule: option(oneOf(DECIDE_RULES), { hint: "NAME", description: `How options are scored: ${DECIDE_RULES.join(", ")}`, standard: "sum" }),
  listed: flag({ description: "List the options in the prompt; the rule label always does" }),
  orders: option(wholeNumber(1, 255), { hint: "N", description: "Ask listed options in so many orders and average", standard: "1" }),
  system: option(text, { short: "s", hint: "TEXT", description: "What a model with a chat template is told before anything else" }),
  plain: flag({ description: "Ask in plain text, though the model has a chat template" }),
  end: option(text, { hint: "TEXT", mayBeEmpty: true, description: "What ends an answer, and is scored with it (default: the model's end of turn, or of text)" }),
  artefact: option(text, { short: "a", hint: "FILE", description: "Calibrate the probabilities by this" }),
  risk: option(SHARE, { hint: "SHARE", description: "Abstain, so that of what is answered no more than this is wrong; needs an artefact that was fitted with it. With --calibrate: fit it so" }),
  delta: option(SHARE, { hint: "SHARE", description: "With --calibrate and --risk: chance that the threshold does not keep to it", standard: "0.05" }),
  strict: flag({ description: "A calibration that was fitted to something else is an error, not a warning" }),
  kind: option(oneOf(DECISION_CALIBRATORS), { hint: "KIND", description: `With --calibrate: ${DECISION_CALIBRATORS.join(", ")}; docs/deciding.md says which when`, standard: "temperature" }),
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
  surprisal decide -t "The box is torn." --questions q.json -m smollm2 --rule label --orders 3
  surprisal decide --calibrate labelled.jsonl -m smollm2 --risk 0.05 -o calibration.json
  surprisal decide --state letter.txt --questions q.json -m smollm2 -a calibration.json --risk 0.05
  surprisal decide --states many.jsonl --questions q.json -m smollm2 -o decided.jsonl --resume
  surprisal decide --state letter.txt --questions q.json -m systemone:http://localhost:8080/v1#kev`,
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
  await using decider = await deciderOf(given, questions, await optionsOf(given));
  const answer = await decider.decide(state);
  if (given.json) printDocument({ schema: "surprisal.decide/1", ...answer });
  else
    process.stdout.write(
      renderDecisions(answer, questions, {
        colour: decideColour(process.env, process.stdout),
        columns: process.stdout.isTTY ? process.stdout.columns || 80 : null, // some terminals say 0
      }),
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
  await using decider = await deciderOf(given, questions, options);
  const { artefact, ...plain } = options;
  const request = requestOf(decider.identity, {
    ...plain,
    questions: sha256Of(JSON.stringify(questions)),
    artefact: artefact && sha256Of(JSON.stringify(artefact)),
    exact: given.exact,
    kernels: given.kernels,
    cacheType: given.cacheType,
  });
  using answers = out === undefined ? null : AnswerFile.open(out, { resume, request, rows, samples: 1 });
  await decideStates({ decider, rows, request, file: answers, out, quiet });
}

async function calibrated(given: Given, file: string): Promise<void> {
  const { out, risk } = given;
  if (given.artefact !== undefined)
    throw usage("--calibrate fits an artefact to the model's own answers; leave --artefact out");
  if (given.model !== undefined && isDecisionServer(given.model))
    throw usage(
      "--calibrate is for models that are asked here; `surprisal calibrate` takes a server's answers",
    );
  if (out !== undefined) {
    if (await isSameFile(out, file)) throw usage("--out names the file that is read", out);
    assertWritable(out);
  }
  const questions = given.questions === undefined ? null : await questionsOf(given);
  const rows = await readLabelled(file, questions, given.maxMib);
  const fit = { kind: given.kind, leastPerClass: given.least, seed: given.seed, risk, delta: given.delta };
  try {
    checkLabelled(rows, fit); // before a model is loaded
  } catch (error) {
    throw atLine(error, rows);
  }
  await using model = await openModel(given);
  const progress = startProgress({ label: "deciding", unit: "states" });
  try {
    const { artefact, threshold, before, after } = await calibrateDecisions(model, rows, {
      ...askedOf(given),
      ...fit,
      onProgress: given.quiet ? undefined : (done, total) => progress.update({ done, total }),
    });
    progress.end();
    if (out !== undefined) await saveCalibration(out, artefact);
    if (given.json) printDocument(artefact);
    else {
      if (!given.kind.startsWith("temperature"))
        process.stdout.write('Measured is the probability of yes: "right" is where yes was the answer.\n');
      process.stdout.write(renderCalibration(before, after, process.stdout));
      if (threshold) process.stdout.write(`${thresholdLine(threshold)}\n`);
      process.stdout.write(
        out === undefined ? "Not kept: --out FILE writes it.\n" : `Written to ${visible(out)}\n`,
      );
    }
  } catch (error) {
    throw atLine(error, rows);
  } finally {
    progress.end();
  }
}

function thresholdLine({ parameters, fittedOn }: CalibrationArtefact<RiskThreshold>): string {
  const { threshold, risk, coverage, upperBound } = parameters;
  if (threshold === null)
    return `No threshold keeps to a risk of ${risk}, as far as these answers show: it will always abstain.`;
  return `Risk ${risk}: it answers from a confidence of ${formatNumber(threshold)} on, ${formatNumber(100 * coverage!, 3)} % of ${fittedOn.n} answers it was not fitted to; upper bound of the risk there ${formatNumber(upperBound!, 3)}`;
}

async function questionsOf({ questions: file, maxMib }: Given): Promise<Question[]> {
  if (file === undefined) throw usage("There are no questions: --questions FILE");
  const questions = await readQuestions(file, maxMib);
  checkQuestions(questions); // before a model is loaded
  return questions;
}

/** What is said of how options are scored, and what each is where nothing is said. */
const OWN_WAY = [
  ["rule", "sum"],
  ["orders", 1],
  ...(["listed", "plain", "strict"] as const).map((name) => [name, false] as const),
  ...(["system", "end", "artefact", "risk"] as const).map((name) => [name, undefined] as const),
] as const;

async function deciderOf(
  given: Given,
  questions: readonly Question[],
  options: DecideOptions,
): Promise<Decider> {
  const { model } = given;
  if (model === undefined || !isDecisionServer(model))
    return modelDecider(await openModel(given), questions, options);
  const asked = OWN_WAY.filter(([name, standard]) => given[name] !== standard);
  if (asked.length > 0)
    throw usage(
      `A server that decides itself is asked in its own way: leave out ${asked.map(([name]) => `--${name}`).join(", ")}`,
    );
  return serverDecider(model, questions, serverOptions(given));
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
    risk,
    strict: strict || undefined,
  };
}

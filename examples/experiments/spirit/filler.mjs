/** (a) Steps that a chain does not need, of several kinds, planted into chains of the lab model: are they found unimportant? */
import { join } from "node:path";
import { resolve } from "surprisal";
import { DIFFICULTIES, problems, prompt, TASKS } from "surprisal/problems";
import { reasoningChain, stepImportance } from "surprisal/refine";
import { seeded } from "./numbers.mjs";
import { goOn } from "./rows.mjs";

/** True, and of nothing that the lab model has ever read. */
const SENTENCES = [
  "A week has 7 days",
  "A triangle has 3 sides",
  "The number 5 is odd",
  "A year has 12 months",
  "Water is wet",
  "A dozen is 12",
  "The sun is a star",
  "An hour has 60 minutes",
];

/** What is planted: how it is called, and how one is made for a problem. */
export const FILLERS = {
  own: "redundant steps of the lab's own chains",
  sentence: "true sentences, unlike what the model was trained on",
  sum: "true sums of two digits, as the model's own steps are written",
  copied: "steps copied from other problems of the same task",
};

const needed = ({ text }) => ({ text, isNeeded: true });

/** A chain's steps with two planted ones, each anywhere among the others; of "own", the chain as it is. */
export function stepsWith(kind, problem, others, random) {
  if (kind === "own") return problem.steps.map(({ text, essential }) => ({ text, isNeeded: essential }));
  const steps = problem.steps.filter(({ essential }) => essential).map(needed);
  const own = new Set(steps.map(({ text }) => text));
  const fillers = fillersOf(kind, others).filter((text) => !own.has(text)); // a step of the problem itself is no filler
  for (const text of drawnFrom(random, fillers, PLANTED))
    steps.splice(Math.floor(random() * (steps.length + 1)), 0, { text, isNeeded: false });
  return steps;
}

const PLANTED = 2;

/** All different ones that there are. */
function fillersOf(kind, others) {
  if (kind === "sentence") return SENTENCES;
  if (kind === "sum")
    return Array.from(
      { length: 100 },
      (_, i) => `${Math.floor(i / 10)}+${i % 10}=${Math.floor(i / 10) + (i % 10)}`,
    );
  const steps = others.flatMap((other) => other.steps.filter(({ essential }) => essential));
  return [...new Set(steps.map(({ text }) => text))];
}

function drawnFrom(random, list, count) {
  const left = [...list];
  return Array.from(
    { length: Math.min(count, left.length) },
    () => left.splice(Math.floor(random() * left.length), 1)[0],
  );
}

/** One of each task and difficulty in turn, from problems that the model was not trained on. */
function drawn(count, seed) {
  const cells = TASKS.flatMap((task) => DIFFICULTIES.map((difficulty) => ({ task, difficulty })));
  const lists = cells.map(({ task, difficulty }, i) =>
    distinct(
      { seed: seed * 100 + i, split: "test", tasks: [task], difficulties: [difficulty] },
      Math.ceil(count / cells.length) + LENDERS,
    ),
  );
  return Array.from({ length: count }, (_, i) => {
    const [list, place] = [lists[i % cells.length], Math.floor(i / cells.length)];
    return { id: i, problem: list[place], others: list.slice(place + 1, place + 1 + LENDERS) };
  });
}

/** Problems behind one in its list, of the same task and difficulty, whose steps may be copied. */
const LENDERS = 4;

function distinct(options, count) {
  const found = new Map();
  let tried = 0;
  for (const problem of problems(options)) {
    found.set(problem.question, problem);
    if (found.size === count || ++tried > 50 * count) break;
  }
  return [...found.values()];
}

/** Scores every chain without each of its steps; goes on where it was stopped. */
export async function fill({ out, count, seed, threads }) {
  const { rows, add } = goOn(join(out, "filler.jsonl"));
  const done = new Set(rows.map(({ id }) => id));
  const model = await resolve("lab", { threads });
  for (const { id, problem, others } of drawn(count, seed)) {
    if (done.has(id) || !problem) continue;
    const kinds = {};
    for (const [k, kind] of Object.keys(FILLERS).entries()) {
      const steps = stepsWith(kind, problem, others, seeded(seed * 1_000_003 + id * 16 + k));
      const chain = reasoningChain({
        prompt: prompt(problem, "reasoning"),
        reasoning: steps.map(({ text }) => text),
        frame: "Answer:",
        answer: ` ${problem.answer}`,
      });
      const { steps: found, warnings } = await stepImportance(model, chain);
      kinds[kind] = {
        warnings: warnings.length,
        steps: found.map(({ step, text, answer, chain: whole, rest }) => ({
          ...{ text, isNeeded: steps[step].isNeeded },
          ...{
            answer: [answer.mean, answer.total],
            chain: [whole.mean, whole.total],
            rest: [rest.mean, rest.total],
          },
        })),
      };
    }
    const { task, difficulty, question } = problem;
    add({ id, task, difficulty, question, kinds });
    if (id % 25 === 24) console.error(`${new Date().toISOString()} ${id + 1} of ${count}`);
  }
  await model[Symbol.asyncDispose]();
}

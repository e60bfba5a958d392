/** (b) Demonstrations cut step by step, and what a model answers behind each of them. */
import { join } from "node:path";
import { resolve } from "surprisal";
import { after, keptBy, only, refine, setOf, WAYS } from "./demonstrations.mjs";
import { PATTERNS, questionsOf } from "./patterns.mjs";
import { goOn, readRows } from "./rows.mjs";
import { perplexityOf, shown, tokensOf, write } from "./write.mjs";

const filesOf = (out, name) => ({
  rounds: join(out, name, "rounds.jsonl"),
  sets: join(out, name, "sets.jsonl"),
  answers: join(out, name, "answers.jsonl"),
});
const load = (model, threads) => resolve(model, { threads, contextSize: 8192 });

/** SPIRIT-FS down to one step, by each way; a way that is there already is left alone. */
export async function refineTask({ out, model: source, name, threads, ways, form, ...rest }) {
  const { rows, add } = goOn(filesOf(out, name).rounds);
  const model = await load(source, threads);
  const set = setOf(name, { ...rest, form });
  for (const way of ways.filter((each) => Object.hasOwn(WAYS, each))) {
    if (rows.some((row) => row.way === way)) continue;
    const begun = performance.now();
    const { rounds, stopped, perplexity, tokens, tokensRun } = await refine(model, set, way, form, (round) =>
      console.error(
        `${new Date().toISOString()} ${name} ${way}: step ${round.step + 1} ${round.kind}, ${round.steps} left, perplexity ${round.perplexity}`,
      ),
    );
    const seconds = Math.round((performance.now() - begun) / 1000);
    add({
      way,
      form,
      ...rest,
      rounds,
      stopped,
      perplexity,
      tokens,
      tokensRun,
      seconds,
      model: model.identity,
    });
  }
  await model[Symbol.asyncDispose]();
}

/** Every set of demonstrations that is to be tried, the most telling first. */
function pointsOf({ name, ways, steps, draws }) {
  const all = PATTERNS[name].steps;
  const wanted = steps ?? Array.from({ length: all }, (_, i) => all - i);
  const points = [{ way: "full", steps: all, draw: 0 }];
  const fewer = wanted.filter((each) => each < all);
  for (const way of ways) {
    const times = way === "random" ? draws : 1;
    for (let draw = 0; draw < times; draw++)
      points.push(...fewer.map((each) => ({ way, steps: each, draw })));
  }
  return points;
}

/** Answers of all points, each question once per point; goes on where it was stopped. */
export async function ask({ out, model: source, name, threads, items, atOnce, form, seed, ...rest }) {
  const files = filesOf(out, name);
  const sets = goOn(files.sets);
  const answers = goOn(files.answers);
  const refined = readRows(files.rounds);
  const { demonstrations, calibration } = setOf(name, { ...rest, form, seed });
  const questions = questionsOf(name, {
    ...{ count: items, demonstrations: rest.demonstrations, seed },
    difficulties: [rest.difficulty],
  });
  const model = await load(source, threads);
  for (const point of pointsOf({ name, ...rest })) {
    const key = `${point.way} ${point.steps} ${point.draw}`;
    const cut = cutter(point, demonstrations, refined, seed);
    if (cut === null) continue; // SPIRIT ended with more steps than that
    const left = cut(demonstrations);
    const before = shown(left, form);
    if (!sets.rows.some((row) => row.key === key))
      sets.add({
        ...{ key, ...point, form, difficulty: rest.difficulty, seed },
        kept: left[0].steps.map(({ text }) => text),
        stepTokens: await tokensOf(model, left),
        perplexity: await perplexityOf(model, before, cut(calibration)),
      });
    const done = new Set(answers.rows.filter((row) => row.key === key).map(({ question }) => question));
    const open = questions.filter(({ question }) => !done.has(question));
    const begun = performance.now();
    const written = await write(model, before, open, {
      name,
      form,
      atOnce,
      onRow: (row) => answers.add({ key, ...row }),
    });
    const right = written.filter((row) => row.right).length;
    const seconds = Math.round((performance.now() - begun) / 1000);
    console.error(
      `${new Date().toISOString()} ${name} ${key}: ${right} of ${open.length} right, ${seconds} s`,
    );
  }
  await model[Symbol.asyncDispose]();
}

/** What cuts chains as a point says; `null`: there is no such set. */
function cutter({ way, steps, draw }, demonstrations, refined, seed) {
  if (!Object.hasOwn(WAYS, way)) {
    const kept = keptBy(way, demonstrations, steps, draw, seed);
    return (chains) => only(chains, kept);
  }
  const rounds = refined.find((row) => row.way === way)?.rounds ?? [];
  const end = rounds.findIndex((round) => round.steps === steps);
  return end < 0 ? null : (chains) => after(chains, rounds.slice(0, end + 1));
}

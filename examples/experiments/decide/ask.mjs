/** Asks a model about items by every rule, into a file a set that is gone on with. */

import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decide, resolve } from "surprisal";
import { itemsOf, SETS } from "./tasks.mjs";

/** Items whose questions are run together. */
const AT_ONCE = 8;
/** Orders in which options are listed under letters: the canonical one, and all shifted by one place. */
const ORDERS = 2;

/** What is asked of each item; "label, 2 orders" averages over both. */
const RULES = {
  sum: { rule: "sum" },
  mean: { rule: "mean" },
  pmi: { rule: "pmi" },
  label: { rule: "label" },
  "label, 2 orders": { rule: "label", orders: ORDERS },
};

/**
 * Sets take turns, so that after any time all have come as far, unless their files were ahead.
 * @param {{ model: string, tasks: string, out: string, sets: string[], items: number[], seed: number, minutes: number, threads?: number }} given
 */
export async function ask({ model: reference, tasks, out, sets, items: most, seed, minutes, threads }) {
  const model = await resolve(reference, { threads });
  const shared = new SharedRun(model);
  const name = model.identity.name.replace(/\.gguf$/i, "");
  const folder = join(out, name);
  mkdirSync(folder, { recursive: true });
  checkSame(join(folder, "about.json"), {
    model: { ...model.identity, source: undefined },
    settings: { ...model.settings, threads: undefined },
    seed,
    atOnce: AT_ONCE,
    orders: ORDERS,
  });
  const stop = Date.now() + minutes * 60_000;
  const work = sets.map((set, i) => {
    const items = itemsOf(set, tasks, { most: most[i] ?? most[0], seed });
    const file = join(folder, `${set}.jsonl`);
    return { set, items, file, done: rowsIn(file) };
  });
  for (const each of work) console.log(`${name}, ${each.set}: ${each.done} of ${each.items.length} done`);
  while (Date.now() < stop) {
    const left = work.filter(({ items, done }) => done < items.length);
    if (left.length === 0) break;
    const next = left.reduce((a, b) => (b.done / b.items.length < a.done / a.items.length ? b : a));
    const chunk = next.items.slice(next.done, next.done + AT_ONCE);
    const start = performance.now();
    const rows = await shared.decided(chunk);
    appendFileSync(next.file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    next.done += chunk.length;
    const seconds = (performance.now() - start) / 1000;
    console.log(
      `${new Date().toISOString()} ${next.set} ${next.done}/${next.items.length}, ${shared.tokensRun} tokens, ${seconds.toFixed(1)} s`,
    );
  }
  await model[Symbol.asyncDispose]();
}

/** Whole rows of a file; a torn last line is taken off. */
function rowsIn(file) {
  if (!existsSync(file)) return 0;
  const text = readFileSync(file, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole !== text) writeFileSync(file, whole);
  return whole.split("\n").length - 1;
}

/** Answers of another model, seed or kernel do not belong into the same files. */
function checkSame(file, about) {
  const text = `${JSON.stringify(about, null, 2)}\n`;
  if (!existsSync(file)) writeFileSync(file, text);
  else if (readFileSync(file, "utf8") !== text)
    throw new Error(`${file} was made with something else:\n${text}`);
}

/**
 * `decide` by many rules about many states, of which everything is run once: what they ask the model is collected first, scored in one
 * prefix tree, and handed out when they ask again. `sum`, `mean` and `pmi` share all their tokens, two states of one question what they
 * begin with.
 */
class SharedRun {
  tokensRun = 0;
  #model;
  #facade;
  /** Texts to be scored, or that have been. @type {Map<string, { request: object, scored: object | null }>} */
  #texts = new Map();

  constructor(model) {
    this.#model = model;
    const score = (requests) => this.#score(requests);
    this.#facade = new Proxy(model, {
      get(target, key) {
        if (key === "score") return score;
        const value = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  /** A row for each item. */
  async decided(items) {
    this.#texts.clear();
    const tooLong = new Set();
    for (const item of items)
      await this.#decide(item).catch((error) => {
        if (error.code !== "CONTEXT_EXCEEDED") throw error;
        tooLong.add(item);
      });
    const texts = [...this.#texts.values()];
    const requests = texts.map(({ request }) => request);
    this.tokensRun = 0;
    for await (const scored of this.#model.score(requests)) {
      texts[scored.index].scored = scored;
      this.tokensRun += scored.tokensRun;
    }
    const rows = [];
    for (const item of items) {
      const isAsked = !tooLong.has(item);
      rows.push(isAsked ? rowOf(item, await this.#decide(item)) : { id: item.id, error: "CONTEXT_EXCEEDED" });
    }
    return rows;
  }

  async #decide({ state, question }) {
    const answers = {};
    for (const [name, options] of Object.entries(RULES))
      answers[name] = (await decide(this.#facade, { state, questions: [question] }, options)).decisions[0];
    return answers;
  }

  async *#score(requests) {
    for (const [index, request] of requests.entries()) {
      const key = `${request.context.join()}|${request.continuation.join()}`;
      const text = this.#texts.get(key);
      if (text === undefined) this.#texts.set(key, { request, scored: null });
      // What is not scored yet gets a number that nobody looks at.
      yield {
        logprob: 0,
        tokens: { ids: request.continuation },
        ...text?.scored,
        index,
        tokensRun: 0,
      };
    }
  }
}

/** What is kept of an item's answers: numbers, none of the set's words. */
function rowOf({ id, group, label, question }, answers) {
  const options = answers.sum.options;
  const sorted = options.map(({ text }) => text).sort((a, b) => (a < b ? -1 : 1));
  return {
    id,
    group: createHash("sha256").update(group).digest("hex").slice(0, 16),
    type: question.type,
    label,
    /** Place of each option in the canonical order: its letter where they are listed. */
    places: options.map(({ text }) => sorted.indexOf(text)),
    tokens: options.map(({ tokens }) => tokens),
    logprobs: options.map(({ logprob }) => logprob),
    answers: Object.fromEntries(
      Object.entries(answers).map(([rule, { options, optionMass, flipRate }]) => [
        rule,
        { scores: options.map(({ score }) => score), optionMass, flipRate },
      ]),
    ),
  };
}

export const ALL_SETS = Object.keys(SETS);

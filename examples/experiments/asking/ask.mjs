/** Answers questions and asks about the answers, into a file of lines that is gone on with. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resolve } from "surprisal";
import { isRight } from "surprisal/answers";
import {
  askAll,
  estimateTokens,
  introspective,
  linguistic,
  priceAll,
  pTrue,
  repeated,
  sampleAnswers,
  topGuesses,
  verbalised,
} from "surprisal/uncertainty";
import { itemsOf } from "./sets.mjs";

/** Items whose answers are written, or asked about, at once. */
const AT_ONCE = 10;
/** Answers that are sampled for each question, at temperature 1. */
export const SAMPLES = 8;
/** Most tokens of a review: the library's default is 256, which small models fill. */
const REVIEW_TOKENS = 48;

/** Ways to ask, by the name they have in the tables. */
export const ASKED = {
  "number, English": verbalised({ wording: "confidence-en" }),
  "P(True), normalised": pTrue(),
  "P(True), LM-Polygraph": pTrue({ variant: "lm-polygraph" }),
  "number, Chinese": verbalised({ wording: "confidence-zh" }),
  "number, Tian two-step": verbalised({ wording: "tian-2s" }),
  "number, TruthTorchLM": verbalised({ wording: "truthtorchlm" }),
  "phrase, English": linguistic({ wording: "linguistic-en" }),
  "phrase, Chinese": linguistic({ wording: "linguistic-zh" }),
  "P(True), uqlm": pTrue({ variant: "uqlm" }),
  "P(True), Kadavath": pTrue({ variant: "kadavath" }),
  "one guess, Tian": topGuesses({ k: 1 }),
  "four guesses, Tian": topGuesses(),
  "number, asked 5 times": repeated(verbalised({ wording: "confidence-en" }), { n: 5 }),
  "review, then number": introspective({ reviewTokens: REVIEW_TOKENS }),
};

/**
 * What is done takes turns, so that after any time all parts have come as far, measured by how far they are to go.
 * @param {{ model: string, tasks: string, out: string, set: string, items: number, parts: Map<string, number>, seed: number, minutes: number, threads?: number }} given
 *   `parts`: how many items each part is to have, "answer" and "samples" among them; default all
 */
export async function ask({ model: reference, tasks, out, set, items: most, parts, seed, minutes, threads }) {
  const model = await resolve(reference, { threads });
  const name = model.identity.name.replace(/\.gguf$/i, "");
  const folder = join(out, name);
  mkdirSync(folder, { recursive: true });
  checkSame(join(folder, "about.json"), {
    model: { ...model.identity, source: undefined },
    settings: { ...model.settings, threads: undefined },
    seed,
    atOnce: AT_ONCE,
    samples: SAMPLES,
    reviewTokens: REVIEW_TOKENS,
  });
  const items = itemsOf(set, { tasks, most, seed });
  const file = join(folder, `${set}.jsonl`);
  const done = new Map(); // part -> id -> row
  for (const row of rowsOf(file)) keep(done, row);
  const names = ["answer", "samples", ...Object.keys(ASKED)];
  const work = names.map((part) => ({
    part,
    target: Math.min(items.length, parts.get(part) ?? parts.get("all") ?? most),
  }));
  const stop = Date.now() + minutes * 60_000;
  const left = ({ part, target }) => items.slice(0, target).filter(({ id }) => !done.get(part)?.has(id));
  for (;;) {
    if (Date.now() >= stop) break;
    // Answers come first: the others are about them.
    const open = work.filter((each) => left(each).length > 0);
    if (open.length === 0) break;
    const share = ({ part, target }) => 1 - left({ part, target }).length / target;
    const next =
      open[0].part === "answer" ? open[0] : open.reduce((a, b) => (share(b) < share(a) - 1e-9 ? b : a));
    const chunk = left(next).slice(0, AT_ONCE);
    const before = process.cpuUsage();
    const rows = await PARTS(next.part)(model, chunk, done.get("answer"));
    const { user, system } = process.cpuUsage(before);
    const cpu = (user + system) / 1e6 / chunk.length;
    for (const row of rows) keep(done, { ...row, part: next.part });
    appendFileSync(file, rows.map((row) => `${JSON.stringify({ part: next.part, ...row, cpu })}\n`).join(""));
    console.log(
      `${new Date().toISOString().slice(11, 19)} ${set} ${next.part} ${next.target - left(next).length}/${next.target}, ${cpu.toFixed(2)} s of a core each`,
    );
  }
  await model[Symbol.asyncDispose]();
}

const PARTS = (part) =>
  part === "answer" ? answers : part === "samples" ? samples : (...given) => asked(part, ...given);

/** Base models know no chat: they get the same as plain text. */
function promptFor({ capabilities }, messages) {
  if (capabilities.chat) return messages;
  const lines = messages.map(({ role, content }) =>
    role === "user" ? `Question: ${content}` : `Answer: ${content}\n`,
  );
  return [...lines, "Answer:"].join("\n");
}

/** The greedy answer, whether it is right, and all that one pass says of it. */
async function answers(model, items) {
  return Promise.all(
    items.map(async ({ id, group, kind, prompt, key, read, maxTokens, oneOf, options }) => {
      const generation = model.generate(promptFor(model, prompt), {
        maxTokens,
        oneOf,
        temperature: 0,
        alternatives: 20,
        shape: true,
      });
      const records = [];
      for await (const record of generation) records.push(record);
      const text = records.map((record) => record.text).join("");
      const judged = isRight(text, key, { kind: read, fallback: "only" });
      return {
        id,
        group,
        kind,
        text,
        key,
        options: options?.length,
        answer: judged.read.key ?? null,
        unread: judged.right === null ? judged.read.why : undefined,
        right: judged.right === true,
        tokens: records.length,
        read: generation.end?.prompt?.tokens ?? null,
        onePass: Object.fromEntries(
          estimateTokens(records).map(({ method, uncertainty }) => [method, uncertainty]),
        ),
      };
    }),
  );
}

/** Further answers at temperature 1, all of an item in one batch. */
async function samples(model, items) {
  return Promise.all(
    items.map(async ({ id, prompt, maxTokens, oneOf }) => {
      const drawn = sampleAnswers(model, promptFor(model, prompt), { n: SAMPLES, maxTokens, oneOf, seed: 1 });
      const list = [];
      for await (const { index, text, logprob, tokens, entropy } of drawn)
        list.push({ index, text, logprob, tokens, entropy });
      list.sort((a, b) => a.index - b.index);
      return { id, samples: list, written: drawn.tokensWritten };
    }),
  );
}

/**
 * One way to ask. What is asked about is the question without example and options, and the answer in its own words; guesses are compared
 * with the answer, so they are asked for with the whole prompt.
 */
async function asked(part, model, items, answered) {
  const questions = items.map(({ id, prompt, question, options }) => {
    const { text, answer } = answered.get(id);
    const chosen = options && answer !== null ? options["ABCD".indexOf(answer)] : undefined;
    return part.includes("guess")
      ? { question: prompt.at(-1).content, answer: answer ?? text.trim() }
      : { question, answer: chosen ?? text.trim() };
  });
  const method = ASKED[part];
  const price = await priceAll(questions, [method], model);
  const rows = [];
  for await (const { index, estimates } of askAll(model, questions, [method], { concurrency: AT_ONCE })) {
    const [said] = estimates;
    rows.push({
      id: items[index].id,
      uncertainty: said.uncertainty,
      confidence: said.confidence ?? null,
      mass: said.mass ?? undefined,
      missing: said.missing ?? undefined,
      each: said.each,
      replies: said.replies.map(({ text }) => text),
      calls: said.calls,
      tokens: said.tokens,
      price: { written: price.tokensWritten / items.length, read: price.tokensRead / items.length },
    });
  }
  return rows;
}

function keep(done, row) {
  const of = done.get(row.part) ?? new Map();
  of.set(row.id, row);
  done.set(row.part, of);
}

/** Whole rows of a file; a torn last line is taken off. */
export function rowsOf(file) {
  if (!existsSync(file)) return [];
  const text = readFileSync(file, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole !== text) writeFileSync(file, whole);
  return whole
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** Answers of another model, seed or kernel do not belong into the same files. */
function checkSame(file, about) {
  const text = `${JSON.stringify(about, null, 2)}\n`;
  if (!existsSync(file)) writeFileSync(file, text);
  else if (readFileSync(file, "utf8") !== text)
    throw new Error(`${file} was made with something else:\n${text}`);
}

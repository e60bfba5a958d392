/** What a proxy model says of answers that are there already, with the document and without it: rows that are gone on with. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resolve } from "surprisal";
import { tokenRecord } from "surprisal/core";
import { questionsOf } from "./halueval.mjs";

const ALTERNATIVES = 20;

/** As in every one-shot prompt of the field; nothing else is said to the model. */
const plain = (question) => `Question: ${question}\nAnswer:`;
const reading = (document, question) => `Context: ${document}\n${plain(question)}`;

/** @param {{ model: string, tasks: string, out: string, items: number, minutes: number, threads?: number }} given */
export async function score({ model: reference, tasks, out, items, minutes, threads }) {
  const model = await resolve(reference, { threads });
  const name = model.identity.name.replace(/\.gguf$/iu, "");
  const folder = join(out, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "about.json"),
    `${JSON.stringify({ model: { ...model.identity, source: undefined }, settings: model.settings, alternatives: ALTERNATIVES }, null, 2)}\n`,
  );
  const file = join(folder, "halueval.jsonl");
  // A line that a kill tore is no line: it is written again.
  const kept = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(isWhole) : [];
  writeFileSync(file, kept.map((line) => `${line}\n`).join(""));
  const done = new Set(kept.map((line) => JSON.parse(line).id));
  const questions = questionsOf(tasks).slice(0, items);
  const stop = Date.now() + minutes * 60_000;
  let count = 0;
  for (const each of questions) {
    if (done.has(each.id)) continue;
    if (Date.now() >= stop) break;
    appendFileSync(file, `${JSON.stringify(await scored(model, each), rounded)}\n`);
    count++;
    if (count % 10 === 0)
      console.error(`${new Date().toISOString()} ${done.size + count} of ${questions.length}`);
  }
  await model[Symbol.asyncDispose]();
}

async function scored(model, { id, question, document, matched, answers }) {
  const variants = Object.keys(answers);
  const requests = [reading(document, question), plain(question)].flatMap((context) =>
    variants.map((variant) => ({ context, continuation: ` ${answers[variant]}` })),
  );
  const begun = performance.now();
  const tables = [];
  let tokensRun = 0;
  for await (const { tokens, tokensRun: run } of model.score(requests, { alternatives: ALTERNATIVES })) {
    tokensRun += run;
    tables.push(tokens);
  }
  const ms = performance.now() - begun;
  const records = [];
  for (const [i, table] of tables.entries())
    records.push(await recordsOf(model, table, requests[i].continuation));
  return {
    id,
    question,
    document,
    matched,
    tokensRun,
    ms,
    answers: Object.fromEntries(
      variants.map((variant, i) => [
        variant,
        { answer: answers[variant], reading: records[i], plain: records[i + variants.length] },
      ]),
    ),
  };
}

async function recordsOf(model, table, text) {
  const pieces = new Map();
  for (const id of new Set(table.alternatives.ids)) if (id >= 0) pieces.set(id, await model.detokenize([id]));
  const bytes = new TextEncoder().encode(text);
  const start = table.byteOffsets[0] ?? 0;
  const own = { ...table, byteOffsets: table.byteOffsets.map((offset) => offset - start) };
  return Array.from({ length: table.length }, (_, i) => tokenRecord(own, i, bytes, (id) => pieces.get(id)));
}

/** Five digits are enough of a number; ids of alternatives are not needed again. */
function rounded(key, value) {
  if (typeof value === "number" && !Number.isInteger(value)) return Number(value.toPrecision(7));
  if (key === "alternatives" && Array.isArray(value))
    return value.map(({ text, logprob }) => ({ text, logprob }));
  return value;
}

function isWhole(line) {
  try {
    return line !== "" && JSON.parse(line) !== null;
  } catch {
    return false;
  }
}

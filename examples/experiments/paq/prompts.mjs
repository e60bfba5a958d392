/** Prompts with their references: windows of texts, and tasks whose answers are known. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Tokens of a prompt that is cut from a text, and most tokens of a reference, in the tokens of the model at hand. */
export const WINDOW = 64;
/** Characters from the beginning of one window of a text to that of the next, at least: none overlap. */
const APART = 1200;
const DOMAINS = [
  ...["code_c", "code_python", "code_typescript", "dialogue", "fiction", "law_classic", "law_regulation"],
  ...["maths_gsm8k", "news", "poetry_drama", "science_classic", "science_modern", "shakespeare", "tech_docs"],
];

const documents = (text) => text.split("\n<|endoftext|>\n").filter((each) => each.trim() !== "");
const unpacked = (file) => execFileSync("xz", ["-dc", file], { encoding: "utf8", maxBuffer: 2 ** 30 });
const jsonLines = (file) =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

/** The same every time: mulberry32. */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Any `count` of them, in any order. */
function drawn(all, count, random) {
  const left = [...all];
  for (let i = 0; i < Math.min(count, left.length); i++) {
    const other = i + Math.floor(random() * (left.length - i));
    [left[i], left[other]] = [left[other], left[i]];
  }
  return left.slice(0, count);
}

/**
 * A text from a place on as prompt and reference: each ends in front of the first token after `WINDOW` that begins with white space, so that words stay whole.
 * `null`: it is too short.
 */
async function windowOf(text, model) {
  const { byteOffsets } = await model.tokenize(text);
  const bytes = Buffer.from(text);
  const border = (from) => {
    for (let i = from; i < byteOffsets.length - 1; i++)
      if ([0x20, 0x0a].includes(bytes[byteOffsets[i]])) return i;
    return null;
  };
  const middle = border(WINDOW);
  const end = middle === null ? null : border(middle + WINDOW);
  if (end === null) return null;
  const [prompt, reference] = [
    bytes.subarray(0, byteOffsets[middle]).toString(),
    bytes.subarray(byteOffsets[middle], byteOffsets[end]).toString(),
  ];
  return reference.trim() === "" ? null : { prompt, reference };
}

/** Beginnings of lines, far enough apart. */
function placesIn(text) {
  const places = [];
  for (let at = 0; at >= 0 && at < text.length; ) {
    places.push(at);
    const next = text.indexOf("\n", at + APART);
    at = next < 0 ? next : next + 1;
  }
  return places.filter((at) => text.slice(at, at + 40).trim() !== "");
}

async function windows(domain, texts, count, model, random) {
  const places = texts.flatMap((text, i) => placesIn(text).map((at) => ({ i, at })));
  const found = [];
  for (const { i, at } of drawn(places, places.length, random)) {
    if (found.length >= count) break;
    const cut = await windowOf(texts[i].slice(at, at + APART).replace(/^\n+/, ""), model);
    if (cut !== null) found.push({ id: `${domain}/${i}/${at}`, ...cut, domain, group: `${domain}/${i}` });
  }
  return found;
}

const domainTexts = (data, domain) => documents(readFileSync(join(data, "domains", `${domain}.txt`), "utf8"));

/** Windows of the test split of mini's corpus, and of the English domains. */
async function miniSet(data, { perDomain, random, model }) {
  const test = documents(unpacked(join(data, "mini-corpus", "test.txt.xz")));
  const sets = [await windows("mini test split", test, 6 * perDomain, model, random)];
  for (const domain of DOMAINS) {
    const texts = domainTexts(data, domain);
    sets.push(await windows(domain, texts, perDomain, model, random));
  }
  return sets;
}

/** As many tokens of a reference as a window has. */
async function cut(text, model) {
  const { byteOffsets } = await model.tokenize(text);
  return byteOffsets.length <= WINDOW + 1
    ? text
    : Buffer.from(text)
        .subarray(0, byteOffsets[WINDOW])
        .toString()
        .replace(/\ufffd+$/, "");
}

/** Turns of an interview, "Name: ...": a question, and its answer. */
function turnsOf(text) {
  const turns = text.split(/\n\n(?=[A-Z][\w.'’ -]{1,40}: )/).slice(1);
  return turns.slice(0, -1).flatMap((question, i) => {
    const answer = turns[i + 1].split("\n\n")[0];
    const colon = answer.indexOf(": ") + 1;
    if (!question.trim().endsWith("?") || question.length > 1200 || answer.length < 100) return [];
    return { prompt: `${question.trim()}\n\n${answer.slice(0, colon)}`, reference: answer.slice(colon) };
  });
}

/** Windows of domains; problems of GSM8K, functions of HumanEval, questions of interviews, with their answers. */
async function tasksSet(data, { perDomain, random, model }) {
  const sets = [];
  for (const domain of DOMAINS.filter((name) => !["maths_gsm8k", "dialogue"].includes(name)))
    sets.push(await windows(domain, domainTexts(data, domain), perDomain, model, random));
  const tasks = {
    gsm8k: jsonLines(join(data, "tasks", "gsm8k_test.jsonl")).map(({ question, answer }) => ({
      prompt: `Question: ${question}\nAnswer:`,
      reference: ` ${answer.replace(/<<.*?>>/g, "")}`,
    })),
    humaneval: jsonLines(join(data, "tasks", "humaneval.jsonl")).map(({ prompt, canonical_solution }) => ({
      prompt,
      reference: canonical_solution,
    })),
    dialogue: domainTexts(data, "dialogue").flatMap((text, i) =>
      turnsOf(text).map((turn) => ({ ...turn, group: `dialogue/${i}` })),
    ),
  };
  for (const [domain, all] of Object.entries(tasks)) {
    const rows = all.map((row, i) => ({ id: `${domain}/${i}`, domain, group: `${domain}/${i}`, ...row }));
    const some = drawn(rows, 3 * perDomain, random);
    for (const row of some) row.reference = await cut(row.reference, model);
    sets.push(some);
  }
  return sets;
}

/**
 * Prompts, one of each domain after the other in the share that it has, so that the first so many are a smaller set of the same mixture.
 * @returns rows as `surprisal route paq label` reads them.
 */
export async function promptsOf(set, data, { perDomain, seed, model }) {
  const random = seeded(seed);
  const sets = await (set === "mini" ? miniSet : tasksSet)(data, { perDomain, random, model });
  return sets
    .flatMap((rows) => rows.map((row, i) => ({ row, at: (i + 0.5) / rows.length })))
    .sort((a, b) => a.at - b.at)
    .map(({ row }) => row);
}

/**
 * What a model says its perplexity is, beside what it is.
 * `node examples/asking-the-model.mjs [MODEL]`; default smollm2 (98 MB, downloaded once). MODEL must chat and score texts.
 */
import { resolve } from "surprisal";

const TEXTS = {
  "a proverb": "A journey of a thousand miles begins with a single step.",
  "plain prose": "She put the kettle on and opened the window, because the kitchen was warm.",
  "an odd turn": "She put the kettle on and opened the parliament, because the kitchen was prime.",
  "words shuffled": "The because warm window on kitchen opened and she the kettle was put the.",
  "letters at random": "xq vwpz kjh trf mzzq bnwx plo gtrv qqx wjd",
  counting: "One, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve.",
};

const QUESTIONS = [
  (text) =>
    `What is your perplexity on the following text? Answer with one number and nothing else.\n\n${text}`,
  (text) =>
    `Text: "${text}"\n\nThe perplexity of a text is exp of the mean negative log-probability that you give its tokens. ` +
    "Write the perplexity that this text has for you, as a number.",
];

const SAMPLES = 3; // answers per question with a temperature of 1

const model = await resolve(process.argv[2] ?? "smollm2");
const { capabilities, identity } = model;
if (!capabilities.chat || !capabilities.score) {
  console.error(
    `${identity.name} cannot be asked (chat: ${capabilities.chat}) and measured (score: ${capabilities.score}).`,
  );
  process.exit(1);
}

console.log(`${identity.name} ${identity.quantisation ?? ""}\n`);
console.log("text               measured   says   asked differently   asked again, sampled");
const rows = [];
for (const [name, text] of Object.entries(TEXTS)) {
  const measured = (await model.loss(text)).perplexity;
  const stated = [];
  for (const question of QUESTIONS) stated.push(await ask(question(text), { temperature: 0 }));
  const sampled = [];
  for (let seed = 1; seed <= SAMPLES; seed++)
    sampled.push(await ask(QUESTIONS[0](text), { temperature: 1, seed }));
  rows.push({ measured, stated });
  console.log(
    [
      name.padEnd(17),
      measured.toPrecision(4).padStart(9),
      shown(stated[0]).padStart(6),
      shown(stated[1]).padStart(19),
      `   ${sampled.map(shown).join("  ")}`,
    ].join(" "),
  );
}

for (const [i, wording] of ["asked", "asked differently"].entries()) {
  const pairs = rows.filter(({ stated }) => stated[i] !== null);
  const rho = rankCorrelation(
    pairs.map(({ measured }) => measured),
    pairs.map(({ stated }) => stated[i]),
  );
  console.log(
    `\n${wording}: ${pairs.length} of ${rows.length} answers hold a number; rank correlation with the measured ones ${
      rho === null ? "does not exist" : rho.toFixed(2)
    }`,
  );
}

await model[Symbol.asyncDispose]();

/** The first number of the answer, or null. */
async function ask(content, options) {
  let answer = "";
  for await (const { text } of model.generate([{ role: "user", content }], { ...options, maxTokens: 16 }))
    answer += text;
  const number = /\d[\d,]*(?:\.\d+)?/.exec(answer)?.[0].replaceAll(",", "");
  return number === undefined ? null : Number(number);
}

function shown(number) {
  return number === null ? "none" : String(Number(number.toPrecision(4)));
}

/** Spearman's: Pearson's correlation of the ranks, equals sharing theirs; null where all are equal. */
function rankCorrelation(xs, ys) {
  const [a, b] = [ranks(xs), ranks(ys)];
  const mean = (xs.length + 1) / 2;
  const sum = (f) => a.reduce((total, _, i) => total + f(i), 0);
  const covariance = sum((i) => (a[i] - mean) * (b[i] - mean));
  const scale = Math.sqrt(sum((i) => (a[i] - mean) ** 2) * sum((i) => (b[i] - mean) ** 2));
  return scale === 0 || xs.length < 3 ? null : covariance / scale;
}

function ranks(values) {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal + 1) / 2;
  });
}

/** Figures as tables in Markdown, and as pictures. */
import { rankingChart } from "surprisal/charts";
import { SETS } from "./figures.mjs";

/** Methods of the tables, in their order. */
const SHOWN = [
  "word-count",
  "context-overlap",
  "mean-nll",
  "sequence-logprob",
  "mean-token-entropy",
  "anomaly",
  "patterns",
  "mean-nll, document read",
  "sequence-logprob, document read",
  "mean-token-entropy, document read",
  "lift",
  "lift, lowest token",
  "retrieval, r / (s + 1)",
  "fused, log-probabilities alone",
  "fused",
  "fused, fitted to published pairs",
];
/** These see words of the document beside the model, or are fitted to such. */
const BASELINES = ["word-count", "context-overlap"];
const FUSED = ["fused", "fused, log-probabilities alone", "fused, fitted to published pairs"];

const NAMES = [
  [/smollm2/i, "SmolLM2-135M"],
  [/qwen/i, "Qwen2.5-Coder-0.5B"],
  [/gemma/i, "Gemma-3-270M"],
];
const nameOf = (name) => NAMES.find(([pattern]) => pattern.test(name))?.[1] ?? name;
const ORDER = ["smollm2", "qwen", "gemma"];
const inOrder = (models) =>
  models.toSorted(
    (a, b) =>
      ORDER.findIndex((each) => a.name.includes(each)) - ORDER.findIndex((each) => b.name.includes(each)),
  );

const table = (heads, rows) =>
  [heads, heads.map((_, i) => (i === 0 ? "---" : "---:")), ...rows]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
const three = (value) => (value === null || value === undefined ? "–" : value.toFixed(3));
const two = (value) => value.toFixed(2);
const interval = ({ value, low, high }) =>
  value === null ? "–" : low === null ? three(value) : `${three(value)} (${two(low)}–${two(high)})`;
const percent = ({ value, count, of }) =>
  value === null ? "–" : `${count} of ${of} (${(100 * value).toFixed(0)} %)`;

export function tablesOf({ models: unordered }, benches) {
  const models = inOrder(unordered);
  const tables = {
    models: table(
      ["model", "weights", "kernels", "questions", "of these matched", "sha256"],
      models.map(({ name, about: { model, settings }, questions, matched }) => [
        nameOf(name),
        model.quantisation,
        settings.kernels,
        questions,
        matched,
        `\`${model.sha256.slice(0, 16)}…\``,
      ]),
    ),
    wanted: wantedTable(models),
    confident: confidentTable(models),
  };
  for (const set of Object.keys(SETS)) tables[set] = setTable(models, set);
  for (const { name, document } of benches) tables[name] = benchTable(document);
  return tables;
}

function setTable(models, set) {
  const of = (model, name) => model.sets[set].benched.methods.find((method) => method.name === name);
  return table(
    [
      "AUROC (95 %)",
      ...models.map((model) => `${nameOf(model.name)}, ${model.sets[set].benched.n} answers`),
      `PRR, ${nameOf(models[0].name)}`,
      `ECE, ${nameOf(models[0].name)}`,
    ],
    SHOWN.map((name) => [
      BASELINES.includes(name) ? `*${name}* (baseline)` : name,
      ...models.map((model) => (of(model, name) ? interval(of(model, name).auroc) : "–")),
      three(of(models[0], name)?.prr.value),
      three(of(models[0], name)?.ece?.value),
    ]),
  );
}

/** What was asked for, with the interval of the paired difference. */
function wantedTable(models) {
  const rows = models.flatMap((model) =>
    ["matched", "all", "template", "statement"].map((set) => {
      const { benched } = model.sets[set];
      const less = (first, second) => {
        const found = benched.differences.find(
          (each) =>
            (each.first === first && each.second === second) ||
            (each.first === second && each.second === first),
        );
        const { value, low, high } = found.measures.auroc;
        const sign = found.first === first ? 1 : -1;
        const ends = [sign * low, sign * high].toSorted((a, b) => a - b);
        return `${(sign * value).toFixed(3)} (${ends.map(two).join(" to ")})`;
      };
      const singles = benched.methods
        .filter(({ name }) => !FUSED.includes(name))
        .toSorted((a, b) => b.auroc.value - a.auroc.value);
      return [
        `${nameOf(model.name)}, ${set}`,
        less("lift", "mean-nll"),
        ...BASELINES.map((name) => less("lift", name)),
        `${less("fused", singles[0].name)}: ${singles[0].name}`,
        less("fused, fitted to published pairs", singles[0].name),
      ];
    }),
  );
  return table(
    [
      "AUROC: difference (95 %)",
      "lift − plain perplexity",
      "lift − word count",
      "lift − overlap",
      "fused − best single",
      "the same, fitted to published pairs",
    ],
    rows,
  );
}

function confidentTable(models) {
  return table(
    ["", "confident ones of all errors", "errors of confident answers", "caught at 10 % false alarms by"],
    models.flatMap((model) =>
      Object.keys(SETS).flatMap((set) =>
        [
          ["plain", "without the document"],
          ["reading", "document read"],
        ].map(([key, words]) => {
          const { ofErrors, ofConfident, signals } = model.sets[set].confident[key];
          const caught = signals
            .slice(0, 3)
            .map(
              ({ signal, caught }) =>
                `${signal} ${caught.value === null ? "–" : `${(100 * caught.value).toFixed(0)} %`}`,
            );
          return [
            `${nameOf(model.name)}, ${set}, ${words}`,
            percent(ofErrors),
            percent(ofConfident),
            caught.join(", "),
          ];
        }),
      ),
    ),
  );
}

/** A document of `surprisal bench-uncertainty --json`: the first set of answers. */
function benchTable({ sections: [section] }) {
  return table(
    ["rank", "method", "AUROC (95 %)", "AUPRC of wrong ones", "PRR", "ECE", "tokens", "seconds"],
    section.methods.map(({ rank, name, family, auroc, auprcWrong, prr, ece, price }) => {
      const { tokensRead = null, tokensWritten = null, seconds = null } = price ?? {};
      const tokens =
        tokensRead === null && tokensWritten === null ? null : (tokensRead ?? 0) + (tokensWritten ?? 0);
      return [
        rank,
        family === "baseline" ? `*${name}* (baseline)` : name,
        interval(auroc),
        three(auprcWrong.value),
        three(prr.value),
        three(ece?.value),
        tokens === null || tokens === undefined ? "–" : Math.round(tokens),
        seconds === null || seconds === undefined ? "–" : seconds.toFixed(2),
      ];
    }),
  );
}

/** AUROC of the methods on the length-matched pairs, a picture for each model. */
export function picturesOf({ models }) {
  return Object.fromEntries(
    models.map((model) => {
      const { methods, n } = model.sets.matched.benched;
      const rows = methods
        .filter(({ name }) => SHOWN.includes(name))
        .map(({ name, auroc: { value, low, high } }) => ({ name, auroc: value, low, high, n }))
        .toSorted((a, b) => b.auroc - a.auroc);
      return [`hallucination-${nameOf(model.name).toLowerCase().replaceAll(".", "-")}`, rankingChart(rows)];
    }),
  );
}

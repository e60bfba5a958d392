/** Figures as Markdown tables, one for each thing a reader may ask. */
import { RULES } from "./figures.mjs";
import { SETS } from "./tasks.mjs";

const NAMES = {
  mini: "mini",
  smollm2: "SmolLM2-135M",
  "qwen2.5-coder-0.5b-instruct-q4_k_m": "Qwen2.5-Coder-0.5B",
};
export const nameOf = (model) => NAMES[model] ?? model;

/** Tables by name, in the order they are read. @param {ReturnType<typeof import("./figures.mjs").figuresOf>} models */
export function tablesOf(models) {
  const cells = models.flatMap(({ name, sets }) => sets.map((set) => ({ model: nameOf(name), set })));
  return {
    verdicts: verdictTable(models),
    models: modelTable(models),
    asked: askedTable(models),
    accuracy: accuracyTable(cells),
    labels: againstTable(cells),
    auroc: aurocTable(cells),
    ece: eceTable(cells),
    loss: lossTable(cells),
    "every rule": everyRuleTable(cells),
    offset: plattTable(cells),
    orders: ordersTable(cells),
  };
}

/** Puts tables between the marks of a page: <!-- figures: NAME --> and <!-- /figures -->. */
export function filledPage(page, tables) {
  const missing = Object.keys(tables).filter((name) => !page.includes(`<!-- figures: ${name} -->`));
  if (missing.length > 0) throw new Error(`The page has no place for: ${missing.join(", ")}`);
  return page.replace(
    /(<!-- figures: (.+?) -->\n)[\s\S]*?(<!-- \/figures -->)/g,
    (_, open, name, close) => `${open}\n${tables[name]}\n\n${close}`,
  );
}

function verdictTable(models) {
  const verdict = (set, rule) =>
    plain(verdictOf(set.rules[rule], set.rules[rule].after, set.rules[rule].gain));
  return table(
    ["set", ...models.flatMap(({ name }) => [nameOf(name), `${nameOf(name)}, labels`])],
    Object.keys(SETS).map((set, i) => [
      `${SETS[set].title} (\`${SETS[set].standard}\`)`,
      ...models.flatMap(({ sets }) => [verdict(sets[i], sets[i].standard), verdict(sets[i], "label")]),
    ]),
  );
}

function modelTable(models) {
  return table(
    ["model", "parameters in the file", "weights", "asked", "sha256"],
    models.map(({ name, about: { model, settings } }) => [
      nameOf(name),
      `${Math.round(model.parameters / 1e6)} million`,
      model.quantisation,
      `${name === "mini" ? "plain" : "chat"}; ${settings.engine}, ${settings.kernels}`,
      `\`${model.sha256}\``,
    ]),
  );
}

function askedTable(models) {
  return table(
    [
      "set",
      "asked as",
      "default rule",
      "by chance",
      "base rate's log loss",
      ...models.map(({ name }) => `n, ${nameOf(name)}`),
    ],
    Object.keys(SETS).map((set, i) => {
      const all = models.map(({ sets }) => sets[i]);
      const { chance, baseRate, standard, isPredicate } = all.reduce((a, b) => (b.n > a.n ? b : a));
      return [
        SETS[set].title,
        isPredicate ? "predicate" : "choice",
        `\`${standard}\``,
        percent(chance),
        decimals(baseRate),
        ...models.map(({ sets }) => {
          const { n, groups, tooLong } = sets[i];
          return `${n}${groups < n ? ` of ${groups} questions` : ""}${tooLong > 0 ? ` (${tooLong} too long)` : ""}`;
        }),
      ];
    }),
  );
}

function accuracyTable(cells) {
  return table(
    ["model", "set", "chance", ...RULES],
    cells.map(({ model, set }) => [
      model,
      SETS[set.set].title,
      percent(set.chance),
      ...RULES.map((rule) => {
        const { value, low, high } = set.rules[rule].accuracy;
        const text = `${percent(value)} (${percent(low)} to ${percent(high)})`;
        return low > set.chance ? `**${text}**` : text;
      }),
    ]),
  );
}

function againstTable(cells) {
  return table(
    [
      "model",
      "set",
      "default rule less `label`, points",
      "option mass, own text",
      "option mass, labels",
      "which is better",
    ],
    cells.map(({ model, set }) => {
      const { value, low, high } = set.againstLabel;
      const own = set.rules[set.standard];
      return [
        model,
        SETS[set.set].title,
        `${signed(value)} (${signed(low)} to ${signed(high)})`,
        exponent(own.optionMass.median),
        exponent(set.rules.label.optionMass.median),
        low > 0 ? "own text" : high < 0 ? "labels" : "not told apart",
      ];
    }),
  );
}

function aurocTable(cells) {
  return table(
    ["model", "set", "of", ...RULES],
    cells.flatMap(({ model, set }) => {
      const row = (of, estimateOf) => [
        model,
        SETS[set.set].title,
        of,
        ...RULES.map((rule) => {
          const { value, low, high } = estimateOf(set.rules[rule]);
          if (value === null) return "–";
          const text = `${decimals(value, 2)} (${decimals(low, 2)} to ${decimals(high, 2)})`;
          return low > 0.5 ? `**${text}**` : text;
        }),
      ];
      return [
        ...(set.isPredicate ? [row("yes", ({ yes }) => yes.auroc)] : []),
        row("confidence", ({ auroc }) => auroc),
      ];
    }),
  );
}

/** A row for the set's default rule, and one for labels. */
const twoRules = (cells, row) =>
  cells.flatMap(({ model, set }) =>
    [set.standard, "label"].map((rule) => [
      model,
      SETS[set.set].title,
      `\`${rule}\``,
      ...row(set.rules[rule], set),
    ]),
  );

function eceTable(cells) {
  return table(
    [
      "model",
      "set",
      "rule",
      "ECE before",
      "noise floor",
      "T",
      "ECE after",
      "noise floor",
      "after, within it",
    ],
    twoRules(cells, ({ before, after, temperature }) => [
      decimals(before.noiseFloor.observed),
      floor(before),
      temperature >= MOST ? `${MOST} (bound)` : significant(temperature),
      decimals(after.noiseFloor.observed),
      floor(after),
      after.noiseFloor.inside ? "yes" : "no",
    ]),
  );
}

function lossTable(cells) {
  return table(
    [
      "model",
      "set",
      "rule",
      "log loss before",
      "after",
      "base rate",
      "after less base rate",
      "Brier before",
      "after",
      "verdict",
    ],
    twoRules(cells, (figures, { baseRate }) => [
      decimals(figures.optionsBefore.logLoss),
      decimals(figures.optionsAfter.logLoss),
      decimals(baseRate),
      `${signedDecimals(figures.gain.value)} (${signedDecimals(figures.gain.low)} to ${signedDecimals(figures.gain.high)})`,
      decimals(figures.optionsBefore.brier),
      decimals(figures.optionsAfter.brier),
      verdictOf(figures, figures.after, figures.gain),
    ]),
  );
}

/** The largest temperature that is fitted: nothing is left of what the scores say. */
const MOST = 100;
/** Fewest right and fewest wrong answers that a calibration is fitted to, as in the product. */
const LEAST = 30;

/** Both conditions of a usable probability; a gain that noise could make is said to be one. */
function verdictOf({ fewestOfAClass }, { n, noiseFloor: { inside } }, gain) {
  if (fewestOfAClass < LEAST) return `too few answers: ${fewestOfAClass} of ${n} in a class`;
  if (!inside)
    return gain.high < 0
      ? "beyond: better than the base rate, but ECE above the floor"
      : "beyond: ECE above the floor";
  if (gain.value >= 0) return "beyond: no better than the base rate";
  return gain.high < 0 ? "**holds**" : "holds, within noise";
}

const plain = (verdict) => verdict.split(":")[0];

function everyRuleTable(cells) {
  return table(
    ["model", "set", ...RULES],
    cells.map(({ model, set }) => [
      model,
      SETS[set.set].title,
      ...RULES.map((rule) => {
        const { after, gain } = set.rules[rule];
        const verdict = plain(verdictOf(set.rules[rule], after, gain));
        return `${verdict}, ${signedDecimals(gain.value)}`;
      }),
    ]),
  );
}

function plattTable(cells) {
  return table(
    [
      "model",
      "set",
      "rule",
      "said yes",
      "accuracy",
      "with offset",
      "ECE",
      "noise floor",
      "log loss less base",
      "verdict",
    ],
    cells
      .filter(({ set }) => set.isPredicate)
      .flatMap(({ model, set }) =>
        [set.standard, "pmi", "label", "label, 2 orders"].map((rule) => {
          const { yes, accuracy } = set.rules[rule];
          const { value, low, high } = yes.plattGain;
          return [
            model,
            SETS[set.set].title,
            `\`${rule}\``,
            percent(yes.saidYes),
            percent(accuracy.value),
            percent(yes.plattRight),
            decimals(yes.platt.noiseFloor.observed),
            floor(yes.platt),
            `${signedDecimals(value)} (${signedDecimals(low)} to ${signedDecimals(high)})`,
            verdictOf(set.rules[rule], yes.platt, yes.plattGain),
          ];
        }),
      ),
  );
}

function ordersTable(cells) {
  return table(
    [
      "model",
      "set",
      "the two orders disagree",
      "mean flip rate",
      "letters chosen, one order",
      "letters that are right",
      "accuracy, 1 order",
      "2 orders",
    ],
    cells.map(({ model, set }) => [
      model,
      SETS[set.set].title,
      percent(set.orders.disagree),
      percent(set.orders.flipRate),
      letters(set.orders.chosen),
      letters(set.orders.rightLetter),
      percent(set.rules.label.accuracy.value),
      percent(set.rules["label, 2 orders"].accuracy.value),
    ]),
  );
}

function letters(shares) {
  const shown = shares.slice(0, 4).map((share, i) => `${"ABCD"[i]} ${percent(share, 0)}`);
  const rest = shares.slice(4).reduce((sum, share) => sum + share, 0);
  return [...shown, ...(shares.length > 4 ? [`others ${percent(rest, 0)}`] : [])].join(", ");
}

const floor = ({ noiseFloor: { low, high } }) => `${decimals(low)} to ${decimals(high)}`;
const percent = (share, places = 1) => (100 * share).toFixed(places);
const decimals = (value, places = 3) => value.toFixed(places);
const signed = (share) => `${share < 0 ? "−" : "+"}${Math.abs(100 * share).toFixed(1)}`;
const signedDecimals = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
const significant = (value) => Number(value.toPrecision(3)).toString();
const exponent = (value) => (value >= 0.001 ? value.toFixed(3) : value.toExponential(0));

function table(columns, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(columns), line(columns.map(() => "---")), ...rows.map(line)].join("\n");
}

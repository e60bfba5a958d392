/** Figures as Markdown tables, one for each thing a reader may ask. */
import { RULES } from "./figures.mjs";
import { SETS } from "./tasks.mjs";

const NAMES = {
  mini: "mini",
  smollm2: "SmolLM2-135M",
  "qwen2.5-coder-0.5b-instruct-q4_k_m": "Qwen2.5-Coder-0.5B",
};
export const nameOf = (model) => NAMES[model] ?? model;

/** @param {ReturnType<typeof import("./figures.mjs").figuresOf>} models */
export function tablesOf(models) {
  const cells = models.flatMap(({ name, sets }) => sets.map((set) => ({ model: nameOf(name), set })));
  return [
    ["What was asked", askedTable(models)],
    ["Is it any good: accuracy, %", accuracyTable(cells)],
    ["Options' own text or labels", againstTable(cells)],
    ["Does it know when it is right: AUROC", aurocTable(cells)],
    [
      "Does the probability mean what it says: before and after a temperature",
      calibrationTable(cells, ({ standard }) => standard),
    ],
    ["The same by labels", calibrationTable(cells, () => "label")],
    ["What an offset as well would mend (Platt, predicates)", plattTable(cells)],
    ["What the order of listed options does", ordersTable(cells)],
  ]
    .map(([title, table]) => `### ${title}\n\n${table}`)
    .join("\n\n");
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
      const { chance, baseRate, standard, isPredicate } = models.at(-1).sets[i];
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
      "of choice",
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
        row("confidence", ({ before }) => before.measures.auroc),
      ];
    }),
  );
}

function calibrationTable(cells, ruleOf) {
  return table(
    [
      "model",
      "set",
      "rule",
      "T",
      "ECE before",
      "noise floor",
      "ECE after",
      "noise floor",
      "log loss before",
      "after",
      "base rate",
      "after less base",
      "Brier before",
      "after",
      "verdict",
    ],
    cells.map(({ model, set }) => {
      const rule = ruleOf(set);
      const { before, after, optionsBefore, optionsAfter, gain, temperature } = set.rules[rule];
      return [
        model,
        SETS[set.set].title,
        `\`${rule}\``,
        significant(temperature),
        decimals(before.noiseFloor.observed),
        floor(before),
        decimals(after.noiseFloor.observed),
        floor(after),
        decimals(optionsBefore.logLoss),
        decimals(optionsAfter.logLoss),
        decimals(set.baseRate),
        `${signedDecimals(gain.value)} (${signedDecimals(gain.low)} to ${signedDecimals(gain.high)})`,
        decimals(optionsBefore.brier),
        decimals(optionsAfter.brier),
        verdictOf(after.noiseFloor.inside, gain),
      ];
    }),
  );
}

/** Both conditions of a usable probability; a gain that noise could make is said to be one. */
export function verdictOf(inside, gain) {
  if (!inside)
    return gain.high < 0
      ? "**beyond this model**: beats the base rate, ECE above the floor"
      : "**beyond this model**: ECE above the floor";
  if (gain.value >= 0) return "**beyond this model**: no better than the base rate";
  return gain.high < 0 ? "**holds**" : "holds, by less than noise";
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
        [set.standard, "label"].map((rule) => {
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
            verdictOf(yes.platt.noiseFloor.inside, yes.plattGain),
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

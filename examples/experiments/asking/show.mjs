/** Figures as Markdown tables. */
import { BASELINE, FEWEST } from "./figures.mjs";
import { SETS } from "./sets.mjs";

const NAMES = {
  smollm2: "SmolLM2-135M",
  "qwen2.5-coder-0.5b-instruct-q4_k_m": "Qwen2.5-Coder-0.5B",
};
export const nameOf = (model) => NAMES[model] ?? model;
export const titleOf = ({ model, set }) => `${nameOf(model)}, ${SETS[set].title}`;
/** A cell in which right can be told from wrong at all. */
export const isMeasured = ({ n, right }) => Math.min(right, n - right) >= FEWEST;

/** Tables by name, in the order they are read. */
export function tablesOf({ models, cells }) {
  const measured = cells.filter(isMeasured);
  return {
    models: modelTable(models),
    answers: answerTable(cells),
    ranking: measured.map((cell) => `**${titleOf(cell)}**\n\n${rankingTable(cell)}`).join("\n\n"),
    calibration: measured.map((cell) => `**${titleOf(cell)}**\n\n${calibrationTable(cell)}`).join("\n\n"),
    said: cells.map((cell) => `**${titleOf(cell)}**\n\n${saidTable(cell)}`).join("\n\n"),
    cost: cells.map((cell) => `**${titleOf(cell)}**\n\n${costTable(cell)}`).join("\n\n"),
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

function modelTable(models) {
  return table(
    ["model", "parameters in the file", "weights", "run by", "sha256"],
    models.map(({ name, about: { model, settings } }) => [
      nameOf(name),
      `${Math.round(model.parameters / 1e6)} million`,
      model.quantisation,
      `${settings.engine}, ${settings.kernels}`,
      `\`${model.sha256}\``,
    ]),
  );
}

function answerTable(cells) {
  return table(
    ["model", "set", "n", "right", "of each kind", "by chance", "not read", "most common answer"],
    cells.map(({ model, set, n, right, kinds, chance, unread, same }) => [
      nameOf(model),
      SETS[set].title,
      n,
      `${right} (${percent(right / n)} %)`,
      kinds.map((each) => `${each.kind.replaceAll("*", "×")}: ${each.right} of ${each.n}`).join("; "),
      chance > 0 ? `${percent(chance)} %` : "0",
      unread,
      `${same.value} (${percent(same.share)} %)`,
    ]),
  );
}

function rankingTable({ methods }) {
  return table(
    ["method", "n", "r", "rank r", "AUROC", "AUROC within kinds", "less mean NLL, on the same answers"],
    methods.map((method) =>
      method.auroc === undefined
        ? [method.name, method.said, "", "", "too few", "", ""]
        : [
            method.name,
            method.said,
            number(method.pearson),
            number(method.spearman),
            ranked(method.auroc),
            method.within.value === null ? "" : ranked(method.within),
            method.name === BASELINE ? "" : signedRange(method.gain),
          ],
    ),
  );
}

function calibrationTable({ methods }) {
  const floorOf = (error) =>
    error === null || error === undefined
      ? ""
      : `${decimals(error.observed)} (noise ${decimals(error.mean)}, up to ${decimals(error.high)})`;
  return table(
    ["method", "says on average", "is right", "ECE as said", "ECE after, held out"],
    methods
      .filter(({ auroc }) => auroc !== undefined)
      .map(({ name, meanConfidence, right, said, before, after }) => [
        name,
        meanConfidence === null ? "" : `${percent(meanConfidence)} %`,
        `${percent(right / said)} %`,
        floorOf(before),
        floorOf(after),
      ]),
  );
}

function saidTable({ methods }) {
  return table(
    ["method", "asked", "no number", "why", "different values", "the most common"],
    methods
      .filter(({ kind }) => kind === "samples" || kind === "asked")
      .map(({ name, asked, said, missing, distinct, common, mass }) => [
        name,
        asked,
        `${asked - said} (${percent((asked - said) / asked, 0)} %)`,
        Object.entries(missing)
          .map(([why, count]) => `${why} ${count}`)
          .join(", "),
        distinct,
        common === null
          ? ""
          : `${Number(common.value)} (${percent(common.share, 0)} %)${mass === null ? "" : `; mass ${mass.toPrecision(2)}`}`,
      ]),
  );
}

function costTable({ methods }) {
  return table(
    ["method", "calls", "tokens read", "tokens written", "told before, at most", "seconds of a core"],
    methods
      .filter(({ name, kind }) => kind === "samples" || kind === "asked" || name === BASELINE)
      .map(({ name, cost, price }) => [
        name,
        decimals(cost.calls, 0),
        decimals(cost.read, 0),
        decimals(cost.written, 1),
        price === null ? "" : `${decimals(price.read, 0)} + ${decimals(price.written, 0)}`,
        decimals(cost.cpu, 2),
      ]),
  );
}

const percent = (share, places = 1) => (100 * share).toFixed(places);
const decimals = (value, places = 3) => value.toFixed(places);
const signed = (value, places) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(places)}`;
const number = ({ value, low, high }) =>
  value === null ? "none" : `${signed(value, 2)} (${signed(low, 2)} … ${signed(high, 2)})`;
/** Bold: the whole interval is above a half. */
const ranked = ({ value, low, high }) =>
  `${low > 0.5 ? `**${decimals(value)}**` : decimals(value)} (${decimals(low, 2)} … ${decimals(high, 2)})`;
/** Bold: the whole interval is on one side of 0. */
const signedRange = ({ value, low, high }) =>
  `${low > 0 || high < 0 ? `**${signed(value, 3)}**` : signed(value, 3)} (${signed(low, 2)} … ${signed(high, 2)})`;

function table(columns, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(columns), line(columns.map(() => "---")), ...rows.map(line)].join("\n");
}

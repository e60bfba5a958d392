/** Figures as tables in Markdown, and as pictures. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { perplexityTimeChart } from "surprisal/charts";

/** Ladders in the order they are read, with their titles. */
const LADDERS = { mini: "mini", smollm2: "SmolLM2-135M-Instruct", qwen: "Qwen2.5-Coder-0.5B-Instruct" };

const table = (head, rows) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
const minus = (text) => text.replace("-", "−");
/** Three digits that count, and no exponent. */
const three = (value) =>
  value === null
    ? ""
    : value >= 999.5
      ? Math.round(value).toLocaleString("en")
      : String(Number(value.toPrecision(3)));
/** 0.05 -> "5.0"; from ten times on as a multiple. */
const percent = (share) => {
  if (!Number.isFinite(share)) return "∞";
  if (share >= 9) return `×${three(1 + share)}`;
  const shown = (100 * share).toFixed(1);
  return shown === "-0.0" ? "0.0" : minus(shown);
};
const signed = (share) => {
  const shown = percent(share);
  return /^[1-9]|^0\.[1-9]/.test(shown) ? `+${shown}` : shown;
};
const between = ({ low, high }, write) => `(${write(low)} to ${write(high)})`;
const pValue = (p) => (p === null ? "" : p < 0.001 ? "< 0.001" : p.toFixed(3));

/** A number that JSON has not; what has none is `null` there. */
const infinite = (_, value) => (value === "Infinity" ? Infinity : value);
const read = (out) =>
  Object.keys(LADDERS).flatMap((name) => {
    const file = join(out, `${name}.json`);
    return existsSync(file) ? [JSON.parse(readFileSync(file, "utf8"), infinite)] : [];
  });

function levelsTable({ levels }) {
  return table(
    ["level", "format", "bits stored", "size, MB", "reads, tokens/s", "writes, tokens/s", "memory, MB"],
    levels.map((each) => [
      ...[each.name, each.type, each.bitsPerWeight.toFixed(2), three(each.bytes / 1e6)],
      ...[three(each.prefillTokensPerSecond), three(each.generationTokensPerSecond)],
      three(each.memoryBytes / 1e6),
    ]),
  );
}

function labelsTable({ levels, grid }) {
  return table(
    ["tau", ...levels.map(({ name }) => `${name}, %`), "perplexity by labels, % above 16-bit"],
    grid
      .filter(({ tau }) => [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5].includes(tau))
      .map(({ tau, shares, increase }) => [
        tau,
        ...levels.map(({ name }) => percent(shares[name])),
        percent(increase),
      ]),
  );
}

function domainsTable({ levels, domains }) {
  const lower = levels.slice(0, -1);
  return table(
    [
      ...["domain", "prompts", "16-bit perplexity"],
      ...lower.flatMap(({ name }) => [`${name}, % above`, `${name} is enough, %`]),
    ],
    domains.map(({ domain, prompts, perplexity, increase, adequate }) => [
      ...[domain, prompts, three(perplexity)],
      ...lower.flatMap((_, i) => [percent(increase[i]), percent(adequate[i])]),
    ]),
  );
}

const trialName = ({ features, tau, risk }) =>
  `${features}, tau ${tau}${risk === null ? "" : `, risk ${risk}`}`;

function waysTable({ found }) {
  return table(
    [
      "way",
      "perplexity",
      "% above 16-bit",
      "enough, %",
      "bits",
      "ms",
      "router: perplexity, %",
      "enough, points",
      "ms",
    ],
    found.methods.map(({ name, perplexity, increase, adequate, bits, ms, difference }) => [
      name === "router" ? "**router**" : name,
      three(perplexity.value),
      `${percent(increase.value)} ${between(increase, percent)}`,
      percent(adequate.value),
      bits.toFixed(1),
      ms === null ? "" : three(ms.value),
      ...(difference === null
        ? ["", "", ""]
        : [
            `${signed(difference.perplexity.value)} ${between(difference.perplexity, signed)}`,
            `${signed(difference.adequate.value)} ${between(difference.adequate, signed)}`,
            difference.ms === null ? "" : minus(difference.ms.value.toFixed(1)),
          ]),
    ]),
  );
}

function trialsTable({ levels, trials }) {
  return table(
    [
      ...[
        "router",
        "shares of the levels, %",
        "% above 16-bit",
        "enough, %",
        "the oracle's, ms",
        "ms",
        "of it the router",
      ],
      ...["16-bit, ms", "p, perplexity", "p, enough"],
    ],
    trials.map((trial) => {
      if (trial.failed !== undefined) return [trialName(trial), trial.failed, ...Array(8).fill("")];
      const { methods, randomPValue, routerMs } = trial.found;
      const of = (name) => methods.find((each) => each.name === name);
      const own = of("router");
      return [
        trialName(trial),
        levels.map(({ name }) => percent(own.shares[name])).join(" / "),
        `${percent(own.increase.value)} ${between(own.increase, percent)}`,
        percent(own.adequate.value),
        three(of("oracle").ms?.value ?? null),
        three(own.ms?.value ?? null),
        three(routerMs),
        three(of(`always ${levels.at(-1).name}`).ms?.value ?? null),
        ...(randomPValue === null
          ? ["one level for all", ""]
          : [pValue(randomPValue.perplexity), pValue(randomPValue.adequate)]),
      ];
    }),
  );
}

/** The trial that is shown in full. */
const main = ({ trials }) => trials.find(({ features, tau }) => features === "statistics" && tau === 0.1);

/** Tables by name. */
export function tablesOf(out) {
  return Object.fromEntries(
    read(out).flatMap((each) => [
      [`${each.name} levels`, levelsTable(each)],
      [`${each.name} labels`, labelsTable(each)],
      [`${each.name} domains`, domainsTable(each)],
      [`${each.name} trials`, trialsTable(each)],
      [`${each.name} ways`, waysTable(main(each))],
    ]),
  );
}

/** Pictures by name. */
export function picturesOf(out) {
  return Object.fromEntries(
    read(out).map((each) => [
      `paq-${each.name}`,
      { ...perplexityTimeChart(main(each).found), title: `Perplexity against time, ${LADDERS[each.name]}` },
    ]),
  );
}

/** Puts tables between the marks of a page, <!-- figures: NAME --> and <!-- /figures -->; what was not measured is left as it is. */
export function filledPage(page, tables) {
  const missing = Object.keys(tables).filter((name) => !page.includes(`<!-- figures: ${name} -->`));
  if (missing.length > 0) throw new Error(`The page has no place for: ${missing.join(", ")}`);
  return page.replace(
    /(<!-- figures: (.+?) -->\n)[\s\S]*?(<!-- \/figures -->)/g,
    (whole, open, name, close) =>
      Object.hasOwn(tables, name) ? `${open}\n${tables[name]}\n\n${close}` : whole,
  );
}

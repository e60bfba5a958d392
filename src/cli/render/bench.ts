/** Methods against each other, in a terminal: a table that fits, and what it says. */
import type { BenchPrice, BenchSection, BenchView } from "../../report/index.ts";
import { displayWidth, formatCount, formatPlural, shorten, visible, wrapWords } from "../../text/index.ts";
import type { BenchedMethod } from "../../uncertainty/index.ts";
import { table } from "./run.ts";

/** @param view names of methods may be of any text. */
export function renderBench(view: BenchView, columns: number): string {
  return `${[
    ...view.sections.flatMap((section, i) => [
      ...(i === 0 ? [] : [""]),
      ...sectionLines(section, view, columns),
    ]),
    "",
    ...wrapWords(
      "AUROC, and its interval: how often a right answer is less uncertain than a wrong one; 0.5 says nothing. AUPRC: of finding wrong ones. ECE: of probabilities fitted to other folds. tok, s: mean of an answer, beside writing it. Methods share a rank where the interval of their paired difference has 0 in it. *: a baseline, which knows nothing of truth.",
      columns,
    ),
    ...view.notes.flatMap((note) => wrapWords(`note: ${visible(note)}`, columns)),
  ].join("\n")}\n`;
}

function sectionLines(
  { name, benched }: BenchSection,
  { families, prices }: BenchView,
  columns: number,
): string[] {
  const { n, right, groups, methods, silent } = benched;
  const head = `${visible(name)}: ${formatPlural(n, "answer")}, ${formatCount(right)} right${groups === null ? "" : `, ${formatPlural(groups, "group")}`}`;
  const room = Math.max(8, columns - 56);
  const named = (method: BenchedMethod) =>
    `${shorten(visible(method.name), room - 2)}${families[method.name] === "baseline" ? " *" : ""}`;
  const price = (method: BenchedMethod): BenchPrice =>
    prices[method.name] ?? { tokensRead: null, tokensWritten: null, seconds: null };
  const lines = table(
    methods,
    [
      ["rank", ({ rank }) => String(rank)],
      ["method", named],
      ["AUROC", ({ auroc }) => share(auroc.value)],
      [
        "95 %",
        ({ auroc: { low, high } }) => (low === null || high === null ? "–" : `${two(low)}–${two(high)}`),
      ],
      ["AUPRC", ({ auprcWrong }) => share(auprcWrong.value)],
      ["PRR", ({ prr }) => share(prr.value)],
      ["ECE", ({ ece }) => share(ece?.value ?? null)],
      ["tok", (method) => tokensOf(price(method))],
      ["s", (method) => secondsOf(price(method))],
    ],
    (column) => column === 1,
  );
  return [
    ...wrapWords(head, columns),
    ...lines.map((line) => (displayWidth(line) > columns ? shorten(line, columns) : line)),
    ...(silent.length > 0 ? wrapWords(`no numbers: ${silent.map(visible).join(", ")}`, columns) : []),
  ];
}

/** ".712", "-.05": one column less. */
const share = (value: number | null): string =>
  value === null
    ? "–"
    : value
        .toFixed(3)
        .replace(/^-(?=0\.000$)/, "")
        .replace(/^(-?)0\./, "$1.");
const two = (value: number): string => value.toFixed(2).replace(/^(-?)0\./, "$1.");

function tokensOf({ tokensRead, tokensWritten }: BenchPrice): string {
  if (tokensRead === null && tokensWritten === null) return "–";
  return String(Math.round((tokensRead ?? 0) + (tokensWritten ?? 0)));
}

function secondsOf({ seconds }: BenchPrice): string {
  if (seconds === null) return "–";
  return seconds === 0 ? "0" : seconds < 9.95 ? seconds.toFixed(2) : seconds.toFixed(0);
}

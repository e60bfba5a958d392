/** The capability map as a table. */
import type { ModelCapability } from "../../evaluate/index.ts";
import { formatList, formatNumber, formatWithError, visible } from "../../text/index.ts";
import { table } from "./run.ts";

/** Domains downwards, easiest for the best model first; models to the right. */
export function renderCapabilityMap(models: readonly ModelCapability[], withGap: boolean): string {
  const domains = [...new Set(models.flatMap((model) => model.domains.map(({ domain }) => domain)))];
  const scores = (of: string) => models.map(({ domains }) => domains.find(({ domain }) => domain === of));
  const rows: [name: string, cells: string[]][] = domains.map((domain) => [
    visible(domain),
    scores(domain).map((score) => (score ? formatWithError(score.bitsPerByte, score.standardError) : "")),
  ]);
  const line = (name: string, cell: (model: ModelCapability) => string): [string, string[]] => [
    name,
    models.map(cell),
  ];
  const summary = [
    line("mean", ({ mean }) => formatNumber(mean)),
    line("spread", ({ spread }) => formatNumber(spread)),
    ...(withGap
      ? [
          line("in domain", (model) => formatNumber(model.inDomain)),
          line("out of domain", (model) => formatNumber(model.outOfDomain)),
          line("gap", ({ gap, gapStandardError }) => formatWithError(gap, gapStandardError)),
        ]
      : []),
  ];
  const columns = [
    ["bits per byte", ([name]: [string, string[]]) => name],
    ...models.map(({ model }, i) => [visible(model), ([, cells]: [string, string[]]) => cells[i]!]),
  ] as [string, (row: [string, string[]]) => string][];
  const lines = table([...rows, ["", models.map(() => "")], ...summary], columns, 1);
  const decided = standingsInWords(models, domains.length);
  if (decided !== null) lines.push("", decided);
  if (models.some((model) => model.domains.length < domains.length))
    lines.push("", "Not every model was scored in every domain: the means are not over the same domains.");
  return `${lines.join("\n")}\n`;
}

/** Who needs the fewest bits where, by differences in pairs; `null` where the runs do not say. */
function standingsInWords(models: readonly ModelCapability[], domains: number): string | null {
  const count = (standing: string, { domains: scores }: ModelCapability) =>
    scores.filter((score) => score.standing === standing).length;
  const best = models.flatMap((model) => {
    const won = count("best", model);
    return won > 0 ? [`${visible(model.model)} in ${won} of ${domains}`] : [];
  });
  const tied = new Set(
    models.flatMap((model) =>
      model.domains.flatMap(({ domain, standing }) => (standing === "tied" ? [domain] : [])),
    ),
  );
  if (best.length + tied.size === 0) return null;
  return [
    `Best by the difference in pairs, where its 95% interval leaves out 0: ${formatList(best.length > 0 ? best : ["none"])}.`,
    ...(tied.size > 0 ? [`Not told apart: ${formatList([...tied].map((domain) => visible(domain)))}.`] : []),
  ].join(" ");
}

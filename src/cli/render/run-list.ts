/** The runs in a folder, a line for each. */
import type { ListedRun } from "../../evaluate/index.ts";
import { formatPerplexity, visible } from "../../text/index.ts";
import { table } from "./run.ts";

export function renderRunList(runs: readonly ListedRun[]): string {
  const names = (values: readonly string[]) =>
    visible(values.length > 2 ? `${values[0]}, ... (${values.length})` : values.join(", "));
  const lines = table(
    runs,
    [
      ["run", ({ path }) => visible(path)],
      ["state", ({ run }) => run?.status ?? "damaged"],
      ["models", ({ run }) => names(run?.request.models ?? [])],
      [
        "corpora and tasks",
        ({ run }) => names([...(run?.corpora ?? []), ...(run?.tasks ?? [])].map(({ name }) => name)),
      ],
      [
        "perplexity",
        ({ run }) =>
          run?.results.length === 1
            ? formatPerplexity(run.results[0]!.perplexity, run.results[0]!.standardError)
            : "",
      ],
    ],
    4,
  );
  const damages = runs.flatMap(({ path, damage }) =>
    damage === null ? [] : [`${visible(path)}: ${visible(damage)}`],
  );
  return `${[...lines, ...(damages.length > 0 ? ["", ...damages] : [])].join("\n")}\n`;
}

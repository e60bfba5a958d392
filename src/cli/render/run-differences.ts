/** Two runs over the same texts, side by side. */
import type { Run, RunDifference } from "../../evaluate/index.ts";
import { formatCount, formatNumber, formatWithError, visible } from "../../text/index.ts";
import { table } from "./run.ts";

export function renderRunDifferences(base: Run, other: Run, differences: readonly RunDifference[]): string {
  return `${runsCompared(base, other)}\n${showDifferences(differences)}`;
}

/** Which runs they are; two of one name, in two folders, with the time of their creation. */
function runsCompared(base: Run, other: Run): string {
  const name = ({ id, created }: Run) => visible(base.id === other.id ? `${id}, ${created}` : id);
  return `base: ${name(base)}\nother: ${name(other)}\n`;
}

function showDifferences(differences: readonly RunDifference[]): string {
  const side = ({ model, recipe }: RunDifference["base"]) => visible(`${model}, ${recipe}`);
  const lines = table(
    differences,
    [
      ["corpus", ({ corpus }) => visible(corpus)],
      ["base", ({ base }) => side(base)],
      ["other", ({ other }) => side(other)],
      ["base bits per byte", ({ base }) => formatNumber(base.bitsPerByte)],
      ["other", ({ other }) => formatNumber(other.bitsPerByte)],
      ["difference", ({ difference, standardError }) => formatWithError(difference, standardError)],
      ["documents", ({ documents }) => formatCount(documents)],
    ],
    3,
  );
  const notes = [...new Set(differences.flatMap((difference) => difference.notes))];
  const errors = differences.some(({ documents }) => documents < 2)
    ? ["Without ±: the error is taken over documents, and there are fewer than two that both scored."]
    : [];
  return `${[...lines, "", "Below 0: the other run's model needs fewer bits.", ...errors, ...notes.map(visible)].join("\n")}\n`;
}

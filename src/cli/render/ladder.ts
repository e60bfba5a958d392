/** A ladder in a terminal: a line for each level. */
import type { PaqLadder, PaqLevelFacts } from "../../route/index.ts";
import { displayWidth, formatBytes, formatNumber, visible, wrapWords } from "../../text/index.ts";
import { table } from "./run.ts";

const speed = (value: number | null): string => (value === null ? "" : formatNumber(value, 3));
const bytes = (value: number | null): string => (value === null ? "" : formatBytes(value));

type Column = readonly [heading: string, cell: (level: PaqLevelFacts) => string];

const COLUMNS: readonly Column[] = [
  ["level", ({ name }) => name],
  ["format", ({ type }) => visible(type)],
  ["stored", ({ bitsPerWeight }) => `${bitsPerWeight.toFixed(2)} bits`],
  ["size", ({ bytes: size }) => formatBytes(size)],
  [
    "perplexity",
    ({ perplexity }) =>
      perplexity === null
        ? ""
        : `${formatNumber(perplexity.value, 4)} (${formatNumber(perplexity.low, 4)}–${formatNumber(perplexity.high, 4)})`,
  ],
  ["writes/s", ({ generationTokensPerSecond }) => speed(generationTokensPerSecond)],
  ["reads/s", ({ prefillTokensPerSecond }) => speed(prefillTokensPerSecond)],
  ["memory", ({ memoryBytes }) => bytes(memoryBytes)],
  ["cache/token", ({ cacheBytesPerToken }) => bytes(cacheBytesPerToken)],
];
/** Never left out. */
const LEAST = 4;

/**
 * The table of levels with what has to be said of them.
 * @param stream where it is shown: a terminal that has no room gets fewer columns, and is told which are missing.
 */
export function renderLadder(
  ladder: PaqLadder,
  notes: readonly string[],
  stream: { isTTY?: boolean | undefined; columns?: number | undefined },
): string {
  const { source, levels, text, machine } = ladder;
  const width = stream.isTTY ? stream.columns || 80 : Number.POSITIVE_INFINITY;
  const known = COLUMNS.filter(([, cell]) => levels.some((level) => cell(level) !== ""));
  let columns = known;
  const lines = () => table(levels, columns, 2);
  while (columns.length > LEAST && lines().some((line) => displayWidth(line) > width))
    columns = columns.slice(0, -1);
  const missing = known.slice(columns.length).map(([heading]) => heading);
  const about = [
    `${visible(source.name)}, ${visible(source.type)}, on ${visible(machine.cpu)}${machine.kernels === null ? "" : ` (${machine.kernels})`}${machine.threads === null ? "" : `, threads: ${machine.threads}`}.`,
    ...(text === null ? [] : [`Perplexity per token of ${visible(text.name)}, recipe ${text.recipe}, 95 %.`]),
  ];
  const behind = [
    ...slowSentences(levels),
    ...(missing.length > 0 ? [`No room for: ${missing.join(", ")}; --json has all.`] : []),
    ...notes.map((note) => `note: ${visible(note)}`),
  ];
  const wrapped = (all: readonly string[]) =>
    all.flatMap((each) => (width === Number.POSITIVE_INFINITY ? [each] : wrapWords(each, width)));
  return [...wrapped(about), "", ...lines(), "", ...wrapped(behind), ""].join("\n").replace(/\n{2,}$/, "\n");
}

/** Fewer bits are not always faster on a CPU: where they are not it is said. */
function slowSentences(levels: readonly PaqLevelFacts[]): string[] {
  const highest = levels.at(-1)!;
  return (["generationTokensPerSecond", "prefillTokensPerSecond"] as const).flatMap((which) => {
    const most = highest[which];
    const slow = levels.filter((level) => most !== null && level[which] !== null && level[which] < most);
    if (slow.length === 0) return [];
    const names = slow.map(({ name }) => name).join(", ");
    const s = slow.length === 1 ? "s" : "";
    return [
      `${names} ${which === "prefillTokensPerSecond" ? `read${s} prompts` : `write${s}`} more slowly here than ${highest.name}.`,
    ];
  });
}

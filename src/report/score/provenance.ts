/** The measures, and what stands beside them: recipe, model, settings, text, timing. The same lines for every picture. */
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  formatParameters,
  formatPlural,
  formatRate,
  visible,
} from "../../text/index.ts";
import { shownMeasures } from "./measures.ts";
import { standInLine } from "./stand-in.ts";
import type { Detail, ScoreView } from "./view.ts";

const SHA256_SHOWN = 12; // hex digits, 48 bits

/** Perplexities per something share a line. */
const PER = "perplexity per ";

/** The measures beside the perplexity, and what they leave out. */
export function summary(view: ScoreView): Detail[] {
  const peers = compressors(view.compression).map(({ name, value }) => `${name} ${value}`);
  const lines = new Map<string, string[]>();
  for (const { key, name, value, onPageOnly } of shownMeasures(view)) {
    if (onPageOnly) continue;
    const line = name.startsWith(PER) ? PER.trim() : name;
    const text = line === name ? value : `${name.slice(PER.length)} ${value}`;
    const beside = key === "bitsPerByte" && peers.length > 0 ? ` (${peers.join(", ")})` : "";
    lines.set(line, [...(lines.get(line) ?? []), text + beside]);
  }
  const scored = `${formatCount(view.scored)} of ${formatCount(view.tokens)} scored`;
  lines.set("tokens", [
    [`${scored}, ${formatNumber(view.bitsPerToken)} bits each`, ...leftOut(view)].join("; "),
  ]);
  const own = Array.from(lines, ([name, values]) => ({ name, value: values.join(" · ") }));
  return view.standIn ? [standInLine(view.standIn), ...own] : own;
}

/** What the measures leave out, as a remark, or nothing. */
export function leftOut({ unscored }: ScoreView): string[] {
  const parts = [
    ...(unscored.bytes > 0 ? [formatPlural(unscored.bytes, "byte")] : []),
    ...(unscored.words > 0 ? [formatPlural(unscored.words, "word")] : []),
  ];
  return parts.length > 0 ? [`${parts.join(", ")} left out`] : [];
}

/** Bits per byte of the compressors there are. */
export function compressors(compression: ScoreView["compression"]): (Detail & { bits: number })[] {
  return Object.entries(compression ?? {}).flatMap(([name, bits]) =>
    bits === null ? [] : [{ name, bits, value: formatNumber(bits, 3) }],
  );
}

/** Details in the order of their importance, safe to show. */
export function provenance(view: ScoreView): Detail[] {
  const { model, recipe, settings, timing } = view;
  const { id, name, notes: _, ...rest } = recipe as ScoreView["recipe"] & { notes?: unknown };
  const lines: [string, (string | null)[]][] = [
    [
      "recipe",
      [name ?? "own", `id ${id}`, ...fields(windowFirst(rest)).filter((field) => field !== `method ${name}`)],
    ],
    [
      "model",
      [
        model.name,
        model.quantisation,
        model.parameters === null ? null : `${formatParameters(model.parameters)} parameters`,
        model.bytes === null ? null : formatBytes(model.bytes),
        model.sha256 === null ? null : `sha256 ${model.sha256.slice(0, SHA256_SHOWN)}…`,
        model.source === model.name ? null : `from ${model.source}`,
      ],
    ],
    ["settings", fields(settings)],
    [
      "text",
      [
        view.title ?? null,
        formatBytes(view.text.length),
        `sha256 ${view.textSha256.slice(0, SHA256_SHOWN)}…`,
      ],
    ],
    [
      "time",
      [
        `${formatDuration(timing.totalMs)} in all`,
        timing.loadMs === undefined ? null : `${formatDuration(timing.loadMs)} loading`,
        timing.decodeMs === null ? null : `${formatDuration(timing.decodeMs)} in the model`,
        `${formatPlural(timing.tokensRun, "token")} run`,
        timing.decodeMs ? formatRate((1000 * timing.tokensRun) / timing.decodeMs, "tokens") : null,
      ],
    ],
    ...view.notes.map((note): [string, string[]] => ["note", [note]]),
  ];
  return lines
    .map(([heading, values]) => ({
      name: heading,
      value: visible(values.filter((value) => value).join(" · ")),
    }))
    .filter(({ value }) => value !== "");
}

/** A recipe's fields with the window's numbers in front. */
function windowFirst(recipe: object): object {
  const window = ["method", "context", "stride", "sinks"];
  const place = ([key]: [string, unknown]) => (window.includes(key) ? window.indexOf(key) : window.length);
  return Object.fromEntries(Object.entries(recipe).sort((a, b) => place(a) - place(b)));
}

/**
 * `{ context: 2048, prefixIn: "every", parseSpecial: false, stride: null }` as ["context 2048", "prefix in every"]:
 * what is missing, off or empty is not mentioned.
 */
function fields(value: object): string[] {
  return Object.entries(value).flatMap(([key, field]) => {
    if (field === null || field === undefined || field === false || field === "") return [];
    if (Array.isArray(field)) return field.length > 0 ? [`${words(key)} ${field.join(", ")}`] : [];
    if (typeof field === "object") return fields(field);
    return [field === true ? words(key) : `${words(key)} ${field}`];
  });
}

const words = (key: string): string =>
  key.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

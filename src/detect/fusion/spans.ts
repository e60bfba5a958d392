/** From findings to places that do not overlap. */
import { invalidArgument } from "../../core/index.ts";
import { clusters } from "../../text/index.ts";
import { type Finding, type Place, SIGNALS } from "../finding.ts";
import { cutSentences } from "../sentences.ts";

/** A place in an answer that one or more findings speak against. */
export interface FindingGroup extends Place {
  /** Strongest first. */
  because: readonly Finding[];
}

/**
 * Findings that overlap, also by way of others, as one place; those that only touch stay apart. A finding that reaches over more
 * than one sentence draws nothing together: it is among the reasons of each place that it overlaps, and where there is none, a
 * place of its own. Places lie within the answer, begin and end at user-perceived characters, are in order and do not overlap. A
 * finding without any length takes the character that it stands in, or the last one at the end.
 * @throws SurprisalError INVALID_ARGUMENT for places that are no whole numbers, or end before they begin.
 */
export function groupFindings(answer: string, findings: readonly Finding[], where: string): FindingGroup[] {
  if (findings.length === 0 || answer === "") return [];
  const edges = edgesOf(answer);
  const placed = findings
    .map((finding) => ({ finding, ...widened(finding, edges, where) }))
    .toSorted((a, b) => a.start - b.start || a.end - b.end);
  const isLong = longerThanSentence(answer);
  const [longs, short] = [placed.filter(isLong), placed.filter((each) => !isLong(each))];
  const groups = merged(short);
  const alone: Placed[] = [];
  for (const long of longs) {
    const within = groups.filter(({ start, end }) => start < long.end && long.start < end);
    for (const { because } of within) because.push(long.finding);
    if (within.length === 0) alone.push(long);
  }
  const all = [...groups, ...merged(alone)].sort((a, b) => a.start - b.start);
  for (const { because } of all) because.sort(byStrength);
  return all;
}

interface Placed extends Place {
  finding: Finding;
}

/** What overlaps, as one. @param placed in order. */
function merged(placed: readonly Placed[]): (Place & { because: Finding[] })[] {
  const groups: { start: number; end: number; because: Finding[] }[] = [];
  for (const { start, end, finding } of placed) {
    const last = groups.at(-1);
    if (last && start < last.end) {
      last.end = Math.max(last.end, end);
      last.because.push(finding);
    } else groups.push({ start, end, because: [finding] });
  }
  return groups;
}

/** Whether a place has something of two sentences, white space apart. */
function longerThanSentence(answer: string): (place: Place) => boolean {
  const heads = cutSentences(answer).flatMap(({ text, start }) => {
    const head = text.search(/\S/);
    return head < 0 ? [] : start + head;
  });
  return ({ start, end }) => {
    const space = answer.slice(start, end).search(/\S/);
    if (space < 0) return false;
    const next = heads[lastAtOrBefore(heads, start + space) + 1];
    return next !== undefined && next < end;
  };
}

/** Strongest first; then by signal, place and kind, so that nothing depends on the order of the detectors. */
function byStrength(a: Finding, b: Finding): number {
  return (
    b.strength - a.strength ||
    SIGNALS.indexOf(a.signal) - SIGNALS.indexOf(b.signal) ||
    a.start - b.start ||
    a.end - b.end ||
    compareTexts(a.kind, b.kind) ||
    compareTexts(a.because, b.because)
  );
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Where user-perceived characters begin, and the end of the text. */
function edgesOf(text: string): number[] {
  const edges = [0];
  for (const cluster of clusters(text)) edges.push(edges.at(-1)! + cluster.length);
  return edges;
}

/** The least place between edges that holds the given one, cut at the ends of the text. */
function widened({ start, end, signal, kind }: Finding, edges: readonly number[], where: string): Place {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || end < start)
    throw invalidArgument(
      `A finding (${signal}/${kind}) is from ${start} to ${end}`,
      where,
      "Give whole numbers, the end at or behind the start.",
    );
  const last = edges.at(-1)!;
  const within = (place: number) => Math.min(last, Math.max(0, place));
  const from = Math.min(edges.length - 2, lastAtOrBefore(edges, within(start)));
  const to = lastAtOrBefore(edges, within(end));
  const behind = edges[to]! < within(end) ? to + 1 : to;
  return { start: edges[from]!, end: edges[Math.max(behind, from + 1)]! };
}

function lastAtOrBefore(edges: readonly number[], place: number): number {
  let [low, high] = [0, edges.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (edges[middle]! <= place) low = middle;
    else high = middle - 1;
  }
  return low;
}

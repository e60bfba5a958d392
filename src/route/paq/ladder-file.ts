/** A ladder on disk: a folder with its levels' files, and ladder.json beside them, read with every field checked. */
import { dirname, join, relative, resolve } from "node:path";
import { parseVersioned } from "../../calibrate/index.ts";
import { shapes } from "../../evaluate/runs/index.ts";
import { readInput, writeWhole } from "../../files/index.ts";
import { decodeText, infinityAsText } from "../../text/index.ts";
import { LADDER_SCHEMA, LEVEL_MEMBERS, levelsShape, type PaqLadder } from "../levels.ts";

const NAME = "ladder.json";
const UNFINISHED = "ladder.unfinished.json";
const MOST_BYTES = 2 ** 20;
const WAY_OUT = "Give a folder that `surprisal route paq ladder` made, its ladder.json unchanged.";

/** The file of a ladder that is in a folder. */
export const ladderFile = (folder: string): string => join(folder, NAME);

/** Where the levels stand that are done, while others are made. */
export const unfinishedLadderFile = (folder: string): string => join(folder, UNFINISHED);

/** A folder, or a ladder's file. */
const fileOf = (path: string): string => (path.endsWith(".json") ? path : ladderFile(path));

/**
 * Writes a ladder into its folder, or its file, whole or not at all; paths of levels are written relative to it.
 * @throws SurprisalError ROUTER_INVALID for what could not be read again; FILE_UNWRITABLE, DISK_FULL.
 */
export async function writeLadder(path: string, ladder: PaqLadder): Promise<void> {
  const file = fileOf(path);
  const levels = ladder.levels.map((level) => ({
    ...level,
    file: relative(resolve(dirname(file)), resolve(level.file)),
  }));
  const json = JSON.stringify({ ...ladder, levels }, infinityAsText, 2);
  parseLadder(json, file);
  await writeWhole(file, `${json}\n`);
}

/**
 * Reads the ladder of a folder, or a ladder's file. Paths of levels are those from here, and are not looked at: a level may be missing.
 * @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE; as `parseLadder`.
 */
export async function readLadder(path: string): Promise<PaqLadder> {
  const file = fileOf(path);
  const bytes = await readInput(file, {
    most: MOST_BYTES,
    wayOutWhenLarge: WAY_OUT,
    wayOutWhenMissing: "Make one: surprisal route paq ladder MODEL --out FOLDER.",
  });
  const ladder = parseLadder(bytes.length === 0 ? "" : decodeText(bytes, file).text, file);
  const levels = ladder.levels.map((level) => ({ ...level, file: resolve(dirname(file), level.file) }));
  return { ...ladder, levels };
}

/**
 * A ladder from JSON, with the paths that it has.
 * @param where it is from, for the error.
 * @throws SurprisalError ROUTER_INVALID for what is no ladder, one of a newer form, and figures that cannot be.
 */
export function parseLadder(json: string, where: string): PaqLadder {
  return parseVersioned(json, where, {
    schema: LADDER_SCHEMA,
    code: "ROUTER_INVALID",
    name: "ladder",
    wayOut: WAY_OUT,
    reviver: (key, value) => (FIGURES.has(key) && value === "Infinity" ? Number.POSITIVE_INFINITY : value),
    problemOf: (value) => ladderShape(value, ""),
  }) as PaqLadder;
}

/** What may be infinite: a perplexity, where the model gives something probability 0. */
const FIGURES = new Set(["value", "low", "high"]);

const { count, flag, nullable, oneOf, record, text } = shapes;

const ladderShape = record({
  schema: oneOf(LADDER_SCHEMA),
  source: record({ name: text, type: text, sha256: text, isQuantised: flag, note: nullable(text) }),
  levels: levelsShape(record({ ...LEVEL_MEMBERS, file: text })),
  text: nullable(record({ name: text, sha256: text, recipe: text })),
  machine: record({
    cpu: text,
    kernels: nullable(text),
    engine: nullable(text),
    threads: nullable(count),
    memoryBytes: count,
    date: text,
  }),
});

/**
 * The house (CONTRIBUTING.md has the map): a folder of src/ is a room, its index.ts the door. Rooms know the rooms that
 * EDGES lists, through their doors; core/ knows nothing but itself; no file needs itself, except for types.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const source = join(dirname(fileURLToPath(import.meta.url)), "..", "src");

const BELOW_MODELS = ["core", "text", "net", "files"];
const BELOW_USES = [...BELOW_MODELS, "models", "evaluate"];
const USES = [
  "calibrate",
  "decide",
  "compress",
  "uncertainty",
  "detect",
  "route",
  "refine",
  "train",
  "entropy",
];
const ALL_BELOW_REPORT = [...BELOW_USES, "charts", "problems", "answers", ...USES];

/**
 * Which rooms a room may know, floor by floor. A new edge is a decision: it is made here. "evaluate/*" are sub-rooms with
 * doors that higher rooms may use; what they know of each other is listed too.
 */
const EDGES: Readonly<Record<string, readonly string[]>> = {
  // 0: numbers only
  core: [],
  // 1: plumbing
  text: ["core"],
  files: ["core", "text"],
  net: ["core", "text"],
  // 2
  charts: ["core", "text"],
  problems: ["core"],
  answers: ["core", "text"],
  // 3
  models: BELOW_MODELS,
  // 4
  evaluate: [...BELOW_MODELS, "models"],
  // 5: one room for each use of perplexity
  calibrate: BELOW_USES,
  decide: [...BELOW_USES, "calibrate"],
  compress: BELOW_USES,
  uncertainty: [...BELOW_USES, "answers", "calibrate", "decide"],
  detect: [...BELOW_USES, "answers", "calibrate", "decide", "uncertainty"],
  route: [...BELOW_USES, "answers", "calibrate", "decide", "uncertainty", "problems"],
  refine: [...BELOW_USES, "answers", "problems"],
  train: BELOW_USES,
  entropy: BELOW_USES,
  // 6: pages and exports for people
  report: ALL_BELOW_REPORT,
  // 7: what people touch
  cli: [...ALL_BELOW_REPORT, "report", "server"],
  server: [...ALL_BELOW_REPORT, "report"],
  studio: [...ALL_BELOW_REPORT, "report"],
  // What the package shows of its rooms: its root, and an entry for each room.
  "": [...BELOW_USES, "calibrate", "decide"],
  entries: [...ALL_BELOW_REPORT, "report"],

  "evaluate/scoring": [],
  "evaluate/corpora": [],
  "evaluate/tasks": ["evaluate/corpora"],
  "evaluate/compare": ["evaluate/scoring", "evaluate/corpora"],
  "evaluate/quantisations": ["evaluate/scoring", "evaluate/corpora", "evaluate/compare", "evaluate/runs"],
  "evaluate/runs": ["evaluate/scoring", "evaluate/corpora", "evaluate/tasks"],
  "evaluate/harness": ["evaluate/scoring", "evaluate/corpora", "evaluate/tasks", "evaluate/runs"],
  "evaluate/words": ["evaluate/scoring", "evaluate/corpora"],
  "evaluate/queue": ["evaluate/runs", "evaluate/harness"],
};

/**
 * Doors beside index.ts: charts/server.ts is the same door with a document to draw in, for Node; models/remote/wire.ts and
 * the readers are what of their rooms runs in a page; models/kernels.ts is about numbers on disk, and needs no engine.
 */
const SIDE_DOORS = new Set([
  "charts/server.ts",
  "models/kernels.ts",
  "models/remote/wire.ts",
  "models/openai/readers/index.ts",
]);
/** They may use any door: a folder of models/ is an entry of its own. */
const ENTRIES = "entries";
/** The command is a program: what it opens to others is its command line. */
const PROGRAM = "cli";
/** Folders with more files than this have a door. */
const MOST_FILES_WITHOUT_DOOR = 5;

interface Import {
  from: string;
  specifier: string;
  /** Path of the imported file within src/, or null for a package. */
  to: string | null;
  /** When it is loaded: with the file that imports it, on demand, or never, because it only has types. */
  kind: "value" | "lazy" | "type";
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s(type\s)?([^"';]*?)from\s*"([^"]+)"|import\(\s*"([^"]+)"\s*\)|(?:^|\n)import\s+"([^"]+)"/g;

function importsOf(file: string, text: string): Import[] {
  return [...text.matchAll(IMPORT)].map(([, type, names, from, lazy, bare]) => {
    const specifier = (from ?? lazy ?? bare)!;
    const to = specifier.startsWith(".") ? posix.normalize(posix.join(posix.dirname(file), specifier)) : null;
    return { from: file, specifier, to, kind: lazy ? "lazy" : type || onlyTypes(names) ? "type" : "value" };
  });
}

/** `{ type A, type B }` */
function onlyTypes(names: string | undefined): boolean {
  const list = /^\{([\s\S]*)\}\s*$/.exec(names ?? "")?.[1];
  const parts = list?.split(",").map((part) => part.trim());
  return parts?.every((part) => part === "" || part.startsWith("type ")) ?? false;
}

/** Room and sub-room folders of a file, outermost first: models/llama/model.ts -> [models, models/llama]. */
const folders = (file: string): string[] => {
  const parts = file.split("/").slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
};
const room = (file: string): string => folders(file)[0] ?? "";
/** A room of a room that others may use: "evaluate/runs", or null. */
const subRoom = (file: string): string | null =>
  folders(file).find((folder) => folder in EDGES && folder.includes("/")) ?? null;
const hasDoor = (folder: string): boolean =>
  !folder.includes("/") || existsSync(join(source, folder, "index.ts"));

/** What is wrong with an import, or null. */
function fault({ from, specifier, to }: Import): string | null {
  if (to === null) return room(from) === "core" ? `core/ imports "${specifier}"` : null;
  if (to.startsWith("..")) return `${from} imports ${to}, outside src/`;
  if (!isThroughDoor(from, to)) return `${from} imports ${to} past its door`;
  const [here, there] = [room(from), room(to)];
  if (here !== there)
    return EDGES[here]?.includes(there) ? null : `${here}/ may not know ${there}/ (${from})`;
  const [sub, other] = [subRoom(from), subRoom(to)];
  if (sub === null || other === null || sub === other || EDGES[sub]!.includes(other)) return null;
  return `${sub}/ may not know ${other}/ (${from})`;
}

function isThroughDoor(from: string, to: string): boolean {
  if (SIDE_DOORS.has(to)) return true;
  if (room(from) === ENTRIES && to.endsWith("/index.ts")) return true;
  const entered = folders(to).filter((folder) => !folders(from).includes(folder) && hasDoor(folder));
  const doors = entered.slice(0, 1).concat(entered.filter((folder) => folder in EDGES));
  return entered.length === 0 || doors.some((folder) => to === `${folder}/index.ts`);
}

const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .map((file) => file.split(sep).join("/"))
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !file.endsWith(".assembly.ts"));
const imports = files.flatMap((file) => importsOf(file, readFileSync(join(source, file), "utf8")));

/** Files that need each other before either is ready, each circle once. */
function circles(edges: readonly Import[]): string[] {
  const needs = new Map<string, string[]>();
  for (const { from, to, kind } of edges)
    if (to !== null && kind === "value") needs.set(from, [...(needs.get(from) ?? []), to]);
  const found = new Set<string>();
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) found.add([...path.slice(start), file].join(" -> "));
    if (start >= 0 || done.has(file)) return;
    for (const next of needs.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of needs.keys()) visit(file, []);
  return [...found];
}

describe("the house", () => {
  it("has imports to check", () => {
    expect(imports.length).toBeGreaterThan(500);
  });

  it("knows every room", () => {
    expect([...new Set(files.map(room))].filter((name) => !(name in EDGES))).toEqual([]);
  });

  it("has edges that point downwards only", () => {
    const edges = Object.entries(EDGES).flatMap(([from, list]) =>
      list.map((to): Import => ({ from, specifier: "", to, kind: "value" })),
    );
    expect(circles(edges)).toEqual([]);
  });

  it("keeps imports at the doors and on the edges", () => {
    expect(imports.map(fault).filter((found) => found !== null)).toEqual([]);
  });

  it("has no files that need each other", () => {
    expect(circles(imports)).toEqual([]);
  });

  it("has a door for every folder of more than a few files", () => {
    const counts = new Map<string, number>();
    for (const file of files) counts.set(posix.dirname(file), (counts.get(posix.dirname(file)) ?? 0) + 1);
    const large = [...counts].filter(
      ([folder, count]) => count > MOST_FILES_WITHOUT_DOOR && folder !== PROGRAM && folder !== ENTRIES,
    );
    expect(large.map(([folder]) => `${folder}/index.ts`).filter((door) => !files.includes(door))).toEqual([]);
  });

  it.each([
    ["core/a.ts", 'import { x } from "node:fs";'],
    ["core/a.ts", 'import { x } from "../models/index.ts";'],
    ["models/a.ts", 'import { x } from "../core/entropy.ts";'],
    ["models/registry/a.ts", 'import { x } from "../llama/model.ts";'],
    ["models/index.ts", 'export * from "./llama/model.ts";'],
    ["evaluate/a.ts", 'import type {\n  x,\n} from "../calibrate/index.ts";'],
    ["cli/a.ts", 'const x = await import("../core/errors.ts");'],
    ["evaluate/a.ts", 'import { x } from "../cli/index.ts";'],
    ["evaluate/a.ts", 'import { x } from "../charts/server.ts";'],
    ["charts/a.ts", 'import { x } from "../models/index.ts";'],
    ["calibrate/a.ts", 'import { x } from "../evaluate/runs/folder.ts";'],
    ["calibrate/a.ts", 'import { x } from "../models/llama/index.ts";'],
    ["evaluate/scoring/a.ts", 'import { x } from "../runs/index.ts";'],
    ["calibrate/a.ts", 'import { x } from "../route/index.ts";'],
    ["server/a.ts", 'import { x } from "../cli/index.ts";'],
    ["entries/a.ts", 'export { x } from "../models/llama/model.ts";'],
    ["cli/a.ts", 'import { x } from "../entries/core.ts";'],
  ])("finds the fault in %s: %s", (file, text) => {
    expect(importsOf(file, text).map(fault)).not.toContain(null);
  });

  it.each([
    ["models/a.ts", 'import { x } from "../core/index.ts";'],
    ["models/llama/a.ts", 'import type { x } from "../language-model.ts";'],
    ["models/index.ts", 'export * from "./llama/index.ts";'],
    ["index.ts", 'export * from "./evaluate/index.ts";'],
    ["report/a.ts", 'import { x } from "../charts/server.ts";'],
    ["entries/a.ts", 'export { x } from "../models/openai-client/index.ts";'],
    ["calibrate/a.ts", 'import { x } from "../evaluate/runs/index.ts";'],
    ["evaluate/runs/a.ts", 'import { x } from "../scoring/index.ts";'],
  ])("lets %s say %s", (file, text) => {
    expect(importsOf(file, text).map(fault)).toEqual([null]);
  });

  it("finds circles of values, not of types", () => {
    const text = { a: 'import { x } from "./b.ts";', b: 'import { type T, y } from "./a.ts";' };
    const edges = (second: string) => [...importsOf("a.ts", text.a), ...importsOf("b.ts", second)];
    expect(circles(edges(text.b))).toEqual(["a.ts -> b.ts -> a.ts"]);
    expect(circles(edges('import { type T } from "./a.ts";'))).toEqual([]);
    expect(circles(edges('const a = await import("./a.ts");'))).toEqual([]);
  });
});

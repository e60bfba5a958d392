/**
 * The house (CONTRIBUTING.md has the map): rooms import other rooms only through their door (index.ts) and only
 * downwards; core/ imports nothing but itself.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const source = join(dirname(fileURLToPath(import.meta.url)), "..", "src");

/** Floors of the house, lowest first. Rooms of one floor do not know each other. */
const FLOORS = [
  ["core"],
  ["models", "charts"],
  ["evaluate", "uncertainty", "calibrate", "route", "refine", "compress", "train"],
  ["server", "studio", "cli"],
];

/** Doors beside index.ts: charts/server.ts is the same door with a document to draw in, for Node. */
const SIDE_DOORS = new Set(["charts/server.ts"]);

interface Import {
  from: string;
  specifier: string;
  /** Path of the imported file within src/, or null for a package. */
  to: string | null;
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^"';]*?from\s*"([^"]+)"|import\(\s*"([^"]+)"\s*\)|(?:^|\n)import\s+"([^"]+)"/g;

function importsOf(file: string, text: string): Import[] {
  return [...text.matchAll(IMPORT)].map((match) => {
    const specifier = (match[1] ?? match[2] ?? match[3])!;
    const to = specifier.startsWith(".") ? posix.normalize(posix.join(posix.dirname(file), specifier)) : null;
    return { from: file, specifier, to };
  });
}

const room = (file: string): string => (file.includes("/") ? file.split("/")[0]! : "");
const floor = (name: string): number =>
  name === "" ? FLOORS.length - 1.5 : FLOORS.findIndex((rooms) => rooms.includes(name));
/** Room and sub-room folders of a file, outermost first: models/llama/model.ts -> [models, models/llama]. */
const folders = (file: string): string[] => {
  const parts = file.split("/").slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
};

/** What is wrong with an import, or null. */
function fault({ from, specifier, to }: Import): string | null {
  if (to === null) return room(from) === "core" ? `core/ imports "${specifier}"` : null;
  if (to.startsWith("..")) return `${from} imports ${to}, outside src/`;
  for (const folder of folders(to)) {
    if (folders(from).includes(folder)) continue;
    if (folder.includes("/") && !existsSync(join(source, folder, "index.ts"))) continue; // a drawer, not a room
    if (SIDE_DOORS.has(to)) break;
    if (to !== `${folder}/index.ts` && !to.startsWith(`${folder}/index.ts`))
      return `${from} imports ${to} past the door ${folder}/index.ts`;
    break;
  }
  const [here, there] = [room(from), room(to)];
  if (here !== there && floor(there) >= floor(here)) return `${from} imports ${to}, which is not below it`;
  return null;
}

const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .map((file) => relative(".", file).split(sep).join("/"))
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !file.endsWith(".assembly.ts"));

describe("the house", () => {
  it("has imports to check", () => {
    expect(files.length).toBeGreaterThan(20);
  });

  it("knows every room", () => {
    const unknown = new Set(files.map(room).filter((name) => floor(name) === -1));
    expect([...unknown]).toEqual([]);
  });

  it("keeps imports at the doors and downwards", () => {
    const faults = files.flatMap((file) =>
      importsOf(file, readFileSync(join(source, file), "utf8")).map(fault),
    );
    expect(faults.filter((found) => found !== null)).toEqual([]);
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
    ["evaluate/a.ts", 'import { x } from "../charts/svg.ts";'],
    ["charts/a.ts", 'import { x } from "../models/index.ts";'],
  ])("finds the fault in %s: %s", (file, text) => {
    expect(importsOf(file, text).map(fault)).not.toContain(null);
  });

  it.each([
    ["models/a.ts", 'import { x } from "../core/index.ts";'],
    ["models/llama/a.ts", 'import type { x } from "../language-model.ts";'],
    ["models/index.ts", 'export * from "./llama/index.ts";'],
    ["index.ts", 'export * from "./evaluate/index.ts";'],
    ["evaluate/a.ts", 'import { x } from "../charts/server.ts";'],
  ])("lets %s say %s", (file, text) => {
    expect(importsOf(file, text).map(fault)).toEqual([null]);
  });
});

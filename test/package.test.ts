/** What `npm publish` would send, and what a program that has installed it finds. Needs `npm run build`. */
import { execFile, execFileSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const { exports, dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  exports: Record<string, string | object>;
  dependencies: Record<string, string>;
};
const paths = packedFiles();

function packedFiles(): string[] {
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const output = execFileSync(npm, ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [{ files }]: [{ files: { path: string; size: number }[] }] = JSON.parse(output);
  return files.map(({ path }) => path);
}

describe("the package", () => {
  it("has the models, and what is needed to use them", () => {
    expect(paths).toEqual(expect.arrayContaining(["dist/index.js", "dist/cli/main.js", "docs/errors.md"]));
    for (const file of readdirSync(`${root}models`)) expect(paths).toContain(`models/${file}`);
    expect(paths.filter((path) => /^(test|tools|bench|src|\.cache)\//.test(path))).toEqual([]);
  });

  it.each(paths.filter((path) => path === "README.md" || /^docs\/.*\.md$/.test(path)))(
    "has what %s links to",
    (page) => {
      const text = readFileSync(join(root, page), "utf8");
      const links = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)]
        .map(([, link, attribute]) => (link ?? attribute)!.replace(/#.*$/, ""))
        .filter((link) => link !== "" && !/^[a-z]+:/i.test(link))
        .map((link) => posix.join(posix.dirname(page), link));
      expect(links.filter((link) => !paths.includes(link))).toEqual([]);
    },
  );
});

/** Every entry, and options that an editor completes. */
const PROGRAM = `${Object.entries(exports)
  .filter(([, conditions]) => typeof conditions !== "string")
  .map(([entry], i) => `import * as entry${i} from "surprisal${entry.slice(1)}";\nvoid entry${i};`)
  .join("\n")}
import { type MonitorOptions, policy, type RecipeName, RECIPES, scoreText, type ScoreTextOptions } from "surprisal";
const name: RecipeName = "lm-eval";
export const options: ScoreTextOptions[] = [
  { recipe: "cached" },
  { recipe: name, context: undefined },
  { recipe: "of a later version" },
  { recipe: { ...RECIPES.cached, sinks: 0 } },
  // @ts-expect-error: not a whole recipe
  { recipe: {} },
];
export const monitor: MonitorOptions = { stopWhen: policy.windowAbove(80), alarmWhen: "window>80 after 20" };
void scoreText;
`;

/**
 * A project that has installed the package and what it depends on, as npm does: without the optional peers (bullmq, ioredis),
 * and without the clients that some entries are for (openai, ai).
 */
describe("a program's types", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "surprisal-program-"));
    for (const path of paths.filter((path) => /^dist\/|^package\.json$/.test(path))) {
      const file = join(folder, "node_modules", "surprisal", path);
      mkdirSync(dirname(file), { recursive: true });
      copyFileSync(join(root, path), file);
    }
    for (const name of [...Object.keys(dependencies), "@types/node"]) {
      const link = join(folder, "node_modules", name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(root, "node_modules", name), link, "dir");
    }
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(join(folder, "program.ts"), PROGRAM);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([true, false])(
    "are checked with skipLibCheck: false, exactOptionalPropertyTypes: %s",
    async (exact) => {
      const compilerOptions = {
        target: "ES2022",
        module: "NodeNext",
        types: ["node"],
        strict: true,
        noEmit: true,
        skipLibCheck: false,
        exactOptionalPropertyTypes: exact,
      };
      const config = join(folder, `tsconfig.${exact}.json`);
      writeFileSync(config, JSON.stringify({ compilerOptions, files: ["program.ts"] }));
      const tsc = join(root, "node_modules", "@typescript", "native", "bin", "tsc");
      const { stdout } = await promisify(execFile)(process.execPath, [tsc, "-p", config]).catch(
        (error) => error,
      );
      expect(stdout).toBe("");
    },
  );
});

/** What `npm publish` would send. */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

describe("the package", () => {
  it("has the models, and what is needed to use them", () => {
    const npm = process.platform === "win32" ? "npm.cmd" : "npm";
    const output = execFileSync(npm, ["pack", "--dry-run", "--json", "--ignore-scripts"], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [{ files }]: [{ files: { path: string; size: number }[] }] = JSON.parse(output);
    const paths = files.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(["dist/index.js", "dist/cli/main.js", "docs/errors.md"]));
    for (const file of readdirSync(`${root}models`)) expect(paths).toContain(`models/${file}`);
    expect(paths.filter((path) => /^(test|tools|bench|src|\.cache)\//.test(path))).toEqual([]);
  });
});

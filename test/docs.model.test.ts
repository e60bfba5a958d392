/** The snippets of the documentation, compiled strictly against the built package and run, so that they cannot rot. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);

interface Snippet {
  /** The heading it stands under. */
  title: string;
  /** "js" is plain JavaScript, for Node as it is. */
  language: string;
  code: string;
}

function snippetsOf(page: string): Snippet[] {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```(ts|js)\n([\s\S]*?)^```$/gm)].map(({ 1: language, 2: code, index }) => ({
    title: `${page}: ${[...text.slice(0, index).matchAll(/^## (.*)$/gm)].at(-1)![1]} (${language})`,
    language: language!,
    code: code!,
  }));
}

/** Those around other people's clients have a test of their own, test/openai-client-docs.test.ts. */
const isAboutClients = ({ code }: Snippet) => /"surprisal\/(openai|ai-sdk)"/.test(code);
const snippets = [
  "README.md",
  "docs/answers.md",
  "docs/asking-the-model.md",
  "docs/calibration.md",
  "docs/compression.md",
  "docs/confidence.md",
  "docs/deciding.md",
  "docs/embedding.md",
  "docs/entropy.md",
  "docs/generating.md",
  "docs/hallucination.md",
  "docs/library.md",
  "docs/models.md",
  "docs/policies.md",
  "docs/recipes.md",
  "docs/refining.md",
  "docs/routing.md",
  "docs/words.md",
]
  .flatMap(snippetsOf)
  .filter((snippet) => !isAboutClients(snippet));

describe("documentation", () => {
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "surprisal-docs-"));
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(root, join(folder, "node_modules", "surprisal"), "dir");
    symlinkSync(join(root, "node_modules", "@types"), join(folder, "node_modules", "@types"), "dir");
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(join(folder, "report.md"), "The cat sat on the mat. ".repeat(20)); // a file that the README reads
    for (const [i, { code, language }] of snippets.entries())
      writeFileSync(join(folder, `snippet-${i}.${language}`), code);
    const compilerOptions = {
      target: "ES2022", // `await using` becomes what Node 20 can run
      lib: ["ES2023", "ESNext.Disposable"],
      types: ["node"],
      module: "NodeNext",
      strict: true,
      noUncheckedIndexedAccess: true,
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    const tsc = join(root, "node_modules", "@typescript", "native", "bin", "tsc");
    const { stdout } = await run(process.execPath, [tsc, "-p", folder]).catch((error) => error);
    expect(stdout).toBe(""); // what does not compile, by snippet and line
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(snippets.map(({ title }, i) => [title, i] as const))("%s", async (_title, i) => {
    const { stdout } = await run(process.execPath, [`snippet-${i}.js`], { cwd: folder });
    expect(stdout.trim()).not.toBe("");
    expect(stdout).not.toMatch(/NaN|undefined|not ok/);
  });

  it("has enough of them", () => {
    expect(snippets.length).toBeGreaterThanOrEqual(15);
    expect(snippets.filter(({ language }) => language === "js").length).toBeGreaterThanOrEqual(1);
  });
});

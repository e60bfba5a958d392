/** `surprisal check` as CI runs it: with mini, exit codes, and what CI reads. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runCommand } from "./cli-run.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-check-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TEXT = "She put the kettle on and opened the window, because the kitchen was warm.";
const configured = (expectation: string) =>
  writeFileSync(
    join(folder, "surprisal.yaml"),
    `checks:\n  - name: a <b>\n    text: ${TEXT}\n    expect:\n${expectation}`,
  );
const check = (args: string[] = [], environment = {}) =>
  runCommand(["check", ...args], { folder, environment: { GITHUB_ACTIONS: "", ...environment } });

it("measures what score measures, and exits 0", async () => {
  configured("      - perplexity < 1e6\n      - bits per byte < 8\n");
  const score = JSON.parse((await runCommand(["score", "--text", TEXT, "--json"])).stdout);
  const { stdout, code } = await check(["--json"]);
  const [{ values, conditions }] = JSON.parse(stdout).checks;
  expect(code).toBe(0);
  expect(values.perplexity.value).toBe(score.perplexity);
  expect(values.bitsPerByte.value).toBe(score.bitsPerByte);
  expect(conditions).toMatchObject([
    { state: "holds", line: 5, column: 9 },
    { state: "holds", line: 6 },
  ]);
});

it("exits 1 with JUnit, annotations and a summary that say what fails", async () => {
  configured("      - perplexity < 2\n      - perplexity > 1\n");
  const summary = join(folder, "summary.md");
  const { code, stderr } = await check(["--junit", "report.xml"], {
    GITHUB_ACTIONS: "true",
    GITHUB_WORKSPACE: folder,
    GITHUB_STEP_SUMMARY: summary,
  });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^::error file=surprisal\.yaml,line=5,col=9,title=a <b>::perplexity < 2: fails/m);
  const xml = readFileSync(join(folder, "report.xml"), "utf8");
  expect(xml).toContain('tests="2" failures="1" errors="0"');
  expect(xml).toContain('classname="a &lt;b&gt;" name="perplexity &lt; 2"');
  expect(readFileSync(summary, "utf8")).toContain("| a &lt;b&gt; | mini | perplexity &lt; 2 | fails");
});

it("exits 2 without a baseline, and 0 against the one that --update wrote", async () => {
  configured("      - bits per byte not more than 2 % above the last run\n");
  expect((await check()).code).toBe(2);
  expect((await check(["--update"])).code).toBe(0);
  expect((await check()).code).toBe(0);
  const file = join(folder, "surprisal-baseline.json");
  const kept = JSON.parse(readFileSync(file, "utf8"));
  kept.checks["a <b>"].values.bitsPerByte.value /= 2;
  writeFileSync(file, JSON.stringify(kept));
  expect((await check()).code).toBe(1);
  writeFileSync(file, "{");
  expect(await check()).toMatchObject({ code: 2, stderr: expect.stringContaining("CONFIG_INVALID") });
  rmSync(file);
});

it("lets a model answer", async () => {
  writeFileSync(
    join(folder, "answers.yaml"),
    `checks:\n  - prompt: Once upon a\n    plain: true\n    maxTokens: 8\n    expect:\n      - perplexity >= 1\n      - tokens <= 8\n      - '" time" is likelier than " xylophone"'\n      - surprisal of " time" < 100 bits\n      - not contains "xylophone"\n`,
  );
  const { code, stdout } = await check(["--config", "answers.yaml", "--json"]);
  expect([
    code,
    JSON.parse(stdout).checks[0].conditions.map(({ state }: { state: string }) => state),
  ]).toEqual([0, Array(5).fill("holds")]);
});

it("exits 2 where nothing can be judged: no file, no model, a broken configuration", async () => {
  expect((await check(["--config", "none.yaml"])).code).toBe(2);
  configured("      - perplexity < 2\n");
  expect((await check(["-m", "no-such-model"])).code).toBe(2);
  writeFileSync(join(folder, "bad.yaml"), "chekcs: []\n");
  expect(await check(["--config", "bad.yaml"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("bad.yaml:1:1"),
  });
});

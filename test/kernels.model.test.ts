/** Kernels from end to end: the command, runs that go on, and workers, with builds of the CPU code that this CPU can run. */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadLlamaLibrary } from "../src/models/index.ts";
import { type Finished, runCommand } from "./cli-run.ts";
import { needing } from "./needing.ts";

const runnable = loadLlamaLibrary().cpuBuilds.filter(({ score }) => score > 0);
/** The best of this machine, and one with other kernels. */
const [best] = runnable;
const other = runnable.find(({ name }) => name === (best?.name === "haswell" ? "x64" : "haswell"));
const withoutOther = (!best || !other) && "this CPU runs builds of one kind";

const TEXTS = Array.from(
  { length: 6 },
  (_, i) => `Once upon a time there were ${i + 2} kings, and a queen.\n`,
);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-kernels-"));
  for (const [i, text] of TEXTS.entries()) writeFileSync(join(folder, `text-${i}.txt`), text);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** @param build forced on it; `null`: none. */
const command = (args: readonly string[], build: string | null = null): Promise<Finished> =>
  runCommand(args, { environment: { SURPRISAL_CPU_BUILD: build ?? "" }, folder });

describe("--kernels", () => {
  const score = ["score", "text-0.txt", "--json", "--device", "cpu"];
  const settingsOf = ({ stdout }: Finished) => JSON.parse(stdout).settings;

  it("portable is a build without AMX, and stands beside the number", async () => {
    const settings = settingsOf(await command([...score, "--kernels", "portable"]));
    expect(settings.kernels).not.toBe("amx");
    const portable = runnable.find(({ amx }) => !amx);
    if (portable) expect(settings.device).toBe(`cpu (${portable.name})`);
  });

  it("is refused in words where it is no kind of kernels", async () => {
    const { code, stderr } = await command([...score, "--kernels", "fast"]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/native, portable/) });
  });

  needing(withoutOther).it(
    "SURPRISAL_CPU_BUILD forces a build, and a wrong name is refused with those there are",
    async () => {
      expect(settingsOf(await command(score, other!.name)).device).toBe(`cpu (${other!.name})`);
      const { code, stderr } = await command(score, "pentium");
      expect(code).not.toBe(0);
      expect(stderr).toMatch(
        new RegExp(`pentium[\\s\\S]*This CPU can run: .*${other!.name}.*KERNELS_UNAVAILABLE`),
      );
    },
  );

  needing(withoutOther).it("doctor says which build is used and which could be", async () => {
    const { stdout } = await command(["doctor", "--json"], other!.name);
    const checks = new Map(
      JSON.parse(stdout).checks.map(({ name, value }: { name: string; value: string }) => [name, value]),
    );
    expect(checks.get("CPU build")).toMatch(new RegExp(`^${other!.name}, kernels: `));
    expect(checks.get("CPU builds")).toContain(best!.name);
    expect(checks.get("portable")).toMatch(/--kernels portable/);
    expect(checks.get("self-test")).toMatch(/as recorded/);
  });
});

needing(withoutOther).describe("a run that was begun with another build", () => {
  it("goes on with it, without being told", async () => {
    const evaluation = ["eval", ".", "-m", "mini", "--device", "cpu", "--engines", "1", "-q"];
    const [whole, broken] = [`${folder}-whole`, `${folder}-broken`] as const;
    try {
      for (const run of [whole, broken])
        expect((await command([...evaluation, "--run", run], other!.name)).stderr).toBe("");
      // As if it had been begun on another kind of machine.
      const elsewhere = JSON.parse(readFileSync(join(broken, "run.json"), "utf8"));
      Object.assign(elsewhere, { status: "running", check: undefined }); // as an older version wrote it
      Object.assign(elsewhere.models[0].settings, { device: "cpu (alien)", kernels: "alien" });
      const text = readFileSync(join(broken, "run.json"), "utf8");
      writeFileSync(join(broken, "run.json"), JSON.stringify(elsewhere));
      expect(await command(["eval", "--resume", broken])).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/begun with alien \(cpu \(alien\)\)[\s\S]*--exact[\s\S]*RUN_MISMATCH/),
      });
      writeFileSync(join(broken, "run.json"), text);

      // As if it had been killed after the first documents.
      const file = join(broken, "run.json");
      const run = JSON.parse(readFileSync(file, "utf8"));
      writeFileSync(
        file,
        JSON.stringify({ ...run, status: "running", finished: null, results: [], check: undefined }),
      );
      const journal = join(broken, "journal.jsonl");
      const lines = readFileSync(journal, "utf8").split("\n");
      truncateSync(journal, Buffer.byteLength(`${lines.slice(0, 2).join("\n")}\n`));

      expect(await command(["eval", "--resume", broken, "--kernels", "native"])).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/--kernels cannot be changed/),
      });
      expect((await command(["eval", "--resume", broken, "-q"])).code).toBe(0);
      const [one, two] = [whole, broken].map((place) =>
        JSON.parse(readFileSync(join(place, "run.json"), "utf8")),
      );
      expect(two.models[0].settings.device).toBe(`cpu (${other!.name})`);
      expect(two.notes).toEqual(one.notes);
      expect(two.results.map(({ perplexity }: { perplexity: number }) => perplexity)).toEqual(
        one.results.map(({ perplexity }: { perplexity: number }) => perplexity),
      );
    } finally {
      for (const place of [whole, broken]) rmSync(place, { recursive: true, force: true });
    }
  });
});

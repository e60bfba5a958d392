/** `surprisal eval`, `runs` and `sql` with the model that is in the package: what a person gets, also after kill -9. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evaluate, openCorpora, type Run, readRun } from "../src/evaluate/index.ts";
import { runCommand } from "./cli-run.ts";

const MAIN = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const DEMO = readFileSync(new URL("../examples/demo.txt", import.meta.url), "utf8");

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-eval-"));
  mkdirSync(join(folder, "domains"));
  const sentences = DEMO.split(/(?<=[.!?])\s+/);
  writeFileSync(join(folder, "domains", "demo.txt"), sentences.join("\n\n"));
  writeFileSync(join(folder, "domains", "backwards.txt"), sentences.reverse().join("\n\n"));
  writeFileSync(join(folder, "long.txt"), DEMO.repeat(Math.ceil(16_000 / DEMO.length)));
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) => runCommand(args, { folder });
const found = ({ results }: Run) =>
  results.map(({ timing, ...result }) => ({ ...result, tokensRun: timing.tokensRun }));

/** Runs a command and kills it, as nothing else does, after some of its events. */
async function kill(args: readonly string[], after: number): Promise<void> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface(child.stdout!);
  let events = 0;
  lines.on("line", () => {
    if (++events === after) child.kill("SIGKILL");
  });
  await once(child, "exit");
  expect(child.signalCode).toBe("SIGKILL");
}

describe("surprisal eval", () => {
  it.each([
    ["cached", ["domains", "--split", "blank-lines"], 7],
    ["llama.cpp", ["long.txt", "--context", "64"], 2],
  ])("killed in the middle and gone on with has the same digits: %s", async (recipe, corpus, after) => {
    const args = ["eval", ...corpus, "--recipe", recipe, "--json", "--engines", "1"];
    const whole = await run(...args, "--run", `${recipe}-whole`);
    expect(whole.stderr).toBe("");
    await kill([...args, "--run", `${recipe}-killed`], after);
    const broken = readRun(join(folder, `${recipe}-killed`));
    expect(broken.status).toBe("interrupted"); // nobody is at work on it
    const { code, stdout } = await run("eval", "--resume", `${recipe}-killed`, "--json", "--engines", "1");
    expect(code).toBe(0);
    const last = JSON.parse(stdout.trim().split("\n").at(-1)!);
    expect(last.type).toBe("result");
    expect(found(last.run)).toEqual(found(readRun(join(folder, `${recipe}-whole`))));
  });

  it("with several engines has the same digits", async () => {
    const corpora = await openCorpora(join(folder, "domains"), { split: "blank-lines" });
    const [one, two] = [
      await evaluate({ models: ["mini"], corpora, engines: 1 }),
      await evaluate({ models: ["mini"], corpora, engines: 2 }),
    ];
    expect(found(two)).toEqual(found(one));
  });

  it("shows a table, and keeps a run that can be listed, shown, compared, exported and asked", async () => {
    const { code, stdout } = await run(
      "eval",
      "domains",
      "--split",
      "blank-lines",
      "--tokens",
      "--html",
      "map.html",
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^corpus +model +size +bits\/weight +perplexity +bits per byte/);
    expect(stdout).toMatch(/^demo +mini +\d[\d.]* [kM]B +\d[\d.]* +\d[\d.]* ± /m);
    expect(stdout).toMatch(
      /^Model mini: recipe cached \([0-9a-f]{8}\), sha256 [0-9a-f]{12}, kernels [\w ]+ on cpu( \(\w+\))?\.$/m,
    );
    const place = /^Kept in (.+?); /m.exec(stdout)![1]!;
    const page = readFileSync(join(folder, "map.html"), "utf8");
    expect(page).toContain("<svg");
    expect(page).toContain("How surprising the tokens were");
    expect((await run("runs", "list")).stdout).toContain(place);
    expect((await run("runs", "show", place)).stdout).toMatch(/^demo +mini /m);
    const csv = (await run("runs", "export", place)).stdout.split("\r\n");
    expect(csv[0]).toMatch(/^run,model,corpus,/);
    expect(csv).toHaveLength(4);
    const answer = await run(
      "sql",
      "--json",
      "select corpus, sum(-logprob) as nll, count(logprob) as n from tokens group by corpus order by corpus",
    );
    const { rows } = JSON.parse(answer.stdout);
    for (const [i, { perplexity }] of readRun(join(folder, place)).results.entries())
      expect(Math.exp(rows[i].nll / Number(rows[i].n))).toBeCloseTo(perplexity!, 6);
    const other = await run(
      "eval",
      "domains",
      "--split",
      "blank-lines",
      "--recipe",
      "strided",
      "--run",
      "other",
    );
    expect(other.code).toBe(0);
    const compared = await run("runs", "compare", place, "other");
    expect(compared.stdout).toContain(`base: ${basename(place)}\nother: other\n\ncorpus `);
    expect(compared.stdout).toMatch(/^demo +mini, cached +mini, strided /m);
    // Side by side on the map, each under its run: one model under two recipes is not one column.
    const map = await run("runs", "map", place, "other");
    expect(map.stdout).toMatch(/^bits per byte +mini \(.+\) +mini \(.+\)$/m);
    expect(map.stdout).toMatch(/^demo( +\d[\d.]* ± [\d.]+){2}$/m);
    const text = readFileSync(join(folder, "domains", "demo.txt"), "utf8");
    writeFileSync(join(folder, "a|b\n<i>.txt"), text.slice(0, 500));
    expect((await run("eval", "a|b\n<i>.txt", "--run", "hostile")).code).toBe(0);
    const lines = (await run("runs", "export", "hostile", "-f", "md")).stdout.trimEnd().split("\n");
    expect(lines[2]).toMatch(/^\| a\\\|b \\<i\\>/);
    for (const line of lines) expect(line).toMatch(/^(\||- |$)/);
    // A model that lacks a domain loses none of the others'.
    expect((await run("runs", "map", "other", "hostile")).stdout).toMatch(
      /^demo [\s\S]*not over the same domains/m,
    );
  });

  it("shows its results before the page that cannot be made of them", async () => {
    // Twice the same folder: neither domains nor names tell its corpora apart.
    const twice = ["eval", "domains", "domains/", "--run", "twice"];
    const { code, stdout, stderr } = await run(...twice, "--html", "twice.html");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^Kept in twice; /m);
    expect(stderr).toMatch(/The page cannot be made: .+\n.*surprisal runs export twice -f md/);
    expect(readRun(join(folder, "twice")).status).toBe("complete");
  });

  it("begun several times in one second has a folder for each", async () => {
    writeFileSync(join(folder, "short.txt"), DEMO.slice(0, 200));
    const finished = await Promise.all(Array.from({ length: 5 }, () => run("eval", "short.txt")));
    const places = finished.map(({ stdout }) => /^Kept in (.+?); /m.exec(stdout)?.[1]);
    expect(new Set(places).size).toBe(5);
    for (const place of places) expect(readRun(join(folder, place!)).status).toBe("complete");
  });

  it.each([[[]], [["--model", "mini"]]])(
    "interrupted while a model opens leaves nothing, and says so: %j",
    async (others) => {
      const server = createServer(() => {}).listen(0, "127.0.0.1"); // never answers
      await once(server, "listening");
      const remote = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1#model`;
      const args = ["eval", "long.txt", ...others, "--model", remote, "--run", "interrupted/run"];
      const { signal, stderr } = await runCommand(args, {
        folder,
        meanwhile: (child) => server.once("request", () => child.kill("SIGINT")),
      });
      expect(signal).toBe("SIGINT");
      expect(stderr).toContain("Interrupted before anything was scored: nothing is kept.");
      expect(existsSync(join(folder, "interrupted"))).toBe(false);
      server.closeAllConnections();
      server.close();
    },
  );

  it("interrupted while it scores is gone on with", async () => {
    const { signal, stdout, stderr } = await runCommand(
      [
        "eval",
        "long.txt",
        "--recipe",
        "llama.cpp",
        "--context",
        "64",
        "--engines",
        "1",
        "--json",
        "--run",
        "halted",
      ],
      {
        folder,
        meanwhile: (child) => child.stdout!.once("data", () => child.kill("SIGINT")),
      },
    );
    expect(signal).toBe("SIGINT");
    expect(stdout).not.toContain('"result"');
    expect(stderr).toBe("Interrupted. Go on with: surprisal eval --resume halted\n");
    expect((await run("eval", "--resume", "halted")).code).toBe(0);
  });

  it("whose reader has enough is gone on with, as after Ctrl-C", async () => {
    const args = ["eval", "long.txt", "--recipe", "llama.cpp", "--context", "64", "--engines", "1", "--json"];
    const { stderr } = await runCommand([...args, "--run", "unread"], {
      folder,
      meanwhile: (child) => child.stdout!.once("data", () => child.stdout!.destroy()),
    });
    expect(stderr).toBe("Interrupted. Go on with: surprisal eval --resume unread\n");
    expect(JSON.parse(readFileSync(join(folder, "unread", "run.json"), "utf8")).status).toBe("interrupted");
    expect(existsSync(join(folder, "unread", "lock"))).toBe(false);
  });

  it("says what is wrong", async () => {
    const cases: [args: string[], code: number, message: RegExp][] = [
      [["eval"], 2, /CORPUS is missing/],
      [["eval", "long.txt", "--model", "mini", "--model", "mini"], 2, /mini is given twice/],
      [["eval", "domains", "--run", "domains"], 2, /holds other files/],
      [["eval", "long.txt", "--model", "missing.gguf", "--run", "foreign"], 1, /a run's tokens\.parquet/],
      [["eval", "long.txt", "--run", `new/${"x".repeat(300)}`], 1, /FILE_UNWRITABLE/],
      [["eval", "long.txt", "--shots", "2"], 2, /--shots needs --task/],
      [["eval", "--task", "a.jsonl", "--context", "64"], 2, /--context needs a CORPUS/],
      [["eval", "--task", "a.jsonl", "--skip-unreadable"], 2, /--skip-unreadable needs a CORPUS/],
      [["sql", " ", "--runs", "."], 2, /query is empty/],
      [["eval", "nothing.txt"], 1, /There is no such file/],
      [["eval", "long.txt", "--recipe", "cachd"], 2, /did you mean cached/],
      [["eval", "long.txt", "--model", "mini", "--model", "nope"], 2, /nope/],
      [["eval", "long.txt", "--model", "nope"], 2, /nope/],
      [["eval", "long.txt", "--model", "missing.gguf", "--run", "runs/one"], 1, /missing\.gguf/],
      [["eval", "--resume", "domains"], 1, /There is no run/],
      [["eval", "--resume", "domains", "--model", "mini"], 2, /--model cannot be changed/],
      [["runs", "list", "nowhere"], 1, /no such folder/],
      [["sql", "select nonsense from results", "--runs", "."], 2, /DuckDB refuses/],
    ];
    mkdirSync(join(folder, "foreign"));
    writeFileSync(join(folder, "foreign", "tokens.parquet"), "");
    const before = readdirSync(folder, { recursive: true });
    for (const [args, code, message] of cases) {
      const answer = await run(...args);
      expect([args.join(" "), answer.code]).toEqual([args.join(" "), code]);
      expect(answer.stderr).toMatch(message);
    }
    expect(readdirSync(folder, { recursive: true })).toEqual(before); // nothing is left of what could not begin
  });
});

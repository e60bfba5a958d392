/** `score --proxy` and `proxy calibrate`: mini reads in the place of a model whose server gives no numbers of a text. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyProxyCalibration, calibrateProxy, proxy } from "../src/calibrate/index.ts";
import { answered, readPairs } from "../src/cli/proxy-pairs.ts";
import { resolve } from "../src/models/index.ts";
import { runCommand } from "./cli-run.ts";
import { type FakeServer, startFakeServer } from "./wire/fake-server.ts";
import { plainModel } from "./wire/plain-model.ts";

const TEXT = "A small dog ran over the green hill.";
const PAIRS = [
  { text: "The cat sat on the mat.", bitsPerByte: 0.9 },
  { text: "Once upon a time there was a little girl who lived in a village.", bitsPerByte: 0.5 },
  { text: "Quantum chromodynamics confines quarks via gluon exchange.", natsPerByte: 1.4 * Math.LN2 },
  { text: "xq zzv kkw ppl 1234 ghfj", totalNll: 24 * 3.1 * Math.LN2 },
  { text: "She opened the door and looked outside at the falling rain.", bitsPerByte: 0.7 },
];
const BITS = [0.9, 0.5, 1.4, 3.1, 0.7];

let folder = "";
let server: FakeServer;
let closed = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-proxy-"));
  writeFileSync(join(folder, "text.txt"), TEXT);
  writeFileSync(join(folder, "pairs.jsonl"), `${PAIRS.map((pair) => JSON.stringify(pair)).join("\n")}\n`);
  server = await startFakeServer({ dialect: "deepseek", model: plainModel() }); // chats only: no numbers of a text
  closed = `${server.url}#plain`;
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});
const run = (...args: string[]) => runCommand(args, { folder });

describe("surprisal score --proxy", () => {
  it("is named where the server gives no numbers", async () => {
    const { code, stdout, stderr } = await run("score", "text.txt", "-m", closed);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/--proxy smollm2.*--proxy-calibration FILE/);
    expect(stderr).toContain("UNSUPPORTED_CAPABILITY");
  });

  it("gives the estimate of the calibration, with its error, on the screen, in JSON and on the page", async () => {
    const made = await run(
      "proxy",
      "calibrate",
      "pairs.jsonl",
      "--proxy",
      "mini",
      "-m",
      closed,
      "-o",
      "c.json",
    );
    expect({ code: made.code, stderr: made.stderr }).toEqual({ code: 0, stderr: "" });
    expect(made.stdout).toMatch(/^plain = \S+ \+ \S+ × mini, bits per byte\n5 texts /);

    // The same by the library.
    await using mini = await resolve("mini");
    const reader = proxy(mini);
    const pairs = [];
    for (const [i, { text }] of PAIRS.entries()) {
      const { natsPerByte, bytes } = await reader.score(text);
      pairs.push({ proxy: natsPerByte!, actual: BITS[i]! * Math.LN2, bytes });
    }
    const expected = calibrateProxy(pairs);
    const file = JSON.parse(readFileSync(join(folder, "c.json"), "utf8"));
    expect(file).toMatchObject({ schema: "surprisal.calibration/1", kind: "proxy-line" });
    expect(file.parameters.standsFor).toBe("plain");
    expect(file.identity.model).toEqual({ name: "mini", sha256: mini.identity.sha256 });
    expect(file.parameters.slope).toBeCloseTo(expected.slope, 6);
    expect(file.parameters.leaveOneOutError).toBeCloseTo(expected.leaveOneOutError, 6);

    const options = ["score", "text.txt", "-m", closed, "--proxy", "mini", "--proxy-calibration", "c.json"];
    const own = await reader.score(TEXT);
    const estimate = applyProxyCalibration(expected, own.natsPerByte!, { bytes: own.bytes });
    const json = JSON.parse((await run(...options, "--json")).stdout);
    expect(json.model.name).toBe("mini");
    expect(json.proxy).toMatchObject({ model: "plain", calibration: { pairs: 5, level: 0.95 } });
    expect(json.proxy.natsPerByte).toBeCloseTo(own.natsPerByte!, 6);
    for (const field of ["estimate", "low", "high"] as const)
      expect(json.proxy.estimate[field]).toBeCloseTo(estimate[field], 5);

    const { stdout } = await run(...options, "--html", "page.html");
    const bits = (nats: number) => Number((nats / Math.LN2).toPrecision(3));
    const [, value, low, high] =
      /^estimate +(\S+) bits per byte for plain, 95 % of texts between (\S+) and (\S+); typical error /m.exec(
        stdout,
      )!;
    expect([value, low, high].map(Number)).toEqual(
      [estimate.estimate, estimate.low, estimate.high].map(bits),
    );
    expect(readFileSync(join(folder, "page.html"), "utf8")).toContain(`${value} bits per byte for plain`);
    expect((await run(...options, "-q")).stdout).toMatch(/^\d\.\d+ ± \d\.\d+\n$/);
  });

  it("reads the file of an older version, and what calibrateProxy returned", async () => {
    const { parameters, identity } = JSON.parse(readFileSync(join(folder, "c.json"), "utf8"));
    const { kind: _, standsFor, ...calibration } = parameters;
    const old = {
      schema: "surprisal.proxy-calibration/1",
      model: standsFor,
      proxy: identity.model,
      recipe: identity.recipe,
      calibration,
    };
    writeFileSync(join(folder, "old.json"), JSON.stringify(old));
    writeFileSync(join(folder, "bare.json"), JSON.stringify(calibration));
    const scored = (file: string) =>
      run("score", "text.txt", "--proxy", "mini", "--proxy-calibration", file, "-q");
    const [now, before, bare] = [await scored("c.json"), await scored("old.json"), await scored("bare.json")];
    expect(before).toMatchObject({ code: 0, stdout: now.stdout });
    expect(bare).toMatchObject({ code: 0, stdout: now.stdout });
  });

  it("says whose numbers they are without a calibration", async () => {
    const { code, stdout } = await run("score", "text.txt", "-m", closed, "--proxy", "mini");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^stands for +plain, whose own numbers differ/m);
    const { proxy } = JSON.parse((await run("score", "text.txt", "--proxy", "mini", "--json")).stdout);
    expect(proxy).toMatchObject({ model: null, estimate: null, calibration: null });
  });

  it("is not needed by a model that scores texts, which says so", async () => {
    const { stdout } = await run("score", "text.txt", "-m", "mini", "--proxy", "mini", "--json");
    const { proxy, notes } = JSON.parse(stdout);
    expect(proxy).toBeUndefined();
    expect(notes).toContain("mini gives the numbers of a text itself: --proxy was not needed.");
  });

  it("refuses a calibration of other weights, one that is none, and one without a proxy", async () => {
    writeFileSync(join(folder, "bad.json"), '{"version": 1}');
    const file = JSON.parse(readFileSync(join(folder, "c.json"), "utf8"));
    writeFileSync(
      join(folder, "other.json"),
      JSON.stringify({ ...file, identity: { ...file.identity, model: { name: "big", sha256: "00" } } }),
    );
    const score = (...args: string[]) => run("score", "text.txt", ...args);
    const bad = await score("--proxy", "mini", "--proxy-calibration", "bad.json");
    expect(bad.stderr).toMatch(/no calibration of a proxy.*bad\.json/);
    const other = await score("--proxy", "mini", "--proxy-calibration", "other.json");
    expect(other.stderr).toMatch(/made with big as the proxy/);
    const alone = await score("--proxy-calibration", "c.json");
    expect([bad.code, other.code, alone.code]).toEqual([2, 2, 2]);
    expect(alone.stderr).toContain("needs --proxy MODEL");
  });
});

describe("surprisal proxy calibrate", () => {
  it("lets the other model answer prompts, by its own numbers", async () => {
    const rows = [...PAIRS, { prompt: "What is perplexity?" }]; // the server draws the same answer to every prompt
    writeFileSync(join(folder, "prompts.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"));
    const { code, stdout, stderr } = await run(
      ...["proxy", "calibrate", "prompts.jsonl", "--proxy", "mini", "-m", closed, "--max-tokens", "40"],
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ parameters: { standsFor: "plain", pairs: 6 } });
    const model = plainModel();
    const answer = await answered(model, { prompt: "One?", where: "x:1" }, { maxTokens: 20, temperature: 1 });
    expect(answer.bytes).toBe(20);
    const context = model.capabilities.chat
      ? model.applyChatTemplate([{ role: "user", content: "One?" }])
      : "One?";
    for await (const { logprob } of model.score([{ context, continuation: answer.text }]))
      expect(answer.actual).toBeCloseTo(-logprob! / 20, 9);
    const without = await run("proxy", "calibrate", "prompts.jsonl", "--proxy", "mini");
    expect([without.code, without.stderr]).toEqual([
      2,
      expect.stringMatching(/prompts.jsonl:6 is a prompt: --model/),
    ]);
  });

  it.each([
    ["not json", /not JSON/],
    ['{"bitsPerByte": 1}', /no text/],
    ['{"text": "x"}', /0 numbers/],
    ['{"text": "x", "bitsPerByte": 1, "natsPerByte": 1}', /2 numbers/],
    ['{"text": "x", "bitsPerByte": -1}', /no surprisal/],
    ['{"text": "\\ud83d x", "bitsPerByte": 1}', /half a surrogate pair/],
  ])("names the line that is wrong: %s", async (line, what) => {
    const file = join(folder, "wrong.jsonl");
    writeFileSync(file, `{"text": "x", "bitsPerByte": 1}\n\n${line}\n`);
    await expect(readPairs(file)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      where: `${file}:3`,
      what: expect.stringMatching(what),
    });
  });
});

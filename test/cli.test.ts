/** The command line where no model is needed: help, wrong usage, what cannot be read or written, errors as documents. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUILT, runCommand, runNode } from "./cli-run.ts";
import { LINUX_ONLY, needing } from "./needing.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const ESCAPE = "\u001b";
const offline = () => ({ SURPRISAL_CACHE: join(folder, "cache"), SURPRISAL_OFFLINE: "1" });

describe("help", () => {
  it.each([
    [[], "surprisal COMMAND"],
    [["help"], "surprisal COMMAND"],
    [["models"], "surprisal models COMMAND"],
    [["score", "--help"], "surprisal score [FILE] [OPTIONS]"],
    [["help", "score"], "surprisal score [FILE] [OPTIONS]"],
    [["models", "pull", "-h"], "surprisal models pull MODEL [OPTIONS]"],
    [["doctor", "--help"], "surprisal doctor [OPTIONS]"],
  ])("%j is plain text in 100 columns on stdout", async (args, line) => {
    const { code, stdout, stderr } = await runCommand(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`\nUsage: ${line}\n`);
    expect(stdout).not.toContain(ESCAPE);
    for (const each of stdout.split("\n")) expect(each.length).toBeLessThanOrEqual(100);
  });

  it("of score names every option of issue 4", async () => {
    const { stdout } = await runCommand(["score", "--help"]);
    for (const name of "text model recipe context stride top html json tokens quiet threads".split(" "))
      expect(stdout).toMatch(new RegExp(`--${name}\\b`));
  });

  it("prints the version", async () => {
    expect((await runCommand(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("wrong usage ends with 2 and says what is right", () => {
  it.each([
    [["scor"], 'did you mean "score"?'],
    [["toString"], 'There is no command "toString"'],
    [["models", "constructor"], "Commands: list, pull, remove, info."],
    [["--json", "score"], "options come after it"],
    [["score", "--jsn"], "did you mean --json?"],
    [["score", "-x"], "There is no option -x"],
    [["score", "--no-model"], "There is no option --no-model"],
    [["score", "--json=no"], "--json is a switch"],
    [["score", "a.txt", "b.txt"], "One argument too many: b.txt"],
    [["score", "a.txt", "--text", "b"], "Give a file or --text, not both"],
    [["score", "--html", "--json"], "--html needs a value"],
    [["score", "--text", "--no-model"], "write --text=--no-model"],
    [["score", "--model="], "--model needs a value"],
    [["score", "--text"], "--text needs a value"],
    [["score", "--html", "-"], "--html takes the name of a file"],
    [["score", "--context", "0"], "--context takes a whole number"],
    [["score", "--top", "-1"], 'from 0 to 100, not "-1"'],
    [["score", "--threads", "1e3"], "--threads takes a whole number"],
    [["score", "--device", "gpu"], "--device takes auto, cpu, or a number of GPU layers"],
    [["score", "--cache-type", "q8-0"], "did you mean q8_0?"],
    [["score", "--recipe", "lama.cpp"], "did you mean llama.cpp?"],
    [["score", "--text", "hello", "--model", "smolm2"], "did you mean smollm2?"],
    [["score", "--text", "hello", "--model", "minni"], "did you mean mini or minilm?"],
    [["models", "pull"], "MODEL is missing"],
    [["score", "--recipe", "half", "--recipe", "full"], "--recipe is given twice"],
    [["score", "-t", "a", "--text", "b"], "--text is given twice"],
    [["eval", "a", "--limit", "1", "--limit", "2", "--json"], "--limit is given twice"],
    [["eval", "a", "-m", "mini", "-m", "mini"], "mini is given twice"],
    [["compare", "-b", "a", "-b", "b", "c"], "--base is given twice"],
    [["worker", "--queue", "a", "--queue", "b"], "--queue is given twice"],
    [["quantize", "a", "Q8_0", "-o", "a", "-o", "b"], "--out is given twice"],
    [["runs", "export", "a", "-f", "csv", "-f", "md"], "--format is given twice"],
    [["runs", "map", "a", "--in-domain", "b", "--in-domain", "c"], "--in-domain is given twice"],
    [["sql", "q", "--runs", "a", "--runs", "b"], "--runs is given twice"],
    [["chat", "--once", "a", "--once", "b"], "--once is given twice"],
    [["doctor", "-m", "mini", "-m", "mini"], "--model is given twice"],
    [["models", "remove", "./mine.gguf"], "Delete a file of your own yourself"],
  ])("%j", async (args, words) => {
    const { code, stdout, stderr } = await runCommand(args, { folder, environment: offline() });
    expect(stderr).toContain(words);
    expect(code).toBe(2);
    if (args.includes("--json")) expect(JSON.parse(stdout)).toMatchObject({ schema: "surprisal.error/1" });
    else expect(stdout).toBe("");
  });
});

describe("a text that cannot be scored ends with 1", () => {
  it.each([
    ["nothing", "", "EMPTY_INPUT"],
    ["a byte order mark alone", "\ufeff", "EMPTY_INPUT"],
    ["Latin-1", Uint8Array.of(0x63, 0x61, 0x66, 0xe9), "INVALID_UTF8"],
    ["UTF-16", Uint8Array.of(0xff, 0xfe, 0x61, 0), "INVALID_UTF8"],
    ["a binary file", Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0), "BINARY_INPUT"],
  ])("%s", async (_, input, errorCode) => {
    const { code, stdout, stderr } = await runCommand(["score", "--json"], { input });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ schema: "surprisal.error/1", code: errorCode });
    expect(stderr).toContain(`[${errorCode}]`);
  });

  it.each([
    [["score", "missing.txt"], "FILE_NOT_FOUND"],
    [["score", "."], "FILE_UNREADABLE"],
    [["score", "--text", ""], "EMPTY_INPUT"],
    [["score", "--text", "x", "--html", "missing/page.html"], "FILE_UNWRITABLE"],
    [["score", "--text", "x", "--html", "."], "FILE_UNWRITABLE"],
    [["score", "--text", "x", "--model", "."], "FILE_UNREADABLE"],
    [["score", "--text", "x", "--model", "missing.gguf"], "FILE_NOT_FOUND"],
  ])("%j", async (args, errorCode) => {
    const { code, stdout, stderr } = await runCommand(args, { folder, environment: offline() });
    expect(stderr).toContain(`[${errorCode}]`);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  });

  it("is not overwritten by the page about it", async () => {
    const file = join(folder, "text.txt");
    writeFileSync(file, "precious");
    const { code, stderr } = await runCommand(["score", "./text.txt", "--html", file], { folder });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining("--html would overwrite the text"),
    });
  });
});

it("names the three ways to a model when offline with an empty cache", async () => {
  const { code, stdout } = await runCommand(["score", "--text", "hello", "--model", "smollm2", "--json"], {
    environment: offline(),
  });
  const { wayOut, ...error } = JSON.parse(stdout);
  expect(code).toBe(1);
  expect(error).toMatchObject({ schema: "surprisal.error/1", code: "MODEL_UNAVAILABLE" });
  for (const way of ["a path to a .gguf file", "surprisal models pull smollm2", "PIP_INDEX_URL"])
    expect(wayOut).toContain(way);
});

it("lets no name command the terminal", async () => {
  const { stderr } = await runCommand(["score", `${ESCAPE}[31mred\u202e.txt`]);
  expect(stderr).toContain("␛[31mred⟨U+202E⟩.txt");
  expect(stderr).not.toContain(ESCAPE);
});

needing(LINUX_ONLY).it("says that the output cannot be written", async () => {
  const script = 'exec "$0" "$1/cli/main.js" --help > /dev/full';
  const { code, stderr } = await runNode([
    "-e",
    `const { spawnSync } = require("node:child_process");
     const { status, stderr } = spawnSync("sh", ["-c", ${JSON.stringify(script)}, process.execPath, ${JSON.stringify(BUILT)}]);
     process.stderr.write(stderr); process.exitCode = status;`,
  ]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("[DISK_FULL]") });
});

it("Ctrl-C removes the progress line and ends by the signal", async () => {
  const progress = pathToFileURL(join(BUILT, "cli/render/progress.js"));
  const { signal, stdout } = await runNode(
    [
      "--input-type=module",
      "-e",
      `import { startProgress } from ${JSON.stringify(progress.href)};
     const stream = { isTTY: true, columns: 80, write: (text) => process.stdout.write(text) };
     startProgress({ label: "scoring", unit: "tokens", after: 0, stream }).update({ done: 1, total: 2 });
     setInterval(() => {}, 1000);
     process.kill(process.pid, "SIGINT");`,
    ],
    { environment: { TERM: "xterm" } },
  );
  expect(signal).toBe("SIGINT");
  expect(stdout).toMatch(/scoring.*\r\u001b\[2K$/s);
});

describe("models", () => {
  const models = (...args: string[]) => runCommand(["models", ...args], { environment: offline() });

  it("list shows what there is, what it is for and how to get the rest, as text and as JSON", async () => {
    const plain = await models("list");
    expect(plain).toMatchObject({ code: 0, stderr: "" });
    expect(plain.stdout).toMatch(/^mini +\d.* MB {2}shipped with surprisal\n +small English model/m);
    expect(plain.stdout).toMatch(/^smollm2 .* not downloaded$/m);
    for (const words of [
      "Gemma",
      "Apache-2.0",
      "MIT",
      "surprisal models pull NAME",
      ".gguf file",
      "hf:",
      "pypi:",
    ])
      expect(plain.stdout).toContain(words);
    expect(JSON.parse((await models("list", "--json")).stdout)).toMatchObject({
      schema: "surprisal.models.list/1",
      cache: join(folder, "cache"),
      models: expect.arrayContaining([
        expect.objectContaining({ reference: "mini", availability: "shipped" }),
        expect.objectContaining({ reference: "smollm2", availability: "absent", path: null }),
      ]),
    });
  });

  it("info, pull and remove know that mini is a part of surprisal", async () => {
    const info = await models("info", "mini");
    expect(info.stdout).toMatch(/^status +shipped with surprisal$/m);
    expect(info.stdout).not.toMatch(/^(source|fetched) /m);
    const pulled = await models("pull", "mini");
    expect(pulled).toMatchObject({ code: 0, stderr: "" });
    expect(pulled.stdout).toMatch(/^Already on this machine: nothing to download\.\n.*mini\.gguf\n/);
    expect(JSON.parse((await models("pull", "mini", "--json")).stdout)).toMatchObject({
      schema: "surprisal.models.pull/1",
      name: "mini",
      downloaded: false,
    });
    const removed = await models("remove", "mini");
    expect(removed.stderr).toContain("a part of surprisal");
    expect(removed.code).toBe(2);
    expect((await models("info", "mini")).stdout).toBe(info.stdout);
  });

  it("remove of what is not there ends with 1", async () => {
    const { code, stderr } = await models("remove", "smollm2");
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("[MODEL_UNAVAILABLE]") });
  });
});

describe("doctor", () => {
  it("--json is one document, and compares with the numbers recorded for mini", async () => {
    const { code, stdout } = await runCommand(["doctor", "--json"], { environment: offline() });
    const { schema, ok, checks } = JSON.parse(stdout);
    expect({ code, schema, ok }).toEqual({ code: 0, schema: "surprisal.doctor/1", ok: true });
    const names = checks.map(({ name }: { name: string }) => name);
    expect(names).toEqual(expect.arrayContaining(["platform", "engine", "model cache"]));
    expect(checks.at(-1)).toMatchObject({
      name: "self-test",
      value: expect.stringMatching(/scored with mini, as recorded/),
    });
  });

  it("does not fail over a model that is not here", async () => {
    const { code, stdout } = await runCommand(["doctor", "-m", "smollm2"], { environment: offline() });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^ok +self-test +not run: /m),
    });
  });
});

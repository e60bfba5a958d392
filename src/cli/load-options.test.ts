/** The options of every command that loads a model or asks a server, on their way to it. */
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { encodeGguf, tinyModel } from "../../test/gguf-fixture.ts";
import { SurprisalError } from "../core/index.ts";
import { LlamaModel } from "../models/index.ts";
import { COMMANDS } from "./commands/index.ts";
import { LOAD_OPTIONS, serverOptions } from "./load-options.ts";
import { readArguments } from "./parse.ts";

let folder = "";
const open: { close(): void }[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-"));
  writeFileSync(join(folder, "text.txt"), "one two three");
  writeFileSync(join(folder, "prompts.jsonl"), '{"prompt":"one"}\n');
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
  for (const server of open.splice(0)) server.close();
  rmSync(folder, { recursive: true });
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push({
    close() {
      server.closeAllConnections();
      server.close();
    },
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Runs a command as `surprisal` does. @returns what it throws */
async function failure(names: string[], rawArgs: string[]): Promise<SurprisalError> {
  let command = await COMMANDS[names[0]!]!.load();
  for (const name of names.slice(1)) command = await command.commands![name]!.load();
  try {
    await command.run!(rawArgs);
  } catch (error) {
    if (SurprisalError.isInstance(error)) return error;
    throw error;
  }
  throw new Error("nothing failed");
}

/** Every command that asks servers, with what else it needs. */
const ASKING: [string, string[], (host: string) => string[]][] = [
  ["chat", ["chat"], (host) => ["--once", "one", "-q", "-m", `ollama:m@${host}`]],
  ["score", ["score"], (host) => ["--text", "one", "-q", "-m", `ollama:m@${host}`]],
  ["compare", ["compare"], (host) => [join(folder, "text.txt"), "-q", "-b", `ollama:m@${host}`]],
  [
    "proxy calibrate",
    ["proxy", "calibrate"],
    (host) => [join(folder, "prompts.jsonl"), "-q", "--proxy", "mini", "-m", `ollama:m@${host}`],
  ],
  [
    "eval",
    ["eval"],
    (host) => [join(folder, "text.txt"), "--run", join(folder, "run"), "-q", "-m", `ollama:m@${host}`],
  ],
  ["probe", ["probe"], (host) => [`http://${host}/v1#m`]],
];

/** What is said of it, whichever error it has become on the way. */
const said = ({ code, what, wayOut }: SurprisalError) => `${code}: ${what} ${wayOut}`;

describe.each(ASKING)("surprisal %s", (_, names, args) => {
  it("leaves an answer after --answer-seconds, or --answer-mib", async () => {
    const host = await serve((_, response) => {
      response.write('{"models":[');
      const more = () => {
        if (!response.destroyed) response.write('{"name":"x"},'.repeat(100), () => setTimeout(more, 2));
      };
      more();
    });
    const late = await failure(names, [...args(host), "--answer-seconds", "0.2"]);
    expect(said(late)).toMatch(/no end within 0\.2 s/);
    const large = await failure(names, [...args(host), "--answer-mib=0.01"]);
    expect(said(large)).toMatch(/larger than 0\.01 MiB/);
  });

  it("lets a prompt go to another host with --follow-redirects only", async () => {
    let seen = 0;
    const other = await serve((_, response) => {
      seen++;
      response.writeHead(418).end();
    });
    const host = await serve(({ method, url }, response) => {
      if (method === "GET") response.end('{"data":[{"id":"m"}]}');
      else response.writeHead(307, { location: `http://${other}${url}` }).end();
    });
    const refused = await failure(names, args(host));
    expect(said(refused)).toMatch(/REDIRECT_REFUSED|sends the request/);
    expect(seen).toBe(0);
    rmSync(join(folder, "run"), { recursive: true, force: true });
    await failure(names, [...args(host), "--follow-redirects"]).catch(() => {}); // the probe reports what it saw
    expect(seen).toBeGreaterThan(0);
  });
});

it("leaves what is not given to the environment", () => {
  const none = { answerSeconds: undefined, answerMib: undefined, followRedirects: false };
  expect(Object.values(serverOptions(none))).toEqual([undefined, undefined, undefined]);
  expect(serverOptions({ answerSeconds: 1.5, answerMib: 2, followRedirects: true })).toEqual({
    patience: { overallMs: 1500 },
    mostAnswerBytes: 2 * 2 ** 20,
    followRedirects: true,
  });
});

describe("--mmap", () => {
  const read = (...rawArgs: string[]) => readArguments(rawArgs, { mmap: LOAD_OPTIONS.mmap }).mmap;

  it("is on, off or auto, and auto where nothing is said", () => {
    expect([read("--mmap", "on"), read("--mmap=off"), read("--mmap", "auto"), read()]).toEqual([
      true,
      false,
      "auto",
      "auto",
    ]);
    for (const word of ["yes", "ON", "", "true", "0"])
      expect(() => read("--mmap", word)).toThrowError(
        expect.objectContaining({ code: "USAGE", what: expect.stringContaining("--mmap") }),
      );
    expect(() => read("--mmap")).toThrowError(expect.objectContaining({ code: "USAGE" }));
  });

  it.each<[string, string[], (model: string) => string[]]>([
    ["score", ["score"], (model) => ["--text", "one", "-m", model]],
    ["chat", ["chat"], (model) => ["--once", "one", "-m", model]],
    ["compare", ["compare"], (model) => [join(folder, "text.txt"), "-b", model]],
    ["eval", ["eval"], (model) => [join(folder, "text.txt"), "--run", join(folder, "run"), "-m", model]],
    [
      "proxy calibrate",
      ["proxy", "calibrate"],
      (model) => [join(folder, "prompts.jsonl"), "--proxy", model, "-m", "mini"],
    ],
  ])("of surprisal %s reaches the load", async (_, names, args) => {
    const model = join(folder, "model.gguf");
    writeFileSync(model, encodeGguf(tinyModel()).bytes);
    const load = vi
      .spyOn(LlamaModel, "load")
      .mockRejectedValue(new SurprisalError({ code: "MODEL_LOAD_FAILED", what: "not today" }));
    const seen = [];
    for (const word of ["on", "off", "auto"]) {
      load.mockClear();
      await failure(names, [...args(model), "-q", "--mmap", word]);
      seen.push(load.mock.calls[0]?.[1]?.mmap);
      rmSync(join(folder, "run"), { recursive: true, force: true });
    }
    expect(seen).toEqual([true, false, "auto"]);
  });
});

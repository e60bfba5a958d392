/** `surprisal probe` against fake servers. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { type FakeServer, type FakeServerOptions, startFakeServer } from "../../../test/wire/fake-server.ts";
import { plainModel } from "../../../test/wire/plain-model.ts";
import { SurprisalError } from "../../core/index.ts";
import command from "./probe.ts";

let server: FakeServer | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await server?.close();
});

async function output(args: string[]): Promise<string> {
  let written = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    written += text;
    return true;
  });
  await command.run!(args);
  return written;
}

const serve = async (dialect: FakeServerOptions["dialect"]) => {
  server = await startFakeServer({ dialect, model: plainModel() });
  return server;
};

describe("surprisal probe", () => {
  it("shows what a server does, beside what it says", async () => {
    const { url } = await serve("llama-cpp-python");
    const lines = (await output([url])).split("\n");
    expect(lines[0]).toBe(`${url}: llama-cpp-python (by models owned by "me")`);
    expect(lines[1]).toBe("model plain");
    expect(lines.find((line) => line.startsWith("log-probabilities of a chat"))).toMatch(
      / yes +yes +6 of 6 tokens/,
    );
    expect(lines.find((line) => line.startsWith("log-probabilities of a prompt"))).toMatch(
      / yes +no +echo with logprobs gives -\d+\.\d+ for .*, which had -\d+\.\d+ when it was written/,
    );
    expect(lines.at(-2)).toBe("Good for writing with numbers; not for scoring texts.");
  });

  it("says the same as a document", async () => {
    const { url } = await serve("vllm");
    expect(JSON.parse(await output([url, "--json"]))).toMatchObject({
      schema: "surprisal.probe/1",
      address: url,
      dialect: "vllm",
      model: "plain",
      models: ["plain"],
      prompt: { claimed: true, found: true },
      alternatives: { claimed: 20, found: 20 },
    });
  });

  it("a server's words are shown without commanding the terminal", async () => {
    const { url } = await serve("openai");
    server!.misbehave = { refuseLogprobs: "no \u001b[31mlogprobs\u0007 here" };
    const shown = await output([url]);
    expect(shown).toContain("logprobs");
    expect(shown).not.toMatch(/[\u001b\u0007]/);
  });

  it("stays within a terminal's width", async () => {
    const { url } = await serve("vllm");
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const stdout = process.stdout as { isTTY?: boolean; columns?: number };
    const before = { isTTY: stdout.isTTY, columns: stdout.columns };
    try {
      for (const columns of [60, 100]) {
        Object.assign(stdout, { isTTY: true, columns });
        const lines = (await output([url])).split("\n");
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
        expect(lines.join(" ").replaceAll(/\s+/g, " ")).toContain("scored again, with the same numbers");
        vi.mocked(process.stdout.write).mockRestore();
      }
    } finally {
      Object.assign(stdout, before);
    }
  });

  it.each([
    ["localhost:8080/v1", "http://localhost:8080/v1"],
    ["192.168.0.7:8080", "http://192.168.0.7:8080"],
    ["ollama:qwen3:8b", "http://127.0.0.1:11434/v1#qwen3:8b"],
    ["ollama:qwen3@box:9", "http://box:9/v1#qwen3"],
    ["gemini:gemini-2.5-flash", "docs/servers.md"],
  ])("%s: says what to write instead", async (address, words) => {
    await expect(command.run!([address])).rejects.toThrow(words);
  });

  it.each([
    ["http://127.0.0.1:9/v1", "SERVER_UNREACHABLE"],
    ["smollm2", "INVALID_ARGUMENT"],
    ["opnai:gpt-4.1", "INVALID_ARGUMENT"],
    ["", "INVALID_ARGUMENT"],
  ])("%s is %s", async (address, code) => {
    const error: unknown = await command.run!([address]).catch((thrown: unknown) => thrown);
    expect(SurprisalError.isInstance(error) && error.code).toBe(code);
  });
});

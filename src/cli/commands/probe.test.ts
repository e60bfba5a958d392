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

  it.each([
    ["http://127.0.0.1:9/v1", "SERVER_UNREACHABLE"],
    ["smollm2", "INVALID_ARGUMENT"],
    ["opnai:gpt-4.1", "INVALID_ARGUMENT"],
  ])("%s is %s", async (address, code) => {
    const error: unknown = await command.run!([address]).catch((thrown: unknown) => thrown);
    expect(SurprisalError.isInstance(error) && error.code).toBe(code);
  });
});

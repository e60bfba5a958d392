/** The fake servers speak as the fixtures do, and the fixtures are complete. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type DialectName, startFakeServer } from "./fake-server.ts";
import { FixtureModel } from "./fixture-utterance.ts";
import { FIXTURES, fixtureBytes, manifest } from "./fixtures.ts";
import type { Json } from "./pick.ts";

const { fixtures, sources } = manifest();

describe("the fake servers answer as their fixtures say", () => {
  for (const { file, request, about } of fixtures) {
    if (!request) continue;
    it(`${file}: ${about}`, async () => {
      await using server = await startFakeServer({ dialect: request.dialect, model: new FixtureModel() });
      const answer = await fetch(server.origin + request.path, {
        method: request.method ?? "POST",
        ...(request.method !== "GET" && { body: JSON.stringify(request.body) }),
      });
      const text = await answer.text();
      expect(answer.status, text).toBe(200);
      // Written anew by `vitest -u`; look at the difference.
      await expect(pretty(text, file)).toMatchFileSnapshot(join(FIXTURES, file));
    });
  }
});

describe("the fake servers have no field that the recorded ones lack", () => {
  const messages = [{ role: "user", content: "Hi" }];
  const chat = { model: "table", messages, logprobs: true, top_logprobs: 2 };
  const completions = { model: "table", prompt: "Hi", logprobs: 2 };
  const generate = { model: "table", prompt: "Hi", raw: true, logprobs: true, top_logprobs: 2 };
  const withUsage = { stream: true, stream_options: { include_usage: true } };
  it.each<[string, string, Json]>([
    ["llama-server/chat.json", "/v1/chat/completions", chat],
    ["llama-server/chat-stream.sse", "/v1/chat/completions", { ...chat, ...withUsage }],
    ["llama-server/completions.json", "/v1/completions", completions],
    ["llama-server/completions-stream.sse", "/v1/completions", { ...completions, stream: true }],
    ["llama-server/native.json", "/completion", { prompt: "Hi", n_probs: 2 }],
    ["llama-server/native-stream.sse", "/completion", { prompt: "Hi", n_probs: 2, stream: true }],
    [
      "llama-server/native-post-sampling.json",
      "/completion",
      { prompt: "Hi", n_probs: 2, post_sampling_probs: true },
    ],
    ["llama-server/tokenize.json", "/tokenize", { content: "Hi", with_pieces: true }],
    ["llama-cpp-python/chat.json", "/v1/chat/completions", chat],
    ["llama-cpp-python/chat-stream.sse", "/v1/chat/completions", { ...chat, ...withUsage }],
    ["llama-cpp-python/completions.json", "/v1/completions", completions],
    ["llama-cpp-python/completions-stream.sse", "/v1/completions", { ...completions, stream: true }],
    ["ollama/generate.json", "/api/generate", { ...generate, stream: false }],
    ["ollama/generate-stream.ndjson", "/api/generate", generate],
    ["ollama/chat-stream.ndjson", "/api/chat", chat],
    ["ollama/openai-chat-stream.sse", "/v1/chat/completions", { ...chat, ...withUsage }],
    ["ollama/openai-completions-echo.json", "/v1/completions", { ...completions, echo: true }],
    [
      "ollama/openai-responses-stream.sse",
      "/v1/responses",
      { input: messages, include: ["message.output_text.logprobs"], stream: true },
    ],
  ])("%s", async (file, path, body) => {
    const dialect = file.split("/")[0] as DialectName;
    await using server = await startFakeServer({ dialect, model: new FixtureModel() });
    const answer = await fetch(server.origin + path, { method: "POST", body: JSON.stringify(body) });
    const recorded = fieldsOf(new TextDecoder().decode(fixtureBytes(file)));
    const strange = [...fieldsOf(await answer.text())].filter((field) => !recorded.has(field));
    expect(strange).toEqual([]);
  });
});

describe("the fixtures", () => {
  it("each name their sources", () => {
    for (const fixture of fixtures) {
      expect(fixture.sources.length, fixture.file).toBeGreaterThan(0);
      for (const source of fixture.sources) expect(Object.keys(sources)).toContain(source);
    }
  });

  it("are all there, and all listed (the recorded ones in the README)", () => {
    const recorded = ["llama-server", "llama-cpp-python", "ollama"];
    const listed = new Set(fixtures.map(({ file }) => file));
    for (const file of listed) expect(existsSync(join(FIXTURES, file)), file).toBe(true);
    const files = readdirSync(FIXTURES, { recursive: true, encoding: "utf8" }).map((file) =>
      file.replaceAll("\\", "/"),
    );
    const unlisted = files.filter(
      (file) => /\.(json|sse|ndjson)$/.test(file) && file !== "manifest.json" && !listed.has(file),
    );
    expect(unlisted.filter((file) => !recorded.includes(file.split("/")[0]!))).toEqual([]);
  });
});

/** Every path that leads to a value, in any event; what alternatives are keyed by is no field. */
function fieldsOf(text: string): Set<string> {
  const fields = new Set<string>();
  const walk = (value: unknown, path: string): void => {
    if (Array.isArray(value)) for (const each of value) walk(each, `${path}[]`);
    else if (typeof value === "object" && value !== null)
      for (const [key, each] of Object.entries(value))
        walk(each, path.endsWith("top_logprobs[]") && !("token" in value) ? `${path}.*` : `${path}.${key}`);
    else fields.add(path.replace(/\[\]$/, ""));
  };
  const lines = text.startsWith("{") ? text.split(/\n(?=\{)/) : text.match(/(?<=^data: ?)\{.*$/gm)!;
  for (const line of lines) walk(JSON.parse(line), "");
  return fields;
}

/** A whole answer as people read it; a stream as it is. */
function pretty(text: string, file: string): string {
  return file.endsWith(".json") ? `${JSON.stringify(JSON.parse(text), null, 1)}\n` : text;
}

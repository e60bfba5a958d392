/**
 * A corrupted answer is an error, or marked partial, or has exactly the right perplexity. Never another perplexity that
 * is reported as complete.
 *
 * What cannot be seen, by anybody, because a server could rightly have sent the very same bytes:
 * - Another number in a number's place. No mutation here makes one.
 * - BLIND_END: a whole token (its text with its number) lost before a `stop`, where the count could have included an
 *   end-of-text token that has no record; or one repeated, where it did. Some servers count it and some do not, OpenAI
 *   itself among both (openapi.yaml has 9 for "Hello! How can I assist you today?" in one example and 10 in another).
 * - BLIND_SPECIAL: the end-of-text token moved to the front, where it reads as a token that steers, as `<think>` does.
 * - BLIND_ALL: a whole token lost or repeated, where nothing counts the tokens and nothing repeats the text.
 */
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/core/index.ts";
import { type Format, fixtureBytes, manifest } from "./fixtures.ts";
import { type Mutation, mutate } from "./mutate.ts";
import { type Container, containerOf, perplexityOf, type Replay, replay, textOf } from "./replay.ts";

const MUTATIONS = 1000;

interface Base {
  file: string;
  format: Format;
  /** Tokens that were asked for, where the answer ended for its length. */
  maxTokens?: number;
}

/** The recorded answers, and what they were asked for (`n_predict`, `max_tokens`). */
const RECORDED: readonly Base[] = [
  { file: "llama-server/chat.json", format: "chat" },
  { file: "llama-server/chat-stream.sse", format: "chat" },
  { file: "llama-server/completions.json", format: "completions", maxTokens: 12 },
  { file: "llama-server/completions-stream.sse", format: "completions", maxTokens: 12 },
  { file: "llama-server/native.json", format: "llama-native", maxTokens: 16 },
  { file: "llama-server/native-stream.sse", format: "llama-native", maxTokens: 16 },
  { file: "llama-server/native-post-sampling.json", format: "llama-native", maxTokens: 8 },
  { file: "llama-cpp-python/chat.json", format: "chat", maxTokens: 16 },
  { file: "llama-cpp-python/chat-stream.sse", format: "chat", maxTokens: 16 },
  { file: "llama-cpp-python/completions.json", format: "completions", maxTokens: 12 },
  { file: "llama-cpp-python/completions-stream.sse", format: "completions", maxTokens: 12 },
  { file: "llama-cpp-python/completions-stream-zh.sse", format: "completions", maxTokens: 13 },
  { file: "ollama/generate.json", format: "ollama", maxTokens: 6 },
  { file: "ollama/generate-stream.ndjson", format: "ollama", maxTokens: 6 },
  { file: "ollama/generate-stream-zh.ndjson", format: "ollama", maxTokens: 12 },
  { file: "ollama/chat-stream.ndjson", format: "ollama", maxTokens: 8 },
  { file: "ollama/openai-chat-stream.sse", format: "chat", maxTokens: 8 },
  { file: "ollama/openai-responses-stream.sse", format: "responses", maxTokens: 8 },
];

/** Written fixtures that have numbers and that the manifest says are read without an error. */
const WRITTEN: readonly Base[] = manifest().fixtures.flatMap(({ file, format, outcome, choices }) =>
  outcome &&
  !("error" in outcome) &&
  outcome.perplexity !== null &&
  choices === undefined &&
  !file.includes("-lost-") // these are corrupted already
    ? [{ file, format, ...(outcome.finish === "length" && { maxTokens: outcome.records }) }]
    : [],
);

const BASES = [...RECORDED, ...WRITTEN];

describe("structural corruptions", () => {
  const groups: Record<Container, Base[]> = { json: [], sse: [], ndjson: [] };
  for (const base of BASES) groups[containerOf(base.file)].push(base);

  it(`${MUTATIONS} of them never give another perplexity as a complete one`, async () => {
    const random = seededRandom(20261124);
    const tally = { judged: 0, blind: 0, error: 0, partial: 0, right: 0 };
    const wrong: string[] = [];
    while (tally.judged < MUTATIONS) {
      const streams = random() < 0.85;
      const bases = streams ? [...groups.sse, ...groups.ndjson] : groups.json;
      const base = bases[Math.floor(random() * bases.length)]!;
      const container = containerOf(base.file);
      const bytes = fixtureBytes(base.file);
      const mutation = mutate(bytes, container, random);
      const truth = await read(bytes, base);
      const result = await read(mutation.bytes, base);
      const verdict = judge(result, truth);
      if (verdict === "wrong" && isBlind(base, mutation, truth, result)) {
        tally.blind++;
        continue;
      }
      tally.judged++;
      if (verdict === "wrong")
        wrong.push(
          `${base.file}: ${mutation.what}: ${perplexityOf(result.records)} for ${perplexityOf(truth.records)}`,
        );
      else tally[verdict]++;
    }
    expect(wrong).toEqual([]);
    // The oracle can tell: all three outcomes occur, and what it lets pass is little.
    expect(Math.min(tally.error, tally.partial, tally.right)).toBeGreaterThan(50);
    expect(tally.blind).toBeLessThan(0.05 * MUTATIONS);
  });

  it("cutting any stream at any byte never gives another perplexity as a complete one", async () => {
    for (const base of BASES.filter(({ file }) => containerOf(file) !== "json")) {
      const bytes = fixtureBytes(base.file);
      const truth = await read(bytes, base);
      const step = Math.max(1, Math.floor(bytes.length / 150));
      for (let at = 0; at < bytes.length; at += step)
        expect(judge(await read(bytes.subarray(0, at), base), truth), `${base.file} cut at ${at}`).not.toBe(
          "wrong",
        );
    }
  });
});

function read(bytes: Uint8Array, { file, format, maxTokens }: Base): Promise<Replay> {
  return replay(bytes, format, containerOf(file), {
    alternatives: 3,
    piece: 4096,
    ...(maxTokens !== undefined && { maxTokens }),
  });
}

function judge({ records, end, error }: Replay, truth: Replay): "error" | "partial" | "right" | "wrong" {
  if (error) return "error";
  if (end!.partial) return "partial";
  const [found, expected] = [perplexityOf(records), perplexityOf(truth.records)];
  if (found === null || expected === null) return found === expected ? "right" : "wrong";
  return Math.abs(found - expected) <= 1e-12 * expected ? "right" : "wrong";
}

/** See BLIND_END, BLIND_SPECIAL and BLIND_ALL above: only whole tokens, and no more than the one that the end-of-text token could be. */
function isBlind(
  { file, format, maxTokens }: Base,
  { effect }: Mutation,
  truth: Replay,
  result: Replay,
): boolean {
  if (effect === "other" || maxTokens !== undefined || truth.end!.finishReason !== "stop") return false;
  if (effect === "moved") {
    const hidden = ({ records }: Replay) => records.filter(({ text }) => text === "").length;
    return hidden(result) === hidden(truth) + 1 && result.records.length === truth.records.length + 1;
  }
  const [all, left] = [textOf(truth.records), textOf(result.records)];
  // Without its first event an echo is the answer to a request without one: who asked for it has to look.
  if (file.includes("-echo") && effect === "lost" && all.endsWith(left)) return true;
  const difference = result.records.length - truth.records.length;
  if (difference !== (effect === "lost" ? -1 : 1)) return false;
  if (format !== "completions") return format === "chat" || format === "ollama" || format === "gemini";
  // Offsets show a gap or a repetition, but not that nothing came before the first token, or after the last.
  return effect === "lost" && (all.startsWith(left) || all.endsWith(left));
}

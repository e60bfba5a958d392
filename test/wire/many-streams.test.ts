/** Thousands of answers, one after the other and side by side: memory stays as it is, connections are used again. */
import { afterAll, expect, it } from "vitest";
import { SurprisalError } from "../../src/core/index.ts";
import { OpenAIModel } from "../../src/models/openai/index.ts";
import { collectGarbage } from "../garbage.ts";
import { EVENT_STREAM, events, type RawServer, startRawServer } from "./raw-server.ts";

const ANSWERS = 2000;
const AT_ONCE = 8;
const TOKENS = 24;
/** Of a hundred answers, so many end in an error, and so many are left early. */
const [BROKEN, LEFT] = [4, 4];
const MiB = 2 ** 20;

const CHAT = [{ role: "user", content: "Tell me." }];

/** An answer with much of what odd servers send. */
const answer = (() => {
  const tokens = Array.from({ length: TOKENS }, (_, i) => ` word${i}`);
  let said = "";
  const chunks = tokens.flatMap((content, i) => {
    said += content;
    const logprobs = { content: [{ token: content, logprob: i < 3 ? 0 : -0.5 - i / 64, top_logprobs: [] }] };
    return [
      { id: "1", choices: [{ index: 0, delta: { content }, message: { content: said }, logprobs }] },
      ...(i % 6 === 0 ? [{ type: "ping" }, { choices: [{ index: 0 }] }, ': {"alive":true}\n\n'] : []),
    ];
  });
  const end = { choices: [{ index: 0, delta: {}, message: { content: said }, finish_reason: "stop" }] };
  return events(...chunks, end, { choices: [], usage: { completion_tokens: TOKENS } }, "data: [DONE]\n\n");
})();

const half = answer.slice(0, answer.indexOf("\n\n", answer.length / 2) + 2);
const broken = half + events({ error: { message: "out of memory" } });

let server: RawServer | undefined;
afterAll(() => server?.close());

it(`${ANSWERS} streamed answers: flat memory, connections used again`, { timeout: 300_000 }, async () => {
  let asked = 0;
  server = await startRawServer((_, response) => {
    response.writeHead(200, EVENT_STREAM).end(asked++ % 100 < BROKEN ? broken : answer);
  }, false);
  const model = await OpenAIModel.open(`${server.origin}/v1#m`, { dialect: "openai", prove: false });
  const tally = { whole: 0, errors: 0, left: 0 };
  let next = 0;

  async function work(until: number): Promise<void> {
    for (; next < until; ) {
      const i = next++;
      const leaves = i % 100 >= 100 - LEFT;
      const writing = model.generate(CHAT, { maxTokens: 64, alternatives: 0 });
      let records = 0;
      try {
        for await (const { logprob } of writing) {
          if (logprob !== null) records++;
          if (leaves && records === 5) break;
        }
        if (leaves) tally.left++;
        else {
          tally.whole++;
          expect(writing.end).toMatchObject({ tokens: TOKENS, scored: TOKENS, partial: false, warnings: [] });
        }
      } catch (error) {
        if (!SurprisalError.isInstance(error) || error.code !== "SERVER_ERROR") throw error;
        tally.errors++;
        expect(records).toBeGreaterThan(5);
      }
    }
  }
  /** Bytes held after so many answers. */
  async function heldAfter(answers: number): Promise<number> {
    await Promise.all(Array.from({ length: AT_ONCE }, () => work(answers)));
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  }
  const warm = await heldAfter(ANSWERS / 4); // until then code is loaded and compiled
  const held = await heldAfter(ANSWERS);

  expect(tally.whole + tally.errors + tally.left).toBe(ANSWERS);
  expect(tally.errors).toBeGreaterThan(0.02 * ANSWERS);
  expect(tally.left).toBeGreaterThan(0.03 * ANSWERS);
  // Each answer that breaks off may cost its connection; all others go on over those that are there.
  expect(server.connections).toBeLessThanOrEqual(AT_ONCE + tally.errors + tally.left);
  expect(server.connections).toBeLessThan(0.1 * ANSWERS);
  expect(held - warm).toBeLessThan(3 * MiB); // 2 kB for each answer
});

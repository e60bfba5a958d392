/**
 * Hundreds of calls at once of one model behind a server: some of them slow, cut off, refused, without an end, aborted or left.
 * Each that was answered has its own numbers; afterwards nothing is left: no place that is taken, no socket, no listener.
 */
import { getEventListeners } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { ERROR_CODES, SurprisalError, seededRandom } from "../../src/core/index.ts";
import type { LanguageModel } from "../../src/models/index.ts";
import { OpenAIModel } from "../../src/models/openai/index.ts";
import { attack, type Trial } from "./attack.ts";

const AT_ONCE = 300;
const MOST_MS = 120_000;
/** Requests at once to an address (models/remote), and some that are closing. */
const MOST_SOCKETS = 16;
const MOST_GROWTH = 150 * 2 ** 20;

const FATES = ["whole", "slow", "cut", "refused", "endless", "reset", "aborted", "left"] as const;
type Fate = (typeof FATES)[number];

attack({ name: "crowds", short: AT_ONCE, long: 10 * AT_ONCE, trials });

async function* trials({ count, seed }: { count: number; seed: number }): AsyncGenerator<Trial> {
  const random = seededRandom(seed);
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => void answer(request, response)).listen(0, "127.0.0.1");
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise((resolve) => server.once("listening", resolve));
  const warnings: string[] = [];
  const onWarning = ({ name, message }: Error) => warnings.push(`${name}: ${message}`);
  process.on("warning", onWarning);
  const shared = new AbortController();
  try {
    const model = await OpenAIModel.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1#m`, {
      ...{ dialect: "openai", prove: false, attempts: 2, backoffMs: 1 },
      patience: { connectMs: 5000, answerMs: 60_000, silenceMs: 60_000, overallMs: 60_000 },
    });
    const before = process.memoryUsage().rss;
    for (let done = 0; done < count; done += AT_ONCE) {
      const fates = Array.from(
        { length: Math.min(AT_ONCE, count - done) },
        () => FATES[Math.floor(random() * FATES.length)]!,
      );
      const trials = await Promise.all(fates.map((fate, i) => call(model, fate, done + i, shared.signal)));
      yield* trials;
      const left = await leftOver();
      if (left !== null)
        yield { verdict: "wrong", detail: `seed ${seed}, after ${done + fates.length} calls: ${left}` };
    }

    async function leftOver(): Promise<string | null> {
      await sleep(500); // connections that are cut off close
      const listeners = getEventListeners(shared.signal, "abort").length;
      const grown = process.memoryUsage().rss - before;
      if (listeners > 0) return `${listeners} listeners on the signal`;
      if (sockets.size > MOST_SOCKETS) return `${sockets.size} sockets`;
      if (warnings.length > 0) return warnings.join("; ");
      return grown > MOST_GROWTH ? `${Math.round(grown / 2 ** 20)} MiB more memory` : null;
    }
  } finally {
    process.off("warning", onWarning);
    server.closeAllConnections();
    server.close();
  }
}

async function call(model: LanguageModel, fate: Fate, number: number, shared: AbortSignal): Promise<Trial> {
  const detail = `call ${number}, ${fate}`;
  const own = new AbortController();
  const signal = fate === "aborted" ? own.signal : shared;
  const late = sleep(MOST_MS, null, { ref: false });
  const reading = (async (): Promise<Trial> => {
    const tokens: string[] = [];
    try {
      if (fate === "aborted") setTimeout(() => own.abort(), number % 50);
      const generation = model.generate(`${fate} ${number}`, { maxTokens: 4, signal });
      for await (const { text, logprob } of generation) {
        tokens.push(`${text} ${logprob}`);
        if (fate === "left") break;
      }
      const right = tokens.every((token) => token === `${number} ${-1 - number}`);
      const isWhole = generation.end !== null && !generation.end.partial;
      if (!right || (isWhole && tokens.length !== 3))
        return { verdict: "wrong", detail: `${detail}: ${tokens}` };
      if (isWhole && ["cut", "refused", "endless", "reset"].includes(fate))
        return { verdict: "wrong", detail: `${detail}: said to be whole` };
      return { verdict: "held", detail };
    } catch (error) {
      const code = SurprisalError.isInstance(error) ? error.code : null;
      const isKnown = code !== null && code !== "INTERNAL" && ERROR_CODES.includes(code);
      const isFair = isKnown && !["whole", "slow", "left"].includes(fate);
      return { verdict: isFair ? "refused" : "wrong", detail: `${detail}: ${code ?? error}` };
    }
  })();
  return (await Promise.race([reading, late])) ?? { verdict: "crashed", detail: `${detail}: no end` };
}

/** Says its own number in each token, in the way that the prompt names. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = "";
  for await (const piece of request) body += piece;
  const [, fate = "whole", digits = "0"] = /(\w+) (\d+)"/.exec(body) ?? [];
  const number = Number(digits);
  if (fate === "refused")
    return void response.writeHead(number % 2 ? 503 : 400).end('{"error":{"message":"no"}}');
  if (fate === "reset") return void response.destroy();
  response.writeHead(200, { "content-type": "text/event-stream" });
  const entry = JSON.stringify({ token: `${number}`, logprob: -1 - number, top_logprobs: [] });
  const event = `data: {"choices":[{"index":0,"delta":{"content":"${number}"},"logprobs":{"content":[${entry}]}}]}\n\n`;
  for (let i = 0; (i < 3 || fate === "endless") && !response.destroyed; i++) {
    response.write(event.repeat(i > 2 ? 50 : 1));
    if (fate === "cut" && i === 1) return void response.destroy();
    if (fate === "slow" || i > 2) await sleep(5);
  }
  response.write(
    'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"completion_tokens":3}}\n\n',
  );
  response.end("data: [DONE]\n\n");
}

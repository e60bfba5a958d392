/**
 * Servers of models that lie, stall and do not end. Afterwards every number that was given is true or was the server's to give,
 * no other host has seen the prompt or the key, no error says the key, and the process has neither grown nor hung.
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ERROR_CODES, seededRandom } from "../../src/core/index.ts";
import { attack, type Trial } from "./attack.ts";
import { HostileServer, KEY, type Scene, TRUTH } from "./hostile-server.ts";

const CHILD = fileURLToPath(new URL("servers-child.mjs", import.meta.url));
const TRIAL_MS = 15_000;
/** A process that asks takes about 80 MiB; an answer within its bounds of 8 MiB, its text and what is read of it some times that. */
const MOST_MEMORY_KIB = 500 * 1024;

interface Reply {
  records: { text: string; logprob: number | null }[];
  end?: { partial: boolean; warnings: string[] };
  error?: { code?: string; what?: string; where?: string; wayOut?: string; message?: string; stack?: string };
  mostMemory: number;
}

attack({
  name: "servers",
  short: 120,
  long: 500,
  async *trials({ count, seed }) {
    const server = await HostileServer.start();
    let child: ChildProcess | null = null;
    try {
      for (let i = 0; i < count; i++) {
        child ??= await start();
        const scene = server.play(seededRandom(seed * 100_003 + i));
        const reply = await ask(child, {
          source: scene.source,
          origin: server.origin,
          key: KEY,
          options: {
            attempts: 2,
            backoffMs: 1,
            patience: { connectMs: 1000, answerMs: 1000, silenceMs: 300, overallMs: 3000 },
          },
        });
        const trial = judge(
          scene,
          reply,
          server.leaks,
          `--seed ${seed}, trial ${i + 1}: ${scene.faults.join(", ")}`,
        );
        yield trial;
        if (trial.verdict === "crashed") {
          child.kill("SIGKILL");
          child = null;
        }
      }
    } finally {
      child?.kill("SIGKILL");
      await server.close();
    }
  },
});

function judge(scene: Scene, reply: Reply | null, leaks: number, how: string): Trial {
  if (reply === null) return { verdict: "crashed", detail: `${how}: no answer within ${TRIAL_MS / 1000} s` };
  const { mostMemory } = reply;
  if (mostMemory > MOST_MEMORY_KIB)
    return { verdict: "crashed", detail: `${how}: ${Math.round(mostMemory / 1024)} MiB of memory` };
  const wrong =
    leaks > 0 ? "the prompt or the key went to another host" : (faultOf(reply) ?? lieIn(scene, reply));
  if (wrong !== null)
    return { verdict: "wrong", detail: `${how}: ${wrong}; ${JSON.stringify(reply).slice(0, 800)}` };
  return { verdict: reply.error ? "refused" : "held", detail: how };
}

/** What is wrong with an error, or said of the key. */
function faultOf({ error, end }: Reply): string | null {
  if (JSON.stringify([error, end]).includes(KEY)) return "the key is said";
  if (!error) return null;
  const { code, what, where, wayOut, stack } = error;
  if (!ERROR_CODES.some((known) => known === code) || code === "INTERNAL")
    return `an error without a code: ${stack}`;
  // A server's own words are all that there is to say of its error.
  const isServers = code === "SERVER_ERROR";
  return what && where && (wayOut || isServers) ? null : `${code} without what, where or a way out`;
}

/** What is not true among the numbers, or not said. */
function lieIn({ harm }: Scene, { records, end, error }: Reply): string | null {
  if (harm === "whole") {
    const same =
      records.length === TRUTH.length &&
      TRUTH.every(({ text, logprob }, i) => records[i]!.text === text && records[i]!.logprob === logprob);
    return same && end && !end.partial ? null : "the answer is not what the server said";
  }
  const impossible = records.find(({ logprob }) => logprob !== null && !(logprob <= 0));
  if (impossible) return `${impossible.logprob} is the logarithm of no probability`;
  const known = TRUTH.map(({ logprob }) => logprob);
  const other = records.find(({ logprob }) => logprob !== null && !known.includes(logprob));
  if (other) return `the server never said ${other.logprob}`;
  const isShort = records.filter(({ logprob }) => logprob !== null).length < TRUTH.length;
  if (harm === "broken" && isShort && !error && !end?.partial)
    return "an answer that broke off is said to be whole";
  if (isShort && !error && !end?.partial) return "numbers are missing in silence";
  return null;
}

async function start(): Promise<ChildProcess> {
  const child = fork(CHILD, { stdio: "ignore", serialization: "advanced" });
  await new Promise<void>((resolve, reject) => {
    child.once("message", () => resolve());
    child.once("exit", () => reject(new Error("the process that asks does not start: npm run build")));
  });
  return child;
}

/** `null`: it died, or did not answer in time. */
async function ask(child: ChildProcess, question: object): Promise<Reply | null> {
  if (child.exitCode !== null || child.signalCode !== null) return null;
  return await new Promise((resolve) => {
    const settle = (reply: Reply | null) => {
      clearTimeout(timer);
      child.off("exit", onExit).off("message", onMessage);
      resolve(reply);
    };
    const onExit = () => settle(null);
    const onMessage = (reply: unknown) => settle(reply as Reply);
    const timer = setTimeout(() => settle(null), TRIAL_MS);
    child.once("exit", onExit).once("message", onMessage);
    child.send(question);
  });
}

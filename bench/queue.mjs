/**
 * Workers behind a queue on a real Redis: how four of them compare with one on a model that sleeps instead of
 * computing, and what the queue itself costs, with a model that does nothing. Every worker is a process of its own.
 */
import { fork, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { emptyColumns, planWindows } from "../dist/core/index.js";
import { queueExecutor, work } from "../dist/evaluate/queue/index.js";
import { TableModel } from "../dist/models/test/index.js";
import { row, send } from "./_shared.mjs";

const TOKENS = 512; // of a shard
const SLEEP_MS = 100; // of a shard
const SHARDS = { sleeping: 160, idle: 400 };
const BLOCKS = 5; // of idle shards; the median counts

/** A model whose every number is missing, and which takes so long for them. */
function sleeper(ms) {
  const table = TableModel.bytes();
  return {
    identity: { ...table.identity, sha256: "0".repeat(64) },
    settings: { engine: "none", ms },
    async *scoreTokens(_ids, _plan, { signal } = {}) {
      if (ms > 0) await sleep(ms, undefined, signal && { signal });
      yield { start: 1, ...emptyColumns(TOKENS - 1, 0), tokensRun: TOKENS, decodeMs: ms };
    },
  };
}

const [, script, mode, url, ms] = process.argv;
if (mode === "worker") {
  const models = [sleeper(Number(ms))];
  const onEvent = ({ type }) => type === "joined" && process.send(type);
  await work(url, { models, onEvent, signal: new AbortController().signal });
} else if (spawnSync("redis-server", ["--version"]).status !== 0) {
  console.error("bench: queue is left out, redis-server is not installed");
  send([]);
} else send(await measure());

async function measure() {
  const folder = mkdtempSync(join(tmpdir(), "surprisal-bench-"));
  const port = await freePort();
  const args = { port, bind: "127.0.0.1", dir: folder, save: "", appendonly: "no" };
  const redis = spawn(
    "redis-server",
    Object.entries(args).flatMap(([name, value]) => [`--${name}`, `${value}`]),
    {
      stdio: "ignore",
    },
  );
  const address = `redis://127.0.0.1:${port}`;
  try {
    await sleep(500);
    const [one] = await times(address, 1, SLEEP_MS, SHARDS.sleeping);
    const [four] = await times(address, 4, SLEEP_MS, SHARDS.sleeping);
    const idle = median(await times(address, 1, 0, SHARDS.idle, BLOCKS));
    const each = (time) => `${(time / SHARDS.sleeping).toFixed(1)} ms a shard`;
    return [
      row(
        "four workers against one, on a model that sleeps 100 ms a shard",
        one / four,
        ">=",
        3.8,
        `${each(one)}, ${each(four)}`,
      ),
      row("the queue's own cost, ms per shard of 512 tokens", idle / SHARDS.idle, "<=", 2),
    ];
  } finally {
    redis.kill("SIGKILL");
    await once(redis, "exit");
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds for the shards, all workers being there, block by block. */
async function times(address, workers, ms, count, blocks = 1) {
  const model = sleeper(ms);
  const executor = await queueExecutor(address, { model, reference: "none" });
  const children = Array.from({ length: workers }, () => fork(script, ["worker", address, `${ms}`]));
  const ended = children.map((child) => once(child, "exit"));
  try {
    await Promise.all(children.map((child) => once(child, "message")));
    const ids = Int32Array.from({ length: TOKENS }, (_, i) => i % 256);
    const plan = planWindows(TOKENS, { method: "full", context: null, prefix: null });
    const shard = { parts: [{ documentIndex: 0, ids, plan, range: { start: 1, end: TOKENS } }] };
    await runAll(executor, shard, 8 * workers); // code and connections warm up
    const taken = [];
    while (taken.length < blocks) {
      const start = performance.now();
      await runAll(executor, shard, count);
      taken.push(performance.now() - start);
    }
    return taken;
  } finally {
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(ended);
    await executor[Symbol.asyncDispose]();
  }
}

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

async function runAll(executor, shard, count) {
  const running = new Set();
  for (let i = 0; i < count; i++) {
    while (running.size >= executor.slots) await Promise.race(running);
    const done = executor.run(shard).finally(() => running.delete(done));
    running.add(done);
  }
  await Promise.all(running);
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

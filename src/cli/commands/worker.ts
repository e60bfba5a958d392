/** `surprisal worker`: does the work of a run that another machine coordinates. */
import type { ParsedArgs } from "citty";
import { type WorkerEvent, work } from "../../evaluate/index.ts";
import { formatRate, visible } from "../../text/index.ts";
import { readArguments, usage, valuesOf, wholeNumber } from "../arguments.ts";
import { printEvent } from "../json.ts";
import type { Command } from "../usage.ts";

// biome-ignore format: one option a line
const args = {
  queue: { type: "string", valueHint: "URL", description: "Redis that holds the queue: redis://[user:password@]host[:port][/database], rediss:// for TLS (default: $SURPRISAL_QUEUE)" },
  model: { type: "string", alias: "m", valueHint: "REF", description: "Model that this worker may use, by name or path; may be given several times (default: what a run names, where it is found here under that name)" },
  engines: { type: "string", valueHint: "N", description: "Models in memory that work side by side (default: one per core for a model under 32 MB, else one)" },
  threads: { type: "string", valueHint: "N", description: "Threads of each (default: one per core, at most 16; one for a model under 32 MB)" },
  json: { type: "boolean", description: "What happens as JSON, one event a line, on standard output", default: false },
  quiet: { type: "boolean", alias: "q", description: "Print nothing", default: false },
} as const;

type Arguments = ParsedArgs<typeof args>;

const command: Command = {
  name: "worker",
  description: `Work for runs of \`surprisal eval --queue\` on other machines, until Ctrl-C

A run goes to workers with the same surprisal, the same model file (by sha256) and the same engine only, so its numbers are those of
one machine. Ctrl-C finishes what is under way, or gives it back after 5 s; a second one ends the worker at once. See
docs/distributed.md.

Examples:
  surprisal worker --queue redis://host:6379
  surprisal worker --queue redis://host:6379 --model model.gguf --json`,
  args,
  async run(rawArgs) {
    const given = readArguments(rawArgs, args);
    const queue = given.queue ?? process.env.SURPRISAL_QUEUE;
    if (queue === undefined) throw usage("--queue is missing: the address of a Redis");
    const engines = wholeNumber(given.engines, "engines", 1, 1024);
    const threads = wholeNumber(given.threads, "threads", 1, 1024);
    const stop = new AbortController();
    // Of each only the first is ours: the second ends the process.
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
    await work(queue, {
      models: valuesOf(rawArgs, args, "model"),
      engines,
      signal: stop.signal,
      load: threads === undefined ? {} : { threads },
      onEvent: reporter(given),
    });
    process.exit(); // where Redis is away, BullMQ would wait for it
  },
};
export default command;

function reporter({ json, quiet }: Arguments): (event: WorkerEvent) => void {
  if (json) return printEvent;
  if (quiet) return () => {};
  const shards = new ShardReport();
  return (event) => {
    const line = shards.lineFor(event) ?? lineFor(event);
    if (line) process.stderr.write(`${visible(line)}\n`);
  };
}

function lineFor(event: WorkerEvent): string | null {
  switch (event.type) {
    case "ready":
      return `waiting for work at ${event.queue}, as ${event.worker}`;
    case "loading":
      return `loading ${event.model}`;
    case "joined":
      return `working with ${event.model}, ${event.slots} ${event.slots === 1 ? "shard" : "shards"} at a time`;
    case "refused":
      return `cannot help with ${event.model}: ${event.reason}`;
    case "failed":
      return `${event.shard} failed: ${event.reason}`;
    case "given-back":
      return `${event.shard} was given back`;
    case "left":
      return { over: "that run is over", silent: "that run's coordinator has gone", stopped: "stopped" }[
        event.reason
      ];
    case "redis-away":
      return `Redis is away (${event.queue}); waiting for it`;
    case "redis-back":
      return "Redis is back";
    default:
      return null;
  }
}

/** One line about many shards. */
class ShardReport {
  #shards = 0;
  #tokens = 0;
  #since = performance.now();

  lineFor(event: WorkerEvent): string | null {
    if (event.type === "joined") this.#since = performance.now();
    if (event.type !== "done") return null;
    this.#shards++;
    this.#tokens += event.tokensRun;
    const now = performance.now();
    const ms = now - this.#since;
    if (ms < REPORT_MS) return null;
    const line = `${this.#shards} shards, ${this.#tokens} tokens, ${formatRate((1000 * this.#tokens) / ms, "tokens")}`;
    [this.#shards, this.#tokens, this.#since] = [0, 0, now];
    return line;
  }
}

/** Pause between two lines about what was done, milliseconds. */
const REPORT_MS = 10_000;

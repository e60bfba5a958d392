/** `surprisal worker`: does the work of a run that another machine coordinates. */
import { type WorkerEvent, work } from "../../evaluate/index.ts";
import { KERNELS } from "../../models/index.ts";
import { formatRate, visible } from "../../text/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { usage } from "../errors.ts";
import { printEvent } from "../json.ts";
import { LOAD_OPTIONS } from "../load-options.ts";
import { flag, oneOf, option, repeated, text, type Values } from "../parameters.ts";
import { COUNT } from "../shared-options.ts";

// biome-ignore format: one option a line
const parameters = {
  queue: option(text, { hint: "URL", description: "Redis that holds the queue: redis://[user:password@]host[:port][/database], rediss:// for TLS (default: $SURPRISAL_QUEUE)" }),
  model: repeated(text, { short: "m", hint: "REF", description: "Model that this worker may use, by name or path; may be given several times (default: what a run names, where it is found here under that name)" }),
  engines: option(COUNT, { hint: "N", description: "Models in memory that work side by side (default: one per core for a model under 32 MB, else one)" }),
  threads: LOAD_OPTIONS.threads,
  kernels: option(oneOf(KERNELS), { hint: "native|portable", description: "portable: take part in no run whose kernels are AMX (default: the kernels of the run, where this CPU has them)" }),
  json: flag({ description: "What happens as JSON, one event a line, on standard output" }),
  quiet: flag({ short: "q", description: "Print nothing" }),
};

type Given = Values<typeof parameters>;

const command: Command = defineCommand({
  details: `A run goes to workers with the same surprisal, the same model file (by sha256) and the same engine and kernels only, so its numbers are
those of one machine. A worker loads the build of the CPU code that the run's coordinator has. Ctrl-C finishes what is under way, or gives it back after 5 s; a second one ends the worker at once. See
docs/distributed.md.

Examples:
  surprisal worker --queue redis://host:6379
  surprisal worker --queue redis://host:6379 --model model.gguf --json`,
  parameters,
  async run(given) {
    const { model: models, engines, threads, kernels, queue = process.env.SURPRISAL_QUEUE } = given;
    if (queue === undefined) throw usage("--queue is missing: the address of a Redis");
    const stop = new AbortController();
    // Of each only the first is ours: the second ends the process.
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
    await work(queue, {
      models,
      engines,
      signal: stop.signal,
      load: { threads, kernels },
      onEvent: reporter(given),
    });
    process.exit(); // where Redis is away, BullMQ would wait for it
  },
});
export default command;

function reporter({ json, quiet }: Given): (event: WorkerEvent) => void {
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
    case "malformed":
      return `something in this Redis is not what it must be (${event.what}), and is left out; so will others be, without a word`;
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

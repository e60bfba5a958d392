/** Runs over a queue on a real Redis, with workers and coordinators in processes of their own that are killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Corpus,
  type EvaluateOptions,
  evaluate,
  queueExecutor,
  type Run,
  resumeEvaluation,
  type WorkerEvent,
} from "../src/evaluate/index.ts";
import { loadLlamaLibrary } from "../src/models/index.ts";
import { BUILT, runCommand } from "./cli-run.ts";
import { mini } from "./mini.ts";
import { needing } from "./needing.ts";
import { RedisServer, withoutRedis } from "./redis-server.ts";

const MAIN = `${BUILT}cli/main.js`;
const STORY = readFileSync(fileURLToPath(new URL("../docs/errors.md", import.meta.url)), "utf8");

/** Documents of many lengths: long ones of several windows, short ones that share batches, one with nothing in it. */
const TEXTS = [
  STORY.slice(0, 5000),
  "One short text.",
  STORY.slice(500, 1100),
  "",
  STORY.slice(3000, 6000),
  ...Array.from({ length: 5 }, (_, i) => STORY.slice(9000 + 400 * i, 9200 + 450 * i)),
  STORY.slice(100, 8000),
];

/** Texts that take about as long as each other. */
const texts = (count: number, length: number): string[] =>
  Array.from({ length: count }, (_, i) => STORY.slice(1000 * i, 1000 * i + length));

const corpusOf = (documents: readonly string[]): Corpus => ({
  ...{ name: "texts", source: "texts", domain: null, rule: { name: "texts", source: null } },
  async *documents() {
    for (const [i, text] of documents.entries()) yield { name: `text ${i}`, text };
  },
});

/** `surprisal worker --json` in a process of its own. */
class WorkerProcess implements AsyncDisposable {
  readonly events: WorkerEvent[] = [];
  readonly process: ChildProcess;
  readonly #end: Promise<unknown>;

  constructor(url: string, ...options: (string | NodeJS.ProcessEnv)[]) {
    const given = options.filter((option) => typeof option === "string");
    const args = [MAIN, "worker", "--queue", url, "--json", "--engines", "1", ...given];
    const env = Object.assign({ ...process.env }, ...options.filter((option) => typeof option !== "string"));
    this.process = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], env });
    this.#end = once(this.process, "close");
    createInterface({ input: this.process.stdout! }).on("line", (line) => this.events.push(JSON.parse(line)));
  }

  count(type: WorkerEvent["type"]): number {
    return this.events.filter((event) => event.type === type).length;
  }

  /** It is in the middle of a shard. */
  get busy(): boolean {
    return this.count("begun") > this.count("done") + this.count("given-back") + this.count("failed");
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.process.kill(signal);
    await this.#end;
    return this.process.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGKILL");
  }
}

async function until(condition: () => boolean, ms = 30_000): Promise<void> {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${condition}`);
    await sleep(5);
  }
}

const runnable = loadLlamaLibrary().cpuBuilds.filter(({ score }) => score > 0);
const [best] = runnable;
const other = runnable.find(({ name }) => name === (best?.name === "haswell" ? "x64" : "haswell"));
const withoutOther = (!best || !other) && "this CPU runs builds of one kind";

/** What must not depend on who did the work. */
const numbers = ({ results }: Run) =>
  results.map(({ timing, ...result }) => ({ ...result, run: timing.tokensRun }));

needing(withoutRedis).describe("a run over a queue", () => {
  let [server, folder]: [RedisServer, string] = [undefined as never, ""];
  beforeAll(async () => {
    server = await RedisServer.start();
    folder = mkdtempSync(join(tmpdir(), "surprisal-queue-"));
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const options = (documents: readonly string[], more: Partial<EvaluateOptions> = {}): EvaluateOptions => ({
    ...{ models: ["mini"], corpora: [corpusOf(documents)], load: { threads: 1, device: "cpu" }, engines: 1 },
    ...more,
  });
  const queued = (
    url: string,
    documents: readonly string[],
    more?: Partial<EvaluateOptions>,
  ): EvaluateOptions =>
    options(documents, {
      executor: (model, reference) =>
        queueExecutor(url, { model, reference, load: { device: "cpu" }, leaseMs: 1500 }),
      ...more,
    });

  it.each(["cached", "llama.cpp"])("gives the numbers of one process: %s", async (recipe) => {
    await using first = new WorkerProcess(server.url);
    await using second = new WorkerProcess(server.url, "--model", await mini());
    await until(() => first.count("ready") + second.count("ready") === 2);
    const [documents, alone]: [unknown[], unknown[]] = [[], []];
    const into = (list: unknown[]) => (entry: { documentIndex: number }) => {
      list[entry.documentIndex] = entry;
    };
    const run = await evaluate(queued(server.url, TEXTS, { recipe, onDocument: into(documents) }));
    const expected = await evaluate(options(TEXTS, { recipe, onDocument: into(alone) }));
    expect(numbers(run)).toEqual(numbers(expected));
    expect(documents).toEqual(alone);
    expect(first.count("failed") + second.count("failed")).toBe(0);
    expect(await first.end("SIGTERM")).toBe(0);
  });

  needing(withoutOther).it(
    "has one build of the CPU code: the coordinator's, which a worker loads or stays out",
    async () => {
      const [text, place] = [join(folder, "kernels.txt"), join(folder, "kernels-run")];
      writeFileSync(text, STORY.slice(0, 8000));
      const evaluation = ["eval", text, "-m", "mini", "--device", "cpu", "--engines", "1", "-q"];
      const environment = { SURPRISAL_CPU_BUILD: other!.name };
      await using fixed = new WorkerProcess(server.url, { SURPRISAL_CPU_BUILD: best!.name });
      const queue = ["--queue", server.url, "--run", place];
      const running = runCommand([...evaluation, ...queue], { environment });
      await until(() => fixed.count("refused") === 1);
      await using free = new WorkerProcess(server.url, { SURPRISAL_CPU_BUILD: "" });
      expect(await running).toMatchObject({ code: 0 });
      expect(free.count("done")).toBeGreaterThan(0);
      expect(fixed.events.find(({ type }) => type === "refused")).toMatchObject({
        reason: expect.stringContaining(`cpu (${best!.name}) here and cpu (${other!.name}) there`),
      });

      const alone = `${place}-alone`;
      expect(await runCommand([...evaluation, "--run", alone], { environment })).toMatchObject({ code: 0 });
      const [queued, expected] = [place, alone].map((run) =>
        numbers(JSON.parse(readFileSync(join(run, "run.json"), "utf8"))),
      );
      expect(queued).toEqual(expected);
    },
  );

  it("loses nothing with a worker that is killed in the middle of a shard", async () => {
    const long = texts(3, 6000);
    await using doomed = new WorkerProcess(server.url);
    const running = evaluate(queued(server.url, long));
    await until(() => doomed.busy);
    await doomed.end("SIGKILL");
    expect(doomed.busy).toBe(true);
    await using other = new WorkerProcess(server.url);
    expect(numbers(await running)).toEqual(numbers(await evaluate(options(long))));
    expect(other.count("done")).toBe(long.length - doomed.count("done"));
  });

  it("gives up a text that kills every worker", async () => {
    const executor: EvaluateOptions["executor"] = (model, reference) =>
      queueExecutor(server.url, { model, reference, leaseMs: 500 });
    const running = evaluate(queued(server.url, texts(1, 60_000), { executor })); // longer than a busy machine takes to end a worker
    const failed = expect(running).rejects.toMatchObject({ code: "QUEUE_SHARD_LOST" });
    for (let deaths = 0; deaths < 3; deaths++) {
      await using worker = new WorkerProcess(server.url);
      await until(() => worker.busy);
    }
    await using worker = new WorkerProcess(server.url);
    await failed;
    expect(worker.count("begun")).toBe(0);
  });

  it("goes on after Redis was killed and has lost everything", async () => {
    await using own = await RedisServer.start();
    await using worker = new WorkerProcess(own.url);
    const many = texts(8, 3000);
    const running = evaluate(queued(own.url, many));
    await until(() => worker.count("done") >= 2 && worker.busy);
    await own.kill();
    await sleep(300);
    await own.start();
    expect(numbers(await running)).toEqual(numbers(await evaluate(options(many))));
    expect([worker.count("redis-away"), worker.count("redis-back")]).toEqual([1, 1]);
  });

  it("is left by worker and coordinator that are stopped while Redis is away", async () => {
    await using own = await RedisServer.start();
    await using worker = new WorkerProcess(own.url);
    const stop = new AbortController();
    const running = evaluate(queued(own.url, texts(20, 3000), { signal: stop.signal }));
    await until(() => worker.busy);
    await own.kill();
    await until(() => worker.count("redis-away") === 1);
    const ended = worker.end("SIGTERM");
    stop.abort();
    await expect(running).rejects.toMatchObject({ code: "ABORTED" });
    expect(await ended).toBe(0);
  });

  it("is gone on with after its coordinator was killed", async () => {
    await using worker = new WorkerProcess(server.url);
    const some = texts(5, 3000);
    const run = join(folder, "killed");
    const coordinator = spawn(process.execPath, ["--input-type=module", "-e", COORDINATOR], {
      env: {
        ...process.env,
        TEXTS: JSON.stringify(some),
        RUN: run,
        URL: server.url,
        BUILT,
      },
      stdio: ["ignore", "ignore", "inherit"],
    });
    const ended = once(coordinator, "close");
    await until(() => worker.count("done") >= 2);
    coordinator.kill("SIGKILL");
    await ended;
    const resumed = await resumeEvaluation({ ...queued(server.url, some), folder: run });
    expect(numbers(resumed)).toEqual(numbers(await evaluate(options(some))));
  });

  it("is refused by a worker with another file, which says so and stays", async () => {
    await using worker = new WorkerProcess(server.url, "--model", await mini("F16"));
    const executor: EvaluateOptions["executor"] = (model, reference) =>
      queueExecutor(server.url, { model, reference, patienceMs: 1000 });
    await expect(evaluate(queued(server.url, TEXTS, { executor }))).rejects.toMatchObject({
      code: "QUEUE_NO_WORKER",
      what: expect.stringContaining("is another file"),
    });
    expect([worker.count("refused"), worker.count("begun")]).toEqual([1, 0]);
    expect(await worker.end("SIGINT")).toBe(0);
  });
});

/** Begins a run that is killed. */
const COORDINATOR = `
  const { BUILT, TEXTS, RUN, URL: queue } = process.env;
  const { evaluate, queueExecutor } = await import(BUILT + "evaluate/index.js");
  const texts = JSON.parse(TEXTS);
  const corpus = { name: "texts", source: "texts", domain: null, rule: { name: "texts", source: null },
    async *documents() { for (const [i, text] of texts.entries()) yield { name: "text " + i, text }; } };
  await evaluate({ models: ["mini"], corpora: [corpus], load: { threads: 1, device: "cpu" }, engines: 1, folder: RUN,
    executor: (model, reference) => queueExecutor(queue, { model, reference, load: { device: "cpu" } }) });
`;

describe("surprisal worker", () => {
  it("needs an address", async () => {
    const { code, stderr } = await runCommand(["worker"], { environment: { SURPRISAL_QUEUE: undefined } });
    expect(code).toBe(2);
    expect(stderr).toContain("--queue is missing");
  });

  it("says that Redis does not answer", async () => {
    const { code, stderr } = await runCommand(["worker", "--queue", "redis://:s3cret@127.0.0.1:1"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/redis:\/\/127\.0\.0\.1:1.*\n.*\[QUEUE_UNREACHABLE\]/);
    expect(stderr).not.toContain("s3cret");
  });
});

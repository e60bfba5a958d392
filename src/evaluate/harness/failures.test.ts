/** What goes wrong while a run is under way, and what is left of it. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NO_MOUNTS, needing } from "../../../test/needing.ts";
import { SurprisalError } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { TableModel } from "../../models/test/index.ts";
import type { Corpus } from "../corpora/corpus.ts";
import type { Run } from "../runs/run.ts";
import { readRun } from "../runs/run-file.ts";
import type { Task } from "../tasks/index.ts";
import { evaluate, resumeEvaluation } from "./evaluate.ts";
import type { EvaluateOptions } from "./options.ts";
import { scoreShard } from "./shard.ts";

const TEXTS = Array.from(
  { length: 12 },
  (_, i) => `This is text ${i}, ${"and so on, ".repeat(i * 9)}the end.`,
);

function corpusOf(texts: readonly string[], originals: readonly string[] = texts): Corpus {
  return {
    name: "texts",
    source: "texts",
    domain: null,
    rule: { name: "list", source: null },
    async *documents() {
      for (const [i, text] of texts.entries()) yield { name: `text:${i}`, text, original: originals[i]! };
    },
  };
}

/** Several at once, which are done in an order of their own. @param fail is asked before each shard. */
function unruly(fail: (document: number) => unknown, slots = 3): EvaluateOptions["executor"] {
  return async (model) => ({
    slots,
    async run(shard, options) {
      const { documentIndex: document } = shard.parts[0]!;
      await new Promise((resolve) => setTimeout(resolve, (document * 7) % 5));
      const error = fail(document);
      if (error) throw error;
      return scoreShard(model, shard, options);
    },
    async [Symbol.asyncDispose]() {},
  });
}

const numbers = (run: Run) => run.results.map(({ timing, ...result }) => result);
const gone = () => new SurprisalError({ code: "SERVER_UNREACHABLE", what: "gone" });

/** A model that scores documents one by one. */
function bytes(): LanguageModel {
  const model = TableModel.bytes();
  return Object.assign(Object.create(model) as LanguageModel, {
    capabilities: { ...model.capabilities, fork: false },
    tokenize: model.tokenize.bind(model),
    score: model.score.bind(model),
    scoreTokens: model.scoreTokens.bind(model),
  });
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-failures-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a run in which something fails", () => {
  const options = (): EvaluateOptions & { folder: string } => ({
    models: [bytes()],
    corpora: [corpusOf(TEXTS)],
    folder: join(folder, "run ü"),
    tokens: true,
  });

  it("keeps what other engines have done, with holes, and is made whole", async () => {
    const expected = numbers(await evaluate({ ...options(), folder: undefined }));
    const executor = unruly((document) => (document === 4 ? gone() : null));
    const two = { ...options(), models: [bytes(), bytes()], executor };
    await expect(evaluate(two)).rejects.toThrow(expect.objectContaining({ code: "SERVER_UNREACHABLE" }));
    const run = readRun(two.folder);
    expect(run).toMatchObject({ status: "failed", failures: [{ modelIndex: 0 }, { modelIndex: 1 }] });
    const rows = await parquetReadObjects({ file: parquet(two.folder) });
    expect(new Set(rows.map(({ document }) => document)).has("text:4")).toBe(false);
    expect(rows.length).toBeGreaterThan(100);
    const whole = await resumeEvaluation({ ...two, executor: unruly(() => null) });
    expect(numbers(whole).map(({ modelIndex, ...result }) => ({ modelIndex: 0, ...result }))).toEqual([
      ...expected,
      ...expected,
    ]);
  });

  it("has a hole where a model could not be opened", async () => {
    const models = [join(folder, "missing.gguf"), bytes()];
    const first = await failureOf(evaluate({ ...options(), models }));
    expect(first).toMatchObject({ code: expect.stringMatching(/./) }); // said before anything is scored
    const working = { ...options(), models: [bytes(), bytes()] };
    const begun = { ...working, executor: async () => Promise.reject(gone()) };
    await failureOf(evaluate(begun));
    const run = await resumeEvaluation({ ...working, models });
    expect(run).toMatchObject({
      status: "failed",
      failures: [{ modelIndex: 0 }],
      results: [{ modelIndex: 1 }],
    });
    expect(existsSync(join(working.folder, "tokens.parquet"))).toBe(true);
  });

  it("leaves nothing behind when it could not begin: no model could be opened, or no corpus read", async () => {
    const missing = ["missing.gguf", "nor.gguf"].map((name) => join(folder, name));
    for (const models of [missing.slice(0, 1), missing, [missing[0]!, bytes()]]) {
      await failureOf(evaluate({ ...options(), folder: join(folder, "runs", "run"), models }));
      expect(readdirSync(folder)).toEqual([]);
    }
    expect(await failureOf(evaluate({ ...options(), corpora: [corpusOf([])] }))).toMatchObject({
      code: "EMPTY_INPUT",
    });
    expect(readdirSync(folder)).toEqual([]);
    // The name is free for a run that can begin; what that has done stays when it is gone on with in vain.
    await evaluate({ ...options(), executor: async () => Promise.reject(gone()) }).catch(() => {});
    await failureOf(resumeEvaluation({ ...options(), models: missing.slice(0, 1) }));
    expect(numbers(await resumeEvaluation(options()))).toHaveLength(1);
  });

  it.each([0, 1, 5, 11])("is stopped by a signal after %i documents, and gone on with", async (count) => {
    const expected = numbers(await evaluate({ ...options(), folder: undefined }));
    const given = { ...options(), executor: unruly(() => null) };
    stopAfter(given, count);
    const error = await failureOf(evaluate(given));
    expect(error).toMatchObject({ code: "ABORTED" });
    expect(readdirSync(folder)).not.toContain("lock");
    if (!existsSync(join(given.folder, "run.json"))) return; // stopped while the corpus was read
    expect(numbers(await resumeEvaluation(options()))).toEqual(expected);
  });

  it("frees its folder at once when the signal comes before a model is open", async () => {
    const whole = await evaluate({ ...options(), folder: undefined });
    for (const phase of ["corpora are read", "models open"]) {
      const controller = new AbortController();
      const given = { ...options(), signal: controller.signal };
      let next: Promise<Run> | undefined;
      const stop = () => {
        if (next) return;
        controller.abort();
        expect(existsSync(given.folder), phase).toBe(false);
        next = evaluate(options()); // the folder is another's from now on
      };
      const corpus: Corpus = {
        ...corpusOf(TEXTS),
        async *documents() {
          if (phase === "corpora are read") stop();
          yield* corpusOf(TEXTS).documents();
        },
      };
      const server = createServer((_, response) => {
        stop();
        response.writeHead(401).end();
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const remote = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1#model`;
      const models = phase === "models open" ? [remote] : given.models;
      await failureOf(evaluate({ ...given, models, corpora: [corpus] }));
      expect(numbers(await next!), phase).toEqual(numbers(whole));
      expect(readRun(given.folder).status).toBe("complete");
      rmSync(given.folder, { recursive: true });
      server.close();
    }
  });

  it("stops when the corpus fails in its second reading, after what is under way", async () => {
    let reads = 0;
    const broken: Corpus = {
      ...corpusOf(TEXTS),
      async *documents() {
        const second = reads++ === 1;
        let count = 0;
        for await (const document of corpusOf(TEXTS).documents()) {
          if (second && count++ === 7) throw new SurprisalError({ code: "FILE_UNREADABLE", what: "gone" });
          yield document;
        }
      },
    };
    const given = { ...options(), corpora: [broken], executor: unruly(() => null) };
    expect(await failureOf(evaluate(given))).toMatchObject({ code: "FILE_UNREADABLE" });
    const journal = readFileSync(join(given.folder, "journal.jsonl"), "utf8");
    expect(journal.match(/"type":"document"/g)).toHaveLength(7);
    const run = await resumeEvaluation(options());
    expect(numbers(run)).toEqual(numbers(await evaluate({ ...options(), folder: undefined })));
  });

  it.each(["onDocument", "onProgress", "onResult", "onItem"] as const)(
    "passes on what %s throws, which is not the model's failure",
    async (name) => {
      const mistake = new Error("the caller's mistake");
      const throwing = () => {
        throw mistake;
      };
      const given = { ...options(), tasks: [TASK] };
      expect(await failureOf(evaluate({ ...given, [name]: throwing }))).toBe(mistake);
      expect(readRun(given.folder).failures).toEqual([]);
      expect((await resumeEvaluation(given)).status).toBe("complete");
    },
  );

  it("does not go on with other examples in front of the questions", async () => {
    const given = { ...options(), tasks: [TASK], corpora: [] };
    const asked = { ...given, fewShot: { count: 1, examples: TASK } };
    const stop = () => {
      throw new Error("stop");
    };
    await failureOf(evaluate({ ...asked, onItem: stop }));
    const other: Task = {
      ...TASK,
      async *items() {
        for await (const item of TASK.items()) yield { ...item, label: 1 };
      },
    };
    for (const fewShot of [null, { count: 2, examples: TASK }, { count: 1, examples: other }])
      expect(await failureOf(resumeEvaluation({ ...asked, fewShot }))).toMatchObject({
        code: "CORPUS_CHANGED",
      });
    expect((await resumeEvaluation(asked)).status).toBe("complete");
  });

  it("whose folder is gone says so", async () => {
    const given = options();
    const onDocument = () => rmSync(given.folder, { recursive: true, force: true });
    expect(await failureOf(evaluate({ ...given, onDocument }))).toMatchObject({ code: "FILE_UNWRITABLE" });
  });

  it("counts what is shown in bytes of what is scored, not of the original", async () => {
    const shares: number[] = [];
    await evaluate({
      models: [bytes()],
      corpora: [
        corpusOf(
          TEXTS,
          TEXTS.map((text) => text.repeat(3)),
        ),
      ],
      onProgress: ({ bytes, totalBytes, remainingMs }) => {
        shares.push(bytes / totalBytes);
        expect(remainingMs ?? 0).toBeGreaterThanOrEqual(0);
      },
    });
    expect(Math.max(...shares)).toBeLessThanOrEqual(1 + 1e-9);
    expect(shares.at(-1)).toBeCloseTo(1, 9);
  });

  needing(NO_MOUNTS).it(
    "on a disk that becomes full or read-only says so (needs root, to mount a small disk)",
    async (context) => {
      try {
        execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], { stdio: "ignore" });
      } catch {
        context.skip("no file system can be mounted here");
      }
      const remount = (how: string) => execFileSync("mount", ["-o", `remount,${how}`, folder]);
      try {
        const given = options();
        stopAfter(given, 2);
        await failureOf(evaluate(given));
        remount("ro");
        const begun = options();
        expect(await failureOf(resumeEvaluation(begun))).toMatchObject({ code: "FILE_UNWRITABLE" });
        const other = join(folder, "other");
        expect(await failureOf(evaluate({ ...begun, folder: other }))).toMatchObject({
          code: "FILE_UNWRITABLE",
        });
        remount("rw");
        expect((await resumeEvaluation(begun)).status).toBe("complete");
        const whileTokensAreWritten = { ...begun, folder: other, onResult: () => fill(folder) };
        expect(await failureOf(evaluate(whileTokensAreWritten))).toMatchObject({
          code: "DISK_FULL",
        });
        expect(readdirSync(other)).not.toContain("tokens.parquet");
        expect(readdirSync(other)).not.toContain("tokens.parquet.part");
        rmSync(join(folder, "filler"));
        expect((await resumeEvaluation({ ...begun, folder: other })).status).toBe("complete");
      } finally {
        execFileSync("umount", [folder]);
      }
    },
  );
});

const TASK: Task = {
  name: "task",
  source: "task",
  kind: "multiple-choice",
  form: { name: "choices", source: null },
  async *items() {
    for (let i = 0; i < 4; i++)
      yield { where: `task:${i}`, context: `q${i}`, choices: ["a", "bb"], label: 0, delimiter: " " };
  },
};

/** Leaves a few kilobytes of a small disk: enough for run.json, too few for the tokens. */
function fill(folder: string): void {
  const file = join(folder, "filler");
  writeFileSync(file, "");
  try {
    for (;;) appendFileSync(file, new Uint8Array(4096));
  } catch {
    truncateSync(file, statSync(file).size - 16_384);
  }
}

function parquet(folder: string): ArrayBuffer {
  const bytes = readFileSync(join(folder, "tokens.parquet"));
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => {
      throw new Error("nothing failed");
    },
    (error: unknown) => error,
  );
}

/** Gives the signal after some documents. */
function stopAfter(options: EvaluateOptions, count: number): void {
  const controller = new AbortController();
  if (count === 0) controller.abort();
  let documents = 0;
  options.signal = controller.signal;
  options.onDocument = () => {
    if (++documents === count) controller.abort();
  };
}

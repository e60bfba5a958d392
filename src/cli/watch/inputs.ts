/** Where a command's runs come from: logs on disk, lines on standard input, lines that trainers post. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { SurprisalError } from "../../core/index.ts";
import { readFailure } from "../../files/index.ts";
import {
  type CollectorOptions,
  JsonLinesReader,
  LogCollector,
  type TrainingAlarm,
  type TrainingRun,
} from "../../train/index.ts";

/** Runs that grow. */
export interface RunInput {
  readonly name: string;
  /** Reads what has come. @returns whether anything has. */
  poll(final: boolean): Promise<boolean>;
  runs(): TrainingRun[];
  /** All that there is. @throws SurprisalError where there is no loss in it. */
  finish(): TrainingRun[];
  /** Nothing more can come. */
  readonly ended: boolean;
  close(): void;
}

const noLoss = (where: string): SurprisalError =>
  new SurprisalError({
    code: "EMPTY_INPUT",
    what: "No loss has come",
    where,
    wayOut: 'Lines are JSON, such as {"step": 20, "split": "valid", "loss": 3.21}.',
  });

/** JSON lines on standard input. */
export function standardInput(options: CollectorOptions): RunInput {
  const collector = new LogCollector({ name: "standard input", ...options });
  const reader = new JsonLinesReader(collector);
  const state = { ended: false, fresh: false };
  process.stdin.on("data", (bytes: Uint8Array) => {
    reader.push(bytes);
    state.fresh = true;
  });
  const ended = new Promise<void>((resolve, reject) => {
    process.stdin.on("end", resolve);
    process.stdin.on("error", (error) =>
      reject(readFailure(error, "standard input", { wayOutWhenMissing: "" })),
    );
  });
  ended.then(
    () => {
      state.ended = true;
    },
    () => {},
  );
  return {
    name: "-",
    async poll(final) {
      if (final) await ended;
      const { fresh } = state;
      state.fresh = false;
      return fresh;
    },
    runs: () => collector.runs(),
    finish() {
      reader.end();
      const runs = collector.finish();
      if (runs.length === 0) throw noLoss("standard input");
      return runs;
    },
    get ended() {
      return state.ended;
    },
    close: () => process.stdin.destroy(),
  };
}

const MOST_BODY = 4 * 2 ** 20;
const HERE = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/;

/** What a trainer is answered: whether to stop, and why. */
export type Advice = () => { stop: boolean; alarms: readonly TrainingAlarm[] };

/**
 * A server on this machine alone: POST lines (or one object, or an array of them) to /, and the answer says whether to stop.
 * What a page of a browser sends (it has an Origin, or a name of ours that is not) is refused.
 */
export async function listening(
  port: number,
  options: CollectorOptions,
  advice: Advice,
): Promise<RunInput & { port: number }> {
  const collector = new LogCollector({ name: "run", ...options });
  let [line, fresh] = [0, false];
  const take = (value: unknown): boolean => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
    collector.record(value as Record<string, unknown>, ++line);
    fresh = true;
    return true;
  };
  const reader = new JsonLinesReader(collector);
  const server: Server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const say = (status: number, body: object) =>
      response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
    if (request.headers.origin !== undefined || !HERE.test(request.headers.host ?? ""))
      return void say(403, { error: "only programs of this machine may post here" });
    if (request.method === "GET") return void say(200, advice());
    if (request.method !== "POST") return void say(405, { error: "POST lines of JSON, or GET what is said" });
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of request as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > MOST_BODY) return void say(413, { error: `at most ${MOST_BODY} bytes at once` });
      chunks.push(chunk);
    }
    const text = Buffer.concat(chunks).toString("utf8").trim();
    if (text.startsWith("[")) {
      const rows: unknown = JSON.parse(text);
      if (!Array.isArray(rows) || !rows.every(take))
        return void say(400, { error: "an array of objects was expected" });
    } else {
      const before = collector.brokenLines;
      reader.push(Buffer.from(`${text}\n`));
      fresh = true;
      if (collector.brokenLines > before) return void say(400, { error: "a line is no JSON object" });
    }
    say(200, advice());
  }
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) =>
      reject(
        new SurprisalError({
          code: "INVALID_ARGUMENT",
          what: `Port ${port} cannot be listened on: ${error.message}`,
          wayOut: "Choose another port, or 0 for any free one.",
          cause: error,
        }),
      ),
    );
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    name: "listening",
    async poll() {
      const was = fresh;
      fresh = false;
      return was;
    },
    runs: () => collector.runs(),
    finish() {
      const runs = collector.finish();
      if (runs.length === 0) throw noLoss("what was posted");
      return runs;
    },
    ended: false,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

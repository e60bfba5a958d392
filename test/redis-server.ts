/** A real Redis for a test: Debian's redis-server on a free port, with its data in a folder of its own. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";

const installed: boolean = spawnSync("redis-server", ["--version"]).status === 0;

/** Why tests with a Redis are skipped, or `null`. */
export const withoutRedis: string | null = installed ? null : "redis-server is not installed";
if (withoutRedis) console.warn(`Skipped: ${withoutRedis}`);

export interface RedisServerOptions {
  /** Keeps what it holds when it is restarted. Default false. */
  persistent?: boolean;
  password?: string;
}

const START_MS = 10_000;

export class RedisServer implements AsyncDisposable {
  readonly url: string;
  readonly #port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), "surprisal-redis-"));
  readonly #options: RedisServerOptions;
  #process: ChildProcess | null = null;

  private constructor(port: number, options: RedisServerOptions) {
    this.#port = port;
    this.#options = options;
    this.url = `redis://${options.password ? `:${options.password}@` : ""}127.0.0.1:${port}`;
  }

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), options);
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    const { persistent = false, password } = this.#options;
    const settings = {
      ...{ port: this.#port, bind: "127.0.0.1", dir: this.#folder, save: "" },
      ...{ appendonly: persistent ? "yes" : "no", appendfsync: "always" },
      ...(password && { requirepass: password }),
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`]);
    this.#process = spawn("redis-server", args, { stdio: "ignore" });
    const redis = this.client();
    const late = setTimeout(() => redis.disconnect(), START_MS);
    await redis.ping();
    clearTimeout(late);
    redis.disconnect();
  }

  client(): Redis {
    const redis = new Redis(this.url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
    redis.on("error", () => {});
    return redis;
  }

  /** As when the machine loses its power. */
  async kill(): Promise<void> {
    const { exitCode, signalCode } = this.#process!;
    if (exitCode !== null || signalCode !== null) return;
    this.#process!.kill("SIGKILL");
    await once(this.#process!, "exit");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

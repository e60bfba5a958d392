/**
 * Package indexes, hubs, servers and caches that lie. Afterwards nothing outside the cache has changed, nothing in it counts
 * that was not checked, no other host has seen a credential, and the process has neither grown nor hung.
 */
import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ERROR_CODES, seededRandom } from "../../src/core/index.ts";
import { attack, type Trial } from "./attack.ts";
import { type Draw, ESCAPED, HostileIndex, OUTSIDE, one, type Scene } from "./hostile-index.ts";

const CHILD = fileURLToPath(new URL("indexes-child.mjs", import.meta.url));
const TRIAL_MS = 30_000;
/** A process that gets models takes about 100 MiB; a page of 32 MiB, its text and what is read of it a few times that. */
const MOST_MEMORY_KIB = 600 * 1024;
/** Files of the trials have 60 kB; the bomb would have 80 MB, an endless answer whatever the disk holds. */
const MOST_CACHE_BYTES = 10_000_000;

interface Reply {
  found?: { sha256?: string; path?: string; notes?: string[]; files?: { path: string; sha256: string }[] };
  error?: { code?: string; what?: string; where?: string; wayOut?: string; message?: string; stack?: string };
  mostMemory: number;
}

attack({
  name: "indexes",
  short: 240,
  long: 500,
  async *trials({ count, seed }) {
    const index = await HostileIndex.start();
    let getter: Getter | null = null;
    try {
      for (let i = 0; i < count; i++) {
        getter ??= await Getter.start();
        const trial = await tryOne(seed * 100_003 + i, index, getter, `--seed ${seed}, trial ${i + 1}`);
        yield trial;
        if (trial.verdict === "crashed") {
          getter.end();
          getter = null;
        }
      }
    } finally {
      getter?.end();
      await index.close();
    }
  },
});

async function tryOne(seed: number, index: HostileIndex, getter: Getter, how: string): Promise<Trial> {
  const draw = seededRandom(seed);
  const scene = index.play(draw);
  const root = mkdtempSync(join(tmpdir(), "surprisal-indexes-"));
  const cache = join(root, "a", "b", "cache");
  try {
    mkdirSync(join(root, "outside"), { recursive: true });
    writeFileSync(join(root, OUTSIDE), "precious");
    mkdirSync(cache, { recursive: true });
    const planted = plant(draw, cache, root, scene);
    const before = stateOf(root, cache);
    const detail = (words: string) => `${how}: ${words}; ${[...scene.faults, ...planted].join("; ")}`;
    const ask = (offline: boolean) =>
      getter.ask({
        reference: scene.reference,
        dataset: scene.dataset,
        options: {
          cache,
          offline,
          patience: { connectMs: 1000, stallMs: 150, attempts: 2, backoffMs: 1 },
          mostUnannouncedBytes: 5_000_000,
          environment: {
            HOME: root,
            PIP_INDEX_URL: `${index.server.origin}/simple`,
            HF_ENDPOINT: index.server.origin,
            ...scene.environment,
          },
        },
      });
    const reply = await ask(false);
    if (reply === null)
      return { verdict: "crashed", detail: detail(`no answer within ${TRIAL_MS / 1000} s`) };
    if (reply.mostMemory > MOST_MEMORY_KIB)
      return { verdict: "crashed", detail: detail(`${Math.round(reply.mostMemory / 1024)} MiB of memory`) };
    const later = await ask(true);
    const wrong =
      faultOf(reply, scene, cache) ??
      (stateOf(root, cache) === before ? null : "something outside the cache has changed") ??
      faultOfCache(cache, planted.length > 0) ??
      (existsSync(ESCAPED) ? `a file was written: ${ESCAPED}` : null) ??
      leak(index) ??
      (later === null ? "offline it hangs" : faultOfLater(reply, later));
    if (wrong !== null) return { verdict: "wrong", detail: detail(wrong) };
    return { verdict: reply.error ? "refused" : "held", detail: detail(reply.error?.code ?? "held") };
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** Sometimes the cache is one that somebody else has filled. */
function plant(draw: Draw, cache: string, root: string, { right, reference }: Scene): string[] {
  if (draw() < 0.75) return [];
  const downloads = join(cache, "downloads", sha256(reference).slice(0, 16));
  const own = join(root, OUTSIDE);
  const kind = one(draw, ["link", "link for the model", "folder", "manifest", "digests", "terms"]);
  if (kind === "link" || kind === "link for the model") {
    mkdirSync(downloads, { recursive: true });
    const names = kind === "link" ? ["a_model-1.0-py3-none-any.whl", "m.gguf"] : ["m.gguf"];
    for (const name of names) symlinkSync(own, join(downloads, kind === "link" ? `${name}.partial` : name));
  } else if (kind === "folder") {
    mkdirSync(join(cache, "downloads"), { recursive: true });
    symlinkSync(join(root, "outside"), downloads);
  } else if (kind === "manifest") {
    const folder = join(cache, "models", right);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "m.gguf"), "GGUF, another");
    const manifest = {
      schema: "surprisal.model/1",
      name: "m.gguf",
      file: one(draw, ["m.gguf", "../../../../../outside/precious.gguf", "..", 7]),
      source: "x",
      references: one<unknown>(draw, [[reference], null, [7]]),
      sha256: one(draw, [right, "../../../outside", "ab".repeat(32)]),
      bytes: one(draw, [13, 8, -1]),
      licence: null,
      date: "2026-01-01",
    };
    writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
  } else
    writeFileSync(
      join(cache, kind === "digests" ? "digests.json" : "accepted-terms.json"),
      one(draw, ["null", "[]", "{", `{"${own}":null}`, '{"__proto__":{"sha256":"x"}}']),
    );
  return [`planted: ${kind}`];
}

/** What is wrong with what came of it, `null`: nothing. */
function faultOf(
  { found, error }: Reply,
  { right, unchecked, dataset }: Scene,
  cache: string,
): string | null {
  if (error) {
    const { code, what, where, wayOut, stack, message } = error;
    if (!ERROR_CODES.some((known) => known === code) || code === "INTERNAL")
      return `an error without a code: ${message} ${stack}`;
    const isPlaced = where !== undefined || code === "MODEL_UNAVAILABLE"; // which has all places in its words
    if (!what || !wayOut || !isPlaced) return `${code} without what, where or a way out: ${message}`;
    return null;
  }
  const files = dataset ? found?.files : [{ path: found?.path ?? "", sha256: found?.sha256 ?? "" }];
  if (!files || files.length === 0) return "nothing was found and nothing was said";
  for (const { path, sha256: said } of files) {
    if (relative(cache, path).startsWith("..")) return `a file outside the cache was given: ${path}`;
    if (digestOf(path) !== said) return `${path} has another sha256 than is said`;
    if (said === right) continue;
    if (!unchecked) return `${path} is not the file that the source describes`;
    if (!dataset && !found?.notes?.length) return `${path} was not checked, and it is not said`;
  }
  if (unchecked && !dataset && !found?.notes?.length) return "it was not checked, and it is not said";
  return null;
}

/** Every model that the cache vouches for is what it says. */
function faultOfCache(cache: string, isPlanted: boolean): string | null {
  let bytes = 0;
  for (const path of filesBelow(cache)) bytes += readFileSync(path).length;
  if (bytes > MOST_CACHE_BYTES) return `the cache holds ${bytes} bytes`;
  const models = join(cache, "models");
  if (isPlanted || !existsSync(models)) return null;
  for (const folder of readdirSync(models)) {
    const manifest: { file: string; sha256: string } = JSON.parse(
      readFileSync(join(models, folder, "manifest.json"), "utf8"),
    );
    if (manifest.sha256 !== folder || digestOf(join(models, folder, manifest.file)) !== folder)
      return `the cache vouches for ${manifest.file}, which is another file`;
  }
  return null;
}

function leak({ other }: HostileIndex): string | null {
  const told = other.requests.find(({ headers }) => headers.authorization ?? headers.cookie);
  return told ? `another host was given credentials: ${told.path}` : null;
}

/** Without a network: what was refused is not there, what was held is. */
function faultOfLater(first: Reply, { found, error }: Reply): string | null {
  if (first.error && found) return "what was refused is taken for checked later";
  if (first.found && error) return `what was held is not found later: ${error.message}`;
  return first.found && found?.sha256 !== first.found.sha256 ? "another file is found later" : null;
}

/** Everything below `root` but for the cache: names, what links lead to, sha256. */
function stateOf(root: string, cache: string): string {
  const lines = readdirSync(root, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    if (path === cache || path.startsWith(`${cache}/`)) return [];
    const content = entry.isFile() ? digestOf(path) : entry.isSymbolicLink() ? readlinkSync(path) : "";
    return [`${relative(root, path)} ${content}`];
  });
  return lines.sort().join("\n");
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

const sha256 = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");
const digestOf = (path: string): string => sha256(readFileSync(path));

/** A process that gets models, one after the other. */
class Getter {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(): Promise<Getter> {
    const child = fork(CHILD, { stdio: "ignore" });
    await new Promise<void>((resolve, reject) => {
      child.once("message", () => resolve());
      child.once("exit", () =>
        reject(new Error("the process that gets models does not start: npm run build")),
      );
    });
    return new Getter(child);
  }

  /** `null`: it died, or did not answer in time. */
  async ask(question: object): Promise<Reply | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return null;
    return await new Promise((resolve) => {
      const settle = (reply: Reply | null) => {
        clearTimeout(timer);
        this.#child.off("exit", onExit).off("message", onMessage);
        resolve(reply);
      };
      const onExit = () => settle(null);
      const onMessage = (reply: unknown) => settle(reply as Reply);
      const timer = setTimeout(() => settle(null), TRIAL_MS);
      this.#child.once("exit", onExit).once("message", onMessage);
      this.#child.send(question);
    });
  }

  end(): void {
    this.#child.kill("SIGKILL");
  }
}

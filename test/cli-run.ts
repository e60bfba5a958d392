/** Runs the built command, dist/cli/main.js, as people do: in a process of its own, for a bounded time. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

export const BUILT: string = fileURLToPath(new URL("../dist/", import.meta.url));
const MAIN = `${BUILT}cli/main.js`;
if (!existsSync(MAIN)) throw new Error("The command is not built: npm run build");

const LIMIT_MS = 60_000;

export interface RunOptions {
  /** What is piped in; by default standard input is empty. */
  input?: string | Uint8Array;
  environment?: NodeJS.ProcessEnv;
  /** Without this process's environment, but with `environment`. */
  inherit?: boolean;
  folder?: string;
  /** Called with the running process, to disturb it. */
  meanwhile?: (child: ChildProcess) => void;
}

export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** From start to end, milliseconds. */
  ms: number;
}

export function runCommand(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return runNode([MAIN, ...args], options);
}

export async function runNode(
  args: readonly string[],
  { input = "", environment = {}, inherit = true, folder = tmpdir(), meanwhile }: RunOptions = {},
): Promise<Finished> {
  const start = performance.now();
  const { NO_COLOR: _, FORCE_COLOR: __, ...inherited } = process.env;
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...(inherit && inherited), ...environment },
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
  });
  child.stdin.on("error", () => {}); // it may end without having read
  child.stdin.end(input);
  meanwhile?.(child);
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout).catch(() => ""), // a test closed it
    text(child.stderr),
    once(child, "close"),
  ]);
  return { code, signal, stdout, stderr, ms: performance.now() - start };
}

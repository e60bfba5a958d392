/**
 * Ending the process while llama.cpp loads a model. Its thread then waits for callbacks that only a running event
 * loop answers, and Node waits for its threads before it ends: `process.exit`, or an error that nobody catches, would
 * hang for ever. So an exit in that time ends the process at once, with the same code.
 */
import { inspect } from "node:util";
import koffi from "koffi";

/** Operations under way. */
let running = 0;

/** Runs `operation`, whose native thread calls back into JavaScript. */
export async function withExitGuard<Result>(operation: () => Promise<Result>): Promise<Result> {
  if (running++ === 0) {
    process.on("exit", endNow);
    process.on("uncaughtExceptionMonitor", printError);
  }
  try {
    return await operation();
  } finally {
    if (--running === 0) {
      process.off("exit", endNow);
      process.off("uncaughtExceptionMonitor", printError);
    }
  }
}

function endNow(code: number): void {
  if (process.platform === "win32") koffi.load("kernel32.dll").func("void ExitProcess(uint32 code)")(code);
  else koffi.load(null).func("void _exit(int code)")(code);
}

/** Node prints an uncaught error after the exit handlers, which is too late here. */
function printError(error: unknown): void {
  if (process.listenerCount("uncaughtException") === 0) process.stderr.write(`${inspect(error)}\n`);
}

/** The line on stderr that says what is being waited for, where nothing else does. */

import { visible } from "../../text/index.ts";
import { startLine, type TerminalStream } from "./progress.ts";

const INTERVAL = 1000; // milliseconds; also how long nothing is said

/**
 * Counts the seconds beside `label`, on a terminal that can erase the line.
 * @returns a function that removes the line.
 */
export function startWaiting(label: string, stream: TerminalStream = process.stderr): () => void {
  const line = startLine({ stream, after: 0 });
  let seconds = 0;
  const timer = setInterval(() => {
    seconds++;
    line.show(() => `${visible(label)}  ${seconds} s`);
  }, INTERVAL).unref();
  return () => {
    clearInterval(timer);
    line.end();
  };
}

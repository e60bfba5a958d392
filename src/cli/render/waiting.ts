/** The line on stderr that says what is being waited for, where nothing else does. */
import { onInterrupt } from "../interrupt.ts";
import { shorten, visible } from "./visible.ts";

const CLEAR = "\r\u001b[2K";
const INTERVAL = 1000; // milliseconds; also how long nothing is said

/**
 * Counts the seconds beside `label`, on a terminal that can erase the line.
 * @returns a function that removes the line.
 */
export function startWaiting(label: string, stream: NodeJS.WriteStream = process.stderr): () => void {
  if (!stream.isTTY || process.env.TERM === "dumb") return () => {};
  let seconds = 0;
  let calledOff: (() => void) | null = null;
  const clear = () => stream.write(CLEAR);
  const timer = setInterval(() => {
    seconds++;
    calledOff ??= onInterrupt(clear);
    const line = `${visible(label)}  ${seconds} s`;
    stream.write(CLEAR + shorten(line, Math.max(1, (stream.columns || 80) - 1)));
  }, INTERVAL).unref();
  return () => {
    clearInterval(timer);
    if (calledOff === null) return;
    clear();
    calledOff();
    calledOff = null;
  };
}

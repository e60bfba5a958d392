/** What the screen and the page show of a packed file's bits. */
import type { Explanation, Yardstick, yardsticks } from "../../compress/index.ts";

/** A packed file, and what it stands beside. */
export interface CompressionView {
  /** Of the original, such as a file's name. */
  title: string;
  explanation: Explanation;
  rows: readonly Yardstick[];
  breakEven: ReturnType<typeof yardsticks>["breakEven"];
  /** Of the model's file; `null`: no model, or not known. */
  modelBytes: number | null;
}

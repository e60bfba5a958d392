/** Lines of JSON, and what is wrong with them. */
import { invalidArgument, type SurprisalError } from "../../core/index.ts";

export type Line = Readonly<Record<string, unknown>>;

/** A line as JSON, or what is wrong with it. */
export interface GivenLine {
  line: Line | SurprisalError;
  place: string;
  /** As it is written. */
  text: string;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const malformed = (what: string, where: string, wayOut: string, cause?: unknown): SurprisalError =>
  invalidArgument(what, where, wayOut, cause);

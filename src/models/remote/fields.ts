/** Checking the fields of an answer against what they must be (zod). Fields that nobody named are let through. */
import { z } from "zod";
import { malformed } from "./failure.ts";

/** Any double: servers in Python write NaN and Infinity, which zod's own number refuses. */
export const wireNumber: z.ZodType<number> = z.custom<number>(
  (value) => typeof value === "number",
  "not a number",
);

/**
 * @param where the server.
 * @throws SurprisalError WIRE_MALFORMED, naming the first field that is not what it must be.
 */
export function readFields<Output>(schema: z.ZodType<Output>, json: unknown, where: string): Output {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const { path, message } = firstIssue(result.error.issues);
  throw malformed(`A field of the answer is wrong: ${message}`, `${where}, ${fieldName(path)}`);
}

interface Issue {
  path: readonly PropertyKey[];
  message: string;
}

/** Of a union's issues those of the alternative that went furthest. */
function firstIssue(issues: readonly z.core.$ZodIssue[], path: readonly PropertyKey[] = []): Issue {
  const issue = issues[0]!;
  const here = [...path, ...issue.path];
  if (issue.code !== "invalid_union" || issue.errors.length === 0)
    return { path: here, message: issue.message };
  const found = issue.errors.filter((list) => list.length > 0).map((list) => firstIssue(list, here));
  return found.reduce((a, b) => (b.path.length > a.path.length ? b : a));
}

/** `choices[0].logprobs`; the whole answer is "the answer". */
function fieldName(path: readonly PropertyKey[]): string {
  const name = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return name.replace(/^\./, "") || "the answer";
}

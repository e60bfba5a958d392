/** docs/errors.md is the one list of error codes: complete, and without dead ones. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ERROR_CODES } from "../src/core/index.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const documented = [
  ...readFileSync(join(root, "docs", "errors.md"), "utf8").matchAll(/^### `([A-Z0-9_]+)`$/gm),
].map(([, code]) => code!);
const source = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .map((file) =>
    readFileSync(join(root, "src", file), "utf8")
      .split("] as const;")
      .at(-1),
  )
  .join("\n");

describe("error codes", () => {
  it("are all documented, each once, and nothing else is", () => {
    expect([...documented].sort()).toEqual([...ERROR_CODES].sort());
  });

  it.each(ERROR_CODES)("%s is thrown somewhere", (code) => {
    expect(source).toContain(`"${code}"`);
  });
});

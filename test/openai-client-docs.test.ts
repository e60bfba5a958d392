/** The snippets of docs/clients.md, and those of the README about clients, run, against a fake server. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it, vi } from "vitest";
import { startFakeServer } from "./wire/fake-server.ts";
import { plainModel } from "./wire/plain-model.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const snippets = ["docs/clients.md", "README.md"].flatMap((page) =>
  [...readFileSync(join(root, page), "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm)]
    .map(([, code]) => code!)
    .filter((code) => /"surprisal\/(openai|ai-sdk)"/.test(code)),
);

/** The package's own entry points, before they are built. */
const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  exports: Record<string, { default: string }>;
};
const source = (entry: string) =>
  join(root, exports[`./${entry}`]!.default.replace("./dist/", "src/").replace(/js$/, "ts"));

// Within the repository, so that the packages are found; git does not see it.
mkdirSync(join(root, ".cache"), { recursive: true });
const folder = mkdtempSync(join(root, ".cache", "docs-"));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe("docs/clients.md and the README", () => {
  it("have five snippets", () => expect(snippets).toHaveLength(5));

  it.each(snippets.map((code, i) => [code.match(/"(surprisal\/.*?)"/)![1]!, i] as const))(
    "runs what it says about %s (%i)",
    async (_, i) => {
      await using server = await startFakeServer({ dialect: "openai", model: plainModel() });
      vi.stubEnv("OPENAI_BASE_URL", server.url);
      vi.stubEnv("OPENAI_API_KEY", "none");
      const file = join(folder, `snippet-${i}.ts`);
      writeFileSync(
        file,
        snippets[i]!.replaceAll(/"surprisal\/(.*?)"/g, (_, entry) => JSON.stringify(source(entry))),
      );
      const said: unknown[] = [];
      const log = vi.spyOn(console, "log").mockImplementation((...words) => said.push(...words));
      const write = vi.spyOn(process.stdout, "write").mockImplementation(() => true);
      try {
        await import(file);
      } finally {
        log.mockRestore();
        write.mockRestore();
      }
      const last = said.find((word) => typeof word === "object") as { perplexity: number } | undefined;
      const numbers = said.filter((word) => typeof word === "number" && word > 1);
      expect(last?.perplexity ?? numbers[0]).toBeGreaterThan(1);
      expect(said.join()).not.toMatch(/NaN|undefined/);
    },
  );
});

/**
 * What a bundler makes of the entries that run in a browser or on an edge runtime: no module of Node's, no native code, no
 * weights, and no more bytes than they may have. As it is published: needs `npm run build`.
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Most kilobytes (1,000 bytes), minified and gzipped. */
const LIMITS: readonly [what: string, code: string, most: number][] = [
  ["core", 'export * from "surprisal/core";', 24], // 23, and what lets a rule end an answer early (EarlyExit)
  ["PerplexityMeter alone", 'export { PerplexityMeter } from "surprisal/core";', 7],
  ["openai", 'export * from "surprisal/openai";', 30],
  ["ai-sdk", 'export * from "surprisal/ai-sdk";', 34], // 33, and what asks for stop sequences and the options of its own
  // 20, and 4 since a table model writes in every way that there is (stop strings, choices, penalties), which cases check;
  // 1 for the shapes of distributions and for prompts that are none
  ["test", 'export * from "surprisal/test";', 25],
  ["charts", 'export * from "surprisal/charts";', 119], // Observable Plot and D3 are 103 of them, the 24 pictures 16
];

/** Conditions that platforms add to "import". */
const PLATFORMS: Readonly<Record<string, readonly string[]>> = {
  browser: ["browser"],
  "an edge runtime": ["edge-light", "workerd", "worker", "browser"],
};

/** Parts of a bundle that must not be there. */
const FORBIDDEN = /koffi|linkedom|undici|node_modules\/zod\/|\.gguf|\.node$|models\/(llama|registry)\//;

let app: string;
beforeAll(() => {
  app = mkdtempSync(join(tmpdir(), "surprisal-bundle-"));
  mkdirSync(join(app, "node_modules"));
  symlinkSync(root, join(app, "node_modules", "surprisal"), "dir");
});
afterAll(() => rmSync(app, { recursive: true, force: true }));

const kilobytes = (code: Uint8Array | string): number => gzipSync(code).length / 1000;

interface Bundle {
  /** Names of the files. */
  files: string[];
  kilobytes: number;
  /** Paths of what went into it. */
  inputs: string[];
  /** Modules that it loads at run time. */
  external: string[];
}

async function withEsbuild(code: string, conditions: readonly string[]): Promise<Bundle> {
  const { outputFiles, metafile } = await esbuild.build({
    stdin: { contents: code, resolveDir: app },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    conditions: [...conditions],
    write: false,
    outdir: app,
    metafile: true,
    logLevel: "silent",
  });
  return {
    files: outputFiles.map(({ path }) => path),
    kilobytes: kilobytes(outputFiles[0]!.contents),
    inputs: Object.values(metafile.outputs).flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
    ),
    external: Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path)),
  };
}

/** An app that uses what it imports: Vite drops the rest. */
async function withVite(code: string): Promise<Bundle> {
  const { build } = await import("vite");
  const folder = mkdtempSync(join(app, "vite-"));
  writeFileSync(join(folder, "index.html"), '<script type="module" src="./main.js"></script>');
  writeFileSync(
    join(folder, "main.js"),
    code.startsWith("export *")
      ? `${code.replace("export *", "import * as all")} globalThis.all = { ...all };`
      : `${code.replace("export", "import")} globalThis.all = PerplexityMeter;`,
  );
  const inputs: string[] = [];
  const external: string[] = [];
  await build({
    root: folder,
    configFile: false,
    logLevel: "error",
    plugins: [
      {
        name: "what-is-in-it",
        generateBundle(_, bundle) {
          for (const chunk of Object.values(bundle))
            if (chunk.type === "chunk") {
              external.push(...chunk.imports.filter((name) => isBuiltin(name)));
              for (const [id, { renderedLength }] of Object.entries(chunk.modules))
                if (renderedLength > 0) inputs.push(id);
            }
        },
      },
    ],
  });
  const assets = join(folder, "dist", "assets");
  const files = readdirSync(assets);
  return {
    files,
    kilobytes: Math.max(...files.map((file) => kilobytes(readFileSync(join(assets, file))))),
    inputs,
    external,
  };
}

function expectSmall(bundle: Bundle, most: number): void {
  expect(bundle.inputs.length).toBeGreaterThan(5);
  expect(bundle.inputs.filter((path) => FORBIDDEN.test(path) || isBuiltin(path))).toEqual([]);
  expect(bundle.inputs.filter((path) => path.includes("__vite-browser-external"))).toEqual([]);
  expect(bundle.external).toEqual([]);
  expect(bundle.files.map((file) => extname(file))).toEqual([".js"]); // no weights beside it
  expect(bundle.kilobytes).toBeLessThanOrEqual(most);
}

describe.each(LIMITS)("a bundle of %s", (_, code, most) => {
  it.each(Object.entries(PLATFORMS))(`for %s, by esbuild, has at most ${most} kB`, async (_, conditions) => {
    expectSmall(await withEsbuild(code, conditions), most);
  });

  it(`by Vite has at most ${most} kB`, async () => {
    expectSmall(await withVite(code), most);
  });
});

describe("the check", () => {
  it("finds what is not for a page", async () => {
    await expect(withEsbuild('export { resolve } from "surprisal";', ["browser"])).rejects.toThrow(/node:/);
    const { inputs } = await withEsbuild('export * from "surprisal/charts";', ["node"]);
    expect(inputs.some((path) => FORBIDDEN.test(path))).toBe(true);
  });
});

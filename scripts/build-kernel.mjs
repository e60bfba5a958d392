/**
 * Compiles src/core/kernel/kernel.assembly.ts to WebAssembly and writes it, as base64, to generated.ts beside it.
 *
 *   node scripts/build-kernel.mjs           writes the file
 *   node scripts/build-kernel.mjs --check   fails when the committed file is not what the source compiles to
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const folder = new URL("../src/core/kernel/", import.meta.url);
const generated = new URL("generated.ts", folder);

const module = await compile("kernel.assembly.ts");
const source = `/** WebAssembly of kernel.assembly.ts, base64. Written by scripts/build-kernel.mjs; do not edit. */
export const KERNEL_WASM: string =
  "${Buffer.from(module).toString("base64")}";
`;

if (!process.argv.includes("--check")) {
  await writeFile(generated, source);
  console.log(`generated.ts: ${module.length} bytes of WebAssembly`);
} else if ((await readFile(generated, "utf8")) !== source) {
  console.error(
    "src/core/kernel/generated.ts is not what kernel.assembly.ts compiles to: npm run build:kernel",
  );
  process.exitCode = 1;
}

/** @returns {Promise<Uint8Array>} */
async function compile(file) {
  let binary;
  const options = ["-O3", "--runtime", "stub", "--enable", "simd", "--initialMemory", "1"];
  const { error, stderr: standardError } = await asc.main([file, ...options, "--outFile", "kernel.wasm"], {
    readFile: (name) => readFile(new URL(name, folder), "utf8").catch(() => null),
    writeFile: (_name, contents) => {
      binary = contents;
    },
    listFiles: () => [],
  });
  if (error) throw new Error(`${fileURLToPath(folder)}${file}: ${error.message}\n${standardError}`);
  return binary;
}

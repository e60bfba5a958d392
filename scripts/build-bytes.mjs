/**
 * Compiles src/compress/bytes/wasm/ to WebAssembly, and packs primer.txt with it; both as base64 in generated.ts and
 * primer.ts beside them. Every packed file depends on both: after a change BYTES_MODEL_VERSION goes up.
 *
 *   node scripts/build-bytes.mjs           writes the files
 *   node scripts/build-bytes.mjs --check   fails when the committed files are not what the sources give
 */
import { readFile, writeFile } from "node:fs/promises";
import asc from "assemblyscript/asc";

const folder = new URL("../src/compress/bytes/", import.meta.url);
const PAGES = "1024";

const binary = await compile("bytes.assembly.ts");
const text = await readFile(new URL("primer.txt", folder));
const primer = packPrimer(binary, text);
const files = {
  "generated.ts": `/** WebAssembly of wasm/, base64. Written by scripts/build-bytes.mjs; do not edit. */
export const BYTES_WASM: string =
  "${Buffer.from(binary).toString("base64")}";
`,
  "primer.ts": `/** primer.txt packed by the model that has not read it, base64. Written by scripts/build-bytes.mjs; do not edit. */
export const PRIMER: string =
  "${primer.toString("base64")}";
/** Bytes of primer.txt. */
export const PRIMER_LENGTH = ${text.length};
`,
};

for (const [name, source] of Object.entries(files)) {
  const file = new URL(name, folder);
  if (!process.argv.includes("--check")) await writeFile(file, source);
  else if ((await readFile(file, "utf8")) !== source) {
    console.error(`src/compress/bytes/${name} is not what its sources give: node scripts/build-bytes.mjs`);
    process.exitCode = 1;
  }
}
if (!process.argv.includes("--check"))
  console.log(`${binary.length} bytes of WebAssembly; primer: ${text.length} bytes, packed ${primer.length}`);

/** @returns {Promise<Uint8Array>} */
async function compile(file) {
  const sources = new URL("wasm/", folder);
  const written = new Map();
  const memory = ["--initialMemory", PAGES, "--maximumMemory", PAGES];
  const options = ["-O3", "--runtime", "stub", "--use", "abort=", "--enable", "simd", ...memory];
  const { error, stderr } = await asc.main([file, ...options, "--outFile", "wasm", "--textFile", "text"], {
    readFile: (name) => readFile(new URL(name, sources), "utf8").catch(() => null),
    writeFile: (name, contents) => {
      written.set(name, contents);
    },
    listFiles: () => [],
  });
  if (error) throw new Error(`wasm/${file}: ${error.message}\n${stderr}`);
  const float = /^.*\b(f32|f64|f32x4|f64x2|import)\b.*$/m.exec(written.get("text"));
  if (float) throw new Error(`wasm/${file} is not integers only: ${float[0].trim()}`);
  return written.get("wasm");
}

function packPrimer(binary, text) {
  const wasm = new WebAssembly.Instance(new WebAssembly.Module(binary)).exports;
  const memory = new Uint8Array(wasm.memory.buffer);
  memory.set(text, wasm.TEXT_AT.value);
  wasm.initialise();
  wasm.setKind(0);
  wasm.beginCoding(false);
  wasm.goTo(0);
  wasm.codeModelled(text.length);
  wasm.endCoding();
  return Buffer.from(memory.subarray(wasm.CODED_AT.value, wasm.CODED_AT.value + wasm.codedBytes()));
}

/** model.packed, of mini, haswell and llama.cpp 0.5.0-dev: opened where these are, refused by name elsewhere, and never wrong. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { LlamaModel, locate } from "../models/index.ts";
import { type ModelCoder, modelCoder, openPacked, unpack } from "./index.ts";

const SHA256 = "e70c97cc52ed8a9741dd5f76dff4966ef0ef264e7d0d3386853781b44b9d8040";
const file = fileURLToPath(new URL("../../test/fixtures/packed/model.packed", import.meta.url));
const dist = new URL("../../dist/", import.meta.url).href;

/** Opens the file in a process of its own, for a process has one build of the CPU code. Prints the SHA-256, or an error's code. */
const CHILD = `
const { resolve } = await import(process.argv[1] + "index.js");
const { modelCoder, openPacked, unpack } = await import(process.argv[1] + "compress/index.js");
const { createHash } = await import("node:crypto");
try {
  const model = await resolve("mini", { cpuBuild: process.argv[3], threads: 1, offline: true });
  const coder = await modelCoder(model);
  const hash = createHash("sha256");
  for await (const piece of unpack(await openPacked(process.argv[2]), { coderFor: async () => coder })) hash.update(piece);
  console.log(hash.digest("hex"));
} catch (error) {
  console.log(error.code + " " + error.message);
}
process.exit(0);`;

async function opened(build: string): Promise<string> {
  const given = ["--input-type=module", "-e", CHILD, dist, file, build];
  const { stdout } = await promisify(execFile)(process.execPath, given, {
    env: { ...process.env, SURPRISAL_CPU_BUILD: build },
  });
  return stdout.trim();
}

it("opens with the build that packed it, and is refused by name with another", async () => {
  const same = await opened("haswell");
  // Another engine is refused; a processor without AVX2 has no such build. What is opened is right.
  expect(same).toMatch(
    new RegExp(`^(${SHA256}|KERNELS_UNAVAILABLE .*|ENVIRONMENT_DIFFERS .*engine .*)$`, "s"),
  );
  expect(await opened("sse42")).toMatch(
    /^(KERNELS_UNAVAILABLE|ENVIRONMENT_DIFFERS .*kernels avx2 on cpu \(haswell\), here .*sse42)/s,
  );
});

it("is refused by name with another version of the engine", async () => {
  const { path, sha256 } = await locate("mini");
  await using model = await LlamaModel.load(
    path,
    { device: "cpu", threads: 1 },
    { name: "mini", sha256: sha256 ?? "" },
  );
  const coder: ModelCoder = await modelCoder(model);
  const other = { ...coder, identity: { ...coder.identity, engine: "llama.cpp 9.9.9" } };
  await using source = await openPacked(file);
  await expect(unpack(source, { coderFor: async () => other }).next()).rejects.toMatchObject({
    code: "ENVIRONMENT_DIFFERS",
    message: expect.stringMatching(/engine llama\.cpp 0\.5\.0-dev, here llama\.cpp 9\.9\.9/),
  });
});

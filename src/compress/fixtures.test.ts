/** Files that the first version packed: this one and later ones open them, or refuse them by name. A new form gets new files; these stay. */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openPacked, unpack } from "./index.ts";

/** Name, bytes of the original, their SHA-256. */
const FILES: readonly [string, number, string][] = [
  ["empty", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["raw", 300, "94e9db580909b14de541df472c0054e3fb2fdb10635d2b107cd075a035889c90"],
  ["brotli", 70_000, "f51b279903037b37ea1828a1021499995718d38016cad6c0da30962a41be052f"],
  ["bytes", 288, "9c642f9c462eb199778c635e7442fe3b8c2264e7d718bed73892c201b5dc1f29"],
  ["mixed", 9806, "85d29ee80793571f0e04aa02636af91428b31de80a053e56a2c3f6c2f3e536a1"],
];
const path = (name: string): string =>
  fileURLToPath(new URL(`../../test/fixtures/packed/${name}.packed`, import.meta.url));

describe("files of form 1", () => {
  it.each(FILES)("%s.packed", async (name, bytes, sha256) => {
    await using source = await openPacked(path(name));
    const hash = createHash("sha256");
    let length = 0;
    try {
      for await (const piece of unpack(source)) {
        hash.update(piece);
        length += piece.length;
      }
    } catch (error) {
      expect(error).toMatchObject({ code: "PACKED_UNSUPPORTED" }); // by name, once this form is no longer read
      return;
    }
    expect([length, hash.digest("hex")]).toEqual([bytes, sha256]);
  });

  it("model.packed is refused without its model, by name", async () => {
    await using source = await openPacked(path("model"));
    await expect(unpack(source).next()).rejects.toMatchObject({
      code: "UNSUPPORTED_CAPABILITY",
      message: expect.stringContaining("mini (sha256 c06c58642d52c421"),
    });
  });
});

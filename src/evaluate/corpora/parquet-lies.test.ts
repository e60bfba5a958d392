/** Parquet files that say what is not so: each is refused in words, and none makes the process grow or hang. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { FileMetaData } from "hyparquet";
import { parquetMetadata } from "hyparquet";
import { afterAll, describe, expect, it } from "vitest";
import { parquetBytes } from "../../../test/parquet-fixture.ts";
import { openCorpora } from "./open.ts";
import { checkFooter, checkMetadata } from "./parquet-check.ts";

const folder = mkdtempSync(join(tmpdir(), "surprisal-lies-"));
afterAll(() => rmSync(folder, { recursive: true }));

const TEXTS = ["one two", "three", "four five six"];
const whole = parquetBytes([{ name: "text", data: TEXTS, type: "STRING" }]);

async function textsOf(bytes: Uint8Array): Promise<string[]> {
  const path = join(folder, "x.parquet");
  writeFileSync(path, bytes);
  const texts: string[] = [];
  const [corpus] = await openCorpora(path);
  for await (const { text } of corpus!.documents()) texts.push(text);
  return texts;
}

const buffer = (bytes: Uint8Array) => {
  const own = Uint8Array.from(bytes).buffer;
  return { byteLength: own.byteLength, slice: (start: number, end?: number) => own.slice(start, end) };
};

/** A file whose description is these bytes. */
function described(footer: readonly number[]): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([
    Buffer.from("PAR1"),
    Buffer.alloc(16),
    Buffer.from(footer),
    length,
    Buffer.from("PAR1"),
  ]);
}

describe("the description of a Parquet file", () => {
  it("is believed where it is true", async () => {
    await checkFooter(buffer(whole), 2 ** 20);
    checkMetadata(metadataOf(), buffer(whole), 2 ** 20);
    expect(await textsOf(whole)).toEqual(TEXTS);
  });

  // Field 2, a list (0x29) of lists (0xf9) of 2^25 each: hyparquet makes an array of 256 MiB for each before it looks further.
  const lists = Array.from({ length: 50 }, () => [0xf9, 0x80, 0x80, 0x80, 0x10]).flat();
  it.each<[string, number[], RegExp]>([
    ["lists of 33 million in lists", [0x29, ...lists, 0], /longer than it is itself/],
    ["structures without an end", Array.from({ length: 1000 }, () => 0x1c), /nested deeper than 64/],
    ["a text longer than itself", [0x18, 0xff, 0xff, 0x7f], /ends too early/],
    ["a number that does not end", [0x16, ...Array.from({ length: 40 }, () => 0xff)], /does not end/],
    ["nothing", [], /ends too early/],
  ])("with %s is refused", async (_, footer, words) => {
    await expect(textsOf(described(footer))).rejects.toMatchObject({
      code: "CORPUS_MALFORMED",
      what: expect.stringMatching(words),
    });
  });

  it("longer than the file, or than a document may be, is refused", async () => {
    const lying = Buffer.from(whole);
    lying.writeUInt32LE(0x7fffffff, lying.length - 8);
    await expect(textsOf(lying)).rejects.toMatchObject({ code: "CORPUS_MALFORMED" });
    await expect(checkFooter(buffer(whole), 10)).rejects.toThrow("longer than 10 bytes");
  });

  function metadataOf(): FileMetaData {
    return parquetMetadata(Uint8Array.from(whole).buffer);
  }
  const column = (metadata: FileMetaData) => metadata.row_groups[0]!.columns[0]!.meta_data!;

  it.each<[string, (metadata: FileMetaData) => void, RegExp]>([
    [
      "2^62 rows",
      (metadata) => {
        metadata.row_groups[0]!.num_rows = 2n ** 62n;
      },
      /4611686018427387904 rows/,
    ],
    [
      "fewer rows than none",
      (metadata) => {
        metadata.row_groups[0]!.num_rows = -1n;
      },
      /-1 rows/,
    ],
    [
      "a column beyond the end",
      (metadata) => {
        column(metadata).data_page_offset = 10n ** 12n;
      },
      /beyond the end/,
    ],
    [
      "a column before the beginning",
      (metadata) => {
        column(metadata).data_page_offset = -4n;
      },
      /beyond the end/,
    ],
    [
      "a column of 2^62 bytes",
      (metadata) => {
        column(metadata).total_compressed_size = 2n ** 62n;
      },
      /beyond the end/,
    ],
    [
      "columns that are not there",
      (metadata) => {
        metadata.schema[0]!.num_children = 2;
      },
      /fewer columns|of 2 columns/,
    ],
    [
      "a column of 2^31 columns",
      (metadata) => {
        metadata.schema[1]!.num_children = 2 ** 31;
      },
      /of 2147483648 columns/,
    ],
    [
      "columns within columns within columns",
      (metadata) => {
        const [root, leaf] = metadata.schema;
        metadata.schema = [
          root!,
          ...Array.from({ length: 100 }, () => ({ ...root!, num_children: 1 })),
          leaf!,
        ];
      },
      /nested deeper/,
    ],
  ])("with %s is refused", (_, change, words) => {
    const metadata = metadataOf();
    change(metadata);
    expect(() => checkMetadata(metadata, buffer(whole), 2 ** 20)).toThrow(words);
  });
});

describe("the pages of a Parquet file", () => {
  const header = Number(
    parquetMetadata(Uint8Array.from(whole).buffer).row_groups[0]!.columns[0]!.meta_data!.data_page_offset,
  );

  it("that are said to be of 2 GB, or of a billion values, are refused before room is made", async () => {
    // The header's fields 1 (kind), 2 (unpacked size) and 3 (packed size) are zigzag varints; a longer one shifts the rest.
    const size = Buffer.from([0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f]);
    expect([whole[header], whole[header + 2]]).toEqual([0x15, 0x15]);
    const at = header + 2;
    const lying = Buffer.concat([whole.subarray(0, at), size, whole.subarray(at + 6)]);
    await expect(textsOf(lying)).rejects.toMatchObject({ code: "CORPUS_MALFORMED" });
  });

  it("changed anywhere, are the texts or an error with a code", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 }),
        async (changes) => {
          const bytes = Buffer.from(whole);
          for (const [at, value] of changes) bytes[at] = value;
          const outcome = await textsOf(bytes).then(
            () => "texts",
            (error: { code?: string }) => error.code,
          );
          expect(outcome).toMatch(/^(texts|CORPUS_MALFORMED|INVALID_UTF8|BINARY_INPUT|DOCUMENT_TOO_LARGE)$/);
        },
      ),
    );
  });
});

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { CorpusFolder, documentsOf } from "../../../test/corpus-folder.ts";
import { needing } from "../../../test/needing.ts";
import { parquetBytes } from "../../../test/parquet-fixture.ts";
import { DATASET_NAMES, parseHubCorpus } from "./named-datasets.ts";
import { openCorpora } from "./open.ts";
import { RULES } from "./rules.ts";
import { detokenizeWikitext } from "./wikitext-detokenizer.ts";

const atRoot = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const RAW = atRoot("../shared/data/wikitext-2-raw.test.txt");
const DOMAIN_TEXT = atRoot("../shared/data/domains/maths_gsm8k.txt");
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const folder = new CorpusFolder();
afterAll(() => folder.remove());

/** Rows of a WikiText file as the data set's script makes them: `row if row.strip() else ""`. */
const rowsOf = (file: string): string[] =>
  (file.match(/[^\n]*\n/g) ?? []).map((line) => (line.trim() === "" ? "" : line));
const parquetOf = (rows: string[], name: string): string =>
  folder.write(parquetBytes([{ name: "text", data: rows, type: "STRING" }], 1000), name);

const PAGES =
  ' \n = A & B = \n \n One @-@ two ( x ) . \n \n = = Part = = \n \n Three \n \n = C = \n \n " Four " \'s \n';

describe("rules for WikiText", () => {
  it("give the raw file back from the rows", async () => {
    const rows = parquetOf(rowsOf(PAGES), "small.parquet");
    expect(await documentsOf(rows, { rule: "wikitext-file" })).toEqual([
      { name: "small.parquet", text: PAGES },
    ]);
    expect((await documentsOf(folder.write(PAGES, "raw.txt"), { rule: "wikitext-file" }))[0]!.text).toBe(
      PAGES,
    );
  });

  it("make pages as people write, with what they were made of", async () => {
    const expected = [
      {
        name: "page 1",
        text: " = A & B =\n\nOne-two (x).\n\n== Part ==\n\nThree\n",
        original: " = A & B = \n \n One @-@ two ( x ) . \n \n = = Part = = \n \n Three \n ",
      },
      { name: "page 2", text: ' = C =\n\n"Four"\'s\n', original: ' = C = \n \n " Four " \'s \n' },
    ];
    for (const path of [parquetOf(rowsOf(PAGES), "pages.parquet"), folder.write(PAGES, "pages.txt")])
      expect(await documentsOf(path, { rule: "wikitext-pages" })).toEqual(expected);
  });

  it("detokenise as lm-evaluation-harness does, whatever the characters", () => {
    const odd = readFileSync(atRoot("test/fixtures/corpus/odd-text.txt"), "utf8");
    const theirs = "9ca01228bd158ea40eeff93dde9738bc0fc99c720843b725c6be4038e822609f"; // test/fixtures/corpus/README.md
    expect(sha256(detokenizeWikitext(odd))).toBe(theirs);
  });

  needing(!existsSync(RAW) && "no shared/data/wikitext-2-raw.test.txt beside the checkout").describe(
    "on WikiText-2",
    () => {
      const raw = existsSync(RAW) ? readFileSync(RAW, "utf8") : "";
      const rows = () => parquetOf(rowsOf(raw), "test-00000-of-00001.parquet");

      it("give the canonical file byte for byte from 4358 rows", async () => {
        expect(await documentsOf(rows())).toHaveLength(4358);
        const [document] = await documentsOf(rows(), { rule: "wikitext-file" });
        expect(sha256(document!.text)).toBe(sha256(raw));
        expect(sha256(raw)).toMatch(/^173c87a5/);
      });

      it("join rows by blank lines as Python does", async () => {
        const [document] = await documentsOf(rows(), { rule: "join-blank-line" });
        expect(sha256(document!.text)).toBe(
          "696cca6b65a171b0a358a4be6732cdfdf2dd6164a32e20fd70e3c13fc4dfae83",
        );
        expect(Buffer.byteLength(document!.text)).toBe(1_296_370);
      });

      it("make the 62 pages of lm-evaluation-harness, detokenised the same", async () => {
        for (const path of [rows(), RAW]) {
          const pages = await documentsOf(path, { rule: "wikitext-pages" });
          expect(pages).toHaveLength(62);
          const originals = pages.map(({ original }) => original!);
          // What their code (44b6ce01) makes of the same file with Python 3.11, pages joined by NUL.
          expect(sha256(originals.join("\0"))).toBe(
            "d0b16b3ea2df933c8a7c98e8b39093f025b25aa357d03b598e6532b2ec27f78c",
          );
          expect(sha256(pages.map(({ text }) => text).join("\0"))).toBe(
            "b0ae50e166add20959a5406d9b3c99fe1f23819ec0a10149047149434fb85d81",
          );
        }
      });
    },
  );
});

describe("the other rules", () => {
  const rows = (texts: string[]): string =>
    folder.write(texts.map((sentence) => `${JSON.stringify({ sentence })}\n`).join(""), "r.jsonl");
  const texts = async (rule: string, sentences: string[]) =>
    (await documentsOf(rows(sentences), { rule })).map(({ text }) => text);

  it("join, leave out, and put lines back", async () => {
    const sentences = ["a b", "", "c"];
    expect(await texts("join-space", sentences)).toEqual(["a b  c"]);
    expect(await texts("join-blank-line", sentences)).toEqual(["a b\n\n\n\nc"]);
    expect(await texts("not-empty", sentences)).toEqual(["a b", "c"]);
    expect(await texts("ptb-file", ["no it was n't", "b"])).toEqual([" no it was n't \n b \n"]);
    expect(await texts("wikitext-detokenized", ["1 @,@ 000"])).toEqual(["1,000"]);
    const many = Array.from({ length: 1200 }, (_, i) => `t${i}`);
    expect(await texts("c4-gptq", many)).toEqual([many.slice(0, 1100).join(" ")]);
    for (const rule of Object.keys(RULES))
      if (rule !== "wikitext-pages") expect(await texts(rule, [])).toEqual([]);
  });

  it("stand in the corpus with their source, and refuse what is too large for one text", async () => {
    const path = rows(["aaaa", "bbbb"]);
    const [corpus] = await openCorpora(path, { rule: "join-space" });
    expect(corpus!.rule).toEqual({
      name: "join-space",
      source: expect.stringContaining("get_ptb_new"),
      column: "sentence",
    });
    const lines = folder.write("aaaa\nbbbb", "lines.txt");
    const joined = (maxDocumentBytes: number) =>
      documentsOf(lines, { split: "lines", rule: "join-space", maxDocumentBytes });
    await expect(joined(8)).rejects.toMatchObject({ code: "DOCUMENT_TOO_LARGE" });
    expect(await joined(9)).toEqual([{ name: "lines.txt", text: "aaaa bbbb" }]);
  });
});

describe("documents between delimiters", () => {
  needing(!existsSync(DOMAIN_TEXT) && "no shared/data/domains beside the checkout").it(
    "of a domain text are as many as its manifest says",
    async () => {
      const documents = await documentsOf(DOMAIN_TEXT, { split: "<|endoftext|>" });
      expect(documents).toHaveLength(388);
      const whole = readFileSync(DOMAIN_TEXT, "utf8");
      expect(documents.map(({ text }) => text).join("<|endoftext|>\n")).toBe(whole);
    },
  );
});

describe("docs/corpora.md", () => {
  const page = readFileSync(atRoot("docs/corpora.md"), "utf8");

  it("has every rule and every data set", () => {
    for (const name of [...Object.keys(RULES), ...DATASET_NAMES]) expect(page).toMatch(`\`${name}\``);
  });

  it("says which rule each recipe gets", () => {
    const rows = [...page.matchAll(/^\| (WikiText|PTB|C4|WikiText and PTB), ([^|]+?) +\| (.*)$/gm)];
    expect(rows).toHaveLength(7);
    for (const [, sets, recipes, cell] of rows)
      for (const set of sets!.split(" and "))
        for (const recipe of recipes!.match(/(?<=`)[a-z.-]+(?=`)/g) ?? [undefined]) {
          const name = { WikiText: "wikitext-2", PTB: "ptb", C4: "c4" }[set]!;
          expect(parseHubCorpus(name, recipe)!.rule).toBe(/^`([a-z-]+)`/.exec(cell!)?.[1] ?? null);
        }
  });
});

it("a data set's revision is decoded, or refused", () => {
  expect(parseHubCorpus("hf:owner/set@refs%2Fpr%2F1", undefined)!.request.revision).toBe("refs/pr/1");
  for (const revision of ["%", "100%", "%ff"])
    expect(() => parseHubCorpus(`hf:owner/set@${revision}`, undefined)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", where: `hf:owner/set@${revision}` }),
    );
});

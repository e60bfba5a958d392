import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it, vi } from "vitest";
import { CorpusFolder, documentsOf } from "../../../test/corpus-folder.ts";
import { parquetBytes } from "../../../test/parquet-fixture.ts";
import { openCorpora } from "./open.ts";

const folder = new CorpusFolder();
afterAll(() => folder.remove());
const write = (content: string | Uint8Array, name: string): string => folder.write(content, name);

const ROWS = Array.from({ length: 5000 }, (_, i) => ({
  id: i + 1,
  lang: i % 3 ? "de" : "en",
  stars: i % 10,
  text: `text ${i + 1}, "größer"\n`,
}));
const json = (separator: string) => ROWS.map((row) => JSON.stringify(row) + separator).join("");
const csv = ROWS.map(
  ({ id, lang, stars, text }) => `${id},${lang},${stars},"${text.replaceAll('"', '""')}"\n`,
).join("");
const parquet = parquetBytes(
  [
    { name: "id", data: ROWS.map(({ id }) => id), type: "INT32" },
    { name: "lang", data: ROWS.map(({ lang }) => lang), type: "STRING" },
    { name: "stars", data: ROWS.map(({ stars }) => stars), type: "INT32" },
    { name: "text", data: ROWS.map(({ text }) => text), type: "STRING" },
  ],
  1000,
);

describe("the filter in SQL", () => {
  it.each([
    ["rows.jsonl", json("\n")],
    ["rows-gaps.jsonl", `\n${json("\n\n")}`],
    ["rows.jsonl.gz", Buffer.concat([gzipSync(json("\n").slice(0, 1000)), gzipSync(json("\n").slice(1000))])],
    ["rows.csv", `id,lang,stars,text\n${csv}`],
    ["rows.parquet", parquet],
  ])("leaves the rows of %s that fit, with their numbers and every byte", async (name, content) => {
    const path = write(content, name);
    const where = "stars >= 7 AND lang = 'en'";
    const fitting = ROWS.filter(({ stars, lang }) => stars >= 7 && lang === "en");
    expect(fitting.length).toBeGreaterThan(100);
    expect(await documentsOf(path, { where })).toEqual(
      fitting.map(({ id, text }) => ({ name: `${name}:${id}`, text })),
    );
    const [corpus] = await openCorpora(path, { where });
    expect(corpus!.rule).toEqual({ name: "rows", source: null, column: "text", where });
    expect(await documentsOf(path, { where: "id = 5000 -- the last" })).toHaveLength(1);
    expect(await documentsOf(path, { where: "false" })).toEqual([]);
  });

  it("that is no condition on the columns is refused, in DuckDB's words", async () => {
    const path = write(json("\n"), "rows.jsonl");
    for (const [where, words] of [
      ["star > 1", /column "star" not found/],
      ["stars >", /Parser Error/],
    ] as const)
      await expect(documentsOf(path, { where })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        what: expect.stringMatching(words),
      });
  });

  it.each([
    ["id = 1; COPY (SELECT 1) TO 'canary'", /Parser Error/],
    ["id IN (SELECT 1)", /a query within it/],
    ["EXISTS (FROM read_text('/etc/hostname'))", /a query within it/],
    ["true) UNION ALL (SELECT true", /more than one condition/],
    ["true) GROUP BY (id", /more than one condition/],
    ["true) ORDER BY (id", /more than one condition/],
    ["stars > 2) OR (id = 1", /its parentheses are not in pairs/],
    ["true) OR (true", /its parentheses are not in pairs/],
    ["true) AND (id IN (1)) OR (true", /its parentheses are not in pairs/],
    ["true)--\n OR (true", /its parentheses are not in pairs/],
    ["true] OR [true", /Parser Error/],
    ["row_number() OVER () = 1", /a window over rows/],
    ["count(*) > 1", /function count_star looks at more/],
    ["COLUMNS(*) IS NOT NULL", /COLUMNS/],
    ["id = $1", /a parameter/],
    ["current_setting('home_directory') = ''", /function current_setting looks at more/],
    ["getvariable('x') IS NULL", /function getvariable looks at more/],
    ["random() < 0.5", /function random looks at more/],
    ["nextval('s') = 1", /function nextval looks at more/],
    ["id = pg_catalog.length('x')", /by its schema/],
    ["len(repeat('x', 1000000000 + id)) > 1", /function repeat makes values of any size/],
    ["len(range(400000000 + id)) > 1", /function range makes values of any size/],
    [
      "list_reduce([text, text], (a, b) -> a || b || a) = ''",
      /function list_reduce makes values of any size/,
    ],
    ["no_such_function(id)", /there is no function no_such_function/],
    ["'x'", /Conversion Error/],
    [`id = 1 OR ${"id = 2 OR ".repeat(3000)}false`, /more than 20000 characters/],
  ])("is one condition on a row: %.60s is none", async (where, words) => {
    const path = write(json("\n"), "rows.jsonl");
    await expect(documentsOf(path, { where })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      what: expect.stringMatching(words),
    });
  });

  it.each<[string, (row: (typeof ROWS)[number]) => boolean]>([
    [
      "lang LIKE 'e%' OR stars BETWEEN 2 AND 3",
      ({ lang, stars }) => lang === "en" || stars === 2 || stars === 3,
    ],
    [
      "NOT (stars IN (1, 2, 3)) AND length(text) > 17",
      ({ stars, text }) => ![1, 2, 3].includes(stars) && text.length > 17,
    ],
    [
      "CASE WHEN lang = 'de' THEN stars > 8 ELSE id < 10 END",
      ({ lang, stars, id }) => (lang === "de" ? stars > 8 : id < 10),
    ],
    ["list_sum([stars, id]) = 12 -- a remark", ({ stars, id }) => stars + id === 12],
    [
      "regexp_matches(text, 'text [0-9]{2},') AND stars::VARCHAR = '3'",
      ({ text, stars }) => /text [0-9]{2},/.test(text) && stars === 3,
    ],
    [
      "lower(upper(lang)) = 'de' AND coalesce(NULL, stars) % 7 = 0",
      ({ lang, stars }) => lang === "de" && stars % 7 === 0,
    ],
    ["len(list_filter([id, stars], x -> x = 5)) = 1", ({ id, stars }) => (id === 5) !== (stars === 5)],
    ["(stars > 2) OR (id = 1)", ({ stars, id }) => stars > 2 || id === 1],
  ])("finds what a program finds: %s", async (where, fits) => {
    const path = write(json("\n"), "rows.jsonl");
    const names = (await documentsOf(path, { where })).map(({ name }) => name);
    expect(names).toEqual(ROWS.filter(fits).map(({ id }) => `rows.jsonl:${id}`));
  });

  it("that DuckDB applies to other rows than ours is an error, never another text", async () => {
    const path = write("text\na\n\nb\n", "one-column.csv");
    expect((await documentsOf(path)).map(({ text }) => text)).toEqual(["a", "b"]);
    await expect(documentsOf(path, { where: "text = 'b'" })).rejects.toMatchObject({
      code: "CORPUS_MALFORMED",
      what: "The SQL filter sees other rows than there are",
    });
    expect(
      await documentsOf(write("id,text\n#1,a\n2,b\n", "hash.csv"), { where: "text = 'a'" }),
    ).toHaveLength(1);
  });

  it("is applied to the file of that very name", async () => {
    write('{"text":"b"}\n', "x.jsonl");
    const path = write('{"text":"a"}\n{"text":"b"}\n', "[x].jsonl");
    expect(await documentsOf(path, { where: "text = 'b'" })).toEqual([{ name: "[x].jsonl:2", text: "b" }]);
  });

  it.each([
    ["jsonl", '{"lang":"en","text":"a"}\n{"lang":"de","text":"b"}\n'],
    ["csv", "lang,text\nen,a\nde,b\n"],
    [
      "parquet",
      parquetBytes([
        { name: "lang", data: ["en", "de"] },
        { name: "text", data: ["a", "b"] },
      ]),
    ],
  ])("takes no column of a %s file from the name of its folder", async (ending, content) => {
    const path = write(content, `hive/lang=de/year=2024/a.${ending}`);
    expect((await documentsOf(path, { where: "lang = 'en'" })).map(({ text }) => text)).toEqual(["a"]);
    await expect(documentsOf(path, { where: "year = 2024" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  it("applies to rows longer than DuckDB's own limit", async () => {
    const text = "x".repeat(3_000_000);
    const where = "id = 2";
    for (const [name, content] of [
      ["long.csv", `id,text\n1,${text}\n2,${text}\n`],
      ["long.csv.gz", gzipSync(`id,text\n1,${text}\n2,${text}\n`)],
      ["long.jsonl", [1, 2].map((id) => JSON.stringify({ id, text })).join("\n")],
    ] as const)
      expect((await documentsOf(write(content, name), { where })).map(({ name }) => name)).toEqual([
        `${name}:2`,
      ]);
  });

  it("sees the columns and types of the whole file", async () => {
    const many = Array.from({ length: 50_000 }, (_, i) => i);
    const csv = `version,text\n${many.map((i) => `${i},t\n`).join("")}beta,t\n`;
    expect(await documentsOf(write(csv, "late.csv"), { where: "version = 'beta'" })).toHaveLength(1);
    const lines = many.map((id) => `{"id":${id},"text":"t"}\n`).join("");
    const late = write(`${lines}{"id":-1,"text":"t","late":true}\n`, "late.jsonl");
    expect(await documentsOf(late, { where: "late" })).toHaveLength(1);
    const rare = write(many.map((id) => `{"k${id % 500}":1,"text":"t"}\n`).join(""), "rare.jsonl");
    expect(await documentsOf(rare, { where: "k7 = 1" })).toHaveLength(100);
  });

  it("takes strings of JSON for strings, whatever they look like", async () => {
    const day = '{"day":"2024-01-02","time":"2024-01-02T10:00:00Z","text":"t"}\n';
    const path = write(day, "dates.jsonl");
    expect(await documentsOf(path, { where: "day LIKE '2024-%' AND time LIKE '%Z'" })).toHaveLength(1);
    expect(await documentsOf(path, { where: "day = 'none'" })).toEqual([]);
  });

  it("stops the reading when the reader stops", async () => {
    const [corpus] = await openCorpora(write(json("\n"), "rows.jsonl"), { where: "stars = 1" });
    const names: string[] = [];
    for await (const { name } of corpus!.documents()) {
      names.push(name);
      if (names.length === 2) break;
    }
    expect(names).toEqual(["rows.jsonl:2", "rows.jsonl:12"]);
  });

  it("says which package it needs", async () => {
    vi.doMock("@duckdb/node-api", () => {
      throw new Error("Cannot find package '@duckdb/node-api'");
    });
    vi.resetModules();
    try {
      const fresh = await import("./open.ts");
      const [corpus] = await fresh.openCorpora(write(json("\n"), "rows.jsonl"), { where: "stars = 1" });
      await expect(corpus!.documents().next()).rejects.toMatchObject({
        code: "PACKAGE_MISSING",
        where: "@duckdb/node-api",
        wayOut: expect.stringContaining("npm install @duckdb/node-api"),
      });
    } finally {
      vi.doUnmock("@duckdb/node-api");
      vi.resetModules();
    }
  });
});

import { parquetReadObjects } from "hyparquet";
import { expect, it } from "vitest";
import { scoreWords } from "../../evaluate/index.ts";
import { TableModel } from "../../models/test/index.ts";
import { WORD_COLUMNS, wordFile, wordTable } from "./index.ts";

const model = TableModel.bytes();
const items = [
  {
    textIndex: 0,
    own: { item: 1, word: "mine", kind: "-wh", ok: true },
    score: await scoreWords(model, 'It\'s =SUM(1), "so"'),
  },
  {
    textIndex: 2,
    own: { item: 2, word: "yours", kind: null, ok: false },
    score: await scoreWords(model, "x"),
  },
];
const table = wordTable(items, ["item", "word", "kind", "ok"]);

it("repeats a person's own columns in front, and gives way where one is called as one of ours", () => {
  expect(table.columns.map(({ name }) => name)).toEqual([
    "item",
    "given.word",
    "kind",
    "ok",
    ...WORD_COLUMNS.map(([name]) => name),
  ]);
  expect(table.rows.map((row) => row.slice(0, 7))).toEqual([
    [1, "mine", "-wh", true, 0, 0, "It's"],
    [1, "mine", "-wh", true, 0, 1, "=SUM(1),"],
    [1, "mine", "-wh", true, 0, 2, '"so"'],
    [2, "yours", null, false, 2, 0, "x"],
  ]);
});

it("writes texts as they are, numbers in full, and nothing for what is missing", async () => {
  const [header, , second, third, last] = `${await wordFile(table, "csv")}`.split("\r\n");
  expect(header).toBe(table.columns.map(({ name }) => name).join(","));
  const { surprisalSum } = items[0]!.score.words[1]!;
  expect(second).toMatch(/^1,mine,-wh,true,0,1,"=SUM\(1\),",5,13,8,9,/);
  expect(second).toContain(`,${surprisalSum},`);
  expect(third).toContain(',"""so""",');
  expect(last).toMatch(/^2,yours,,false,2,0,x,/);
  expect(`${await wordFile(table, "tsv")}`.split("\r\n")[0]!.split("\t")).toHaveLength(table.columns.length);
  const lines = `${await wordFile(table, "jsonl")}`.trim().split("\n");
  expect(JSON.parse(lines[1]!)).toMatchObject({ item: 1, word: "=SUM(1),", surprisalSum, kind: "-wh" });
});

it("writes Parquet with types", async () => {
  const bytes = (await wordFile(table, "parquet")) as Uint8Array;
  const rows = await parquetReadObjects({ file: bytes.slice().buffer });
  expect(rows).toHaveLength(4);
  const { surprisalSum, surprisalCorrected } = items[1]!.score.words[0]!;
  expect(rows[3]).toMatchObject({
    item: 2,
    kind: null,
    ok: false,
    textIndex: 2n,
    word: "x",
    surprisalSum,
    surprisalCorrected,
  });
});

import { describe, expect, it } from "vitest";
import { chooseDataFiles } from "./dataset-files.ts";

/** Layouts of data sets on the hub, and what is found there. */
const LAYOUTS: [string, string[], { config?: string; split?: string }, string[]][] = [
  [
    "numbered files in the subset's folder",
    [
      "a/test-00000-of-00002.parquet",
      "a/test-00001-of-00002.parquet",
      "a/train-00000-of-00001.parquet",
      "b/test-00000-of-00001.parquet",
    ],
    { config: "a" },
    ["a/test-00000-of-00002.parquet", "a/test-00001-of-00002.parquet"],
  ],
  [
    "one subset, its files in data/",
    ["README.md", "data/train-00000-of-00001.parquet", "data/validation-00000-of-00001.parquet"],
    {},
    ["data/validation-00000-of-00001.parquet"],
  ],
  [
    "the subset's name before the split's",
    ["w-2/w-2-test.parquet", "w-2/w-2-train.parquet"],
    {},
    ["w-2/w-2-test.parquet"],
  ],
  [
    "the hub's conversion",
    ["c/test/0000.parquet", "c/test/0001.parquet", "c/partial-train/0000.parquet"],
    { config: "c", split: "train" },
    ["c/partial-train/0000.parquet"],
  ],
  ["files at the top", ["train.jsonl", "dev.jsonl", ".hidden.jsonl"], {}, ["dev.jsonl"]],
  [
    "packed files",
    ["en/c4-validation.00001-of-00008.json.gz"],
    { config: "en" },
    ["en/c4-validation.00001-of-00008.json.gz"],
  ],
  [
    "a split of its own name",
    ["data/en_us-00000-of-00001.parquet"],
    { split: "en_us" },
    ["data/en_us-00000-of-00001.parquet"],
  ],
  ["no word for a split: all of it", ["book.txt"], { split: "train" }, ["book.txt"]],
  [
    "folders named after splits",
    ["test/a.txt", "test/b.txt", "train/c.txt"],
    {},
    ["test/a.txt", "test/b.txt"],
  ],
  ["the same in two formats", ["test.csv", "test.parquet"], {}, ["test.parquet"]],
];

describe("the files of a split", () => {
  it.each(LAYOUTS)("are found: %s", (_, paths, wanted, files) => {
    const choice = chooseDataFiles(paths, wanted);
    expect(choice).toMatchObject({ kind: "found" });
    if (choice.kind === "found") expect(choice.files.map(({ path }) => path)).toEqual(files);
  });

  it("are not guessed: what there is, is told", () => {
    const paths = ["a/test.jsonl", "b/test.jsonl"];
    expect(chooseDataFiles(paths, {})).toEqual({ kind: "unclear", what: "subset", available: ["a", "b"] });
    expect(chooseDataFiles(paths, { config: "c" })).toMatchObject({ what: "subset" });
    expect(chooseDataFiles(paths, { config: "a", split: "train" })).toEqual({
      kind: "unclear",
      what: "split",
      available: ["test"],
    });
    expect(chooseDataFiles(["README.md", "script.py"], {})).toEqual({ kind: "none" });
  });
});

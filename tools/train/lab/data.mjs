/**
 * Writes the documents that the lab model is trained on: node tools/train/lab/data.mjs FOLDER [documents]
 *
 * FOLDER/train.txt and valid.txt, documents separated by lines that hold only <|endoftext|>. Needs the built package
 * (npm run build). The same arguments give the same bytes.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { documents } from "../../../dist/problems/index.js";

/** Direct answers are short, and learnt more slowly than any one step; the hardest levels add length only. */
const MIX = { direct: 0.8, difficulties: [1, 1, 2, 2, 3, 3, 4, 5] };

const [folder, count = "520000"] = process.argv.slice(2);
if (!folder) throw new Error("usage: node tools/train/lab/data.mjs FOLDER [documents]");
mkdirSync(folder, { recursive: true });
for (const [split, seed, size] of [
  ["train", 1, Number(count)],
  ["valid", 2, 3000],
]) {
  const texts = [...documents({ ...MIX, split, seed, count: size })];
  writeFileSync(join(folder, `${split}.txt`), `${texts.join("\n<|endoftext|>\n")}\n`);
  console.log(`${split}: ${texts.length} documents, ${texts.reduce((sum, t) => sum + t.length, 0)} bytes`);
}

/** Scores under every level, as `surprisal route paq label` makes them, but slow levels by other code. */
import { existsSync } from "node:fs";
import { LlamaModel, quantize } from "surprisal/models";
import { levelFacts, readLadder, recordLevels } from "surprisal/route";

/**
 * A level whose format has no fast code here is scored by its weights unpacked to F16: every weight is the same number, and what is multiplied
 * by it is rounded otherwise. The header's speeds, sizes and sha256 stay those of the level's own file.
 * @param options.unpack names of such levels.
 */
export async function label(prompts, { ladder: folder, out: file, unpack, threads }) {
  const ladder = await readLadder(folder);
  const open = async ({ name, identity }) => {
    const { file: own } = ladder.levels.find((level) => level.name === name);
    const copy = own.replace(/\.gguf$/, "-unpacked.gguf");
    const isCopy = unpack.includes(name);
    if (isCopy && !existsSync(copy))
      await quantize(own, copy, "F16", { allowRequantize: true, allowLarger: true });
    console.error(`${new Date().toISOString()} ${name}${isCopy ? ", unpacked to F16" : ""}`);
    return LlamaModel.load(isCopy ? copy : own, { threads }, { name: identity.model.name });
  };
  const recorded = await recordLevels({
    ...{ file, open, prompts, form: "text", resume: true },
    levels: ladder.levels.map(levelFacts),
  });
  console.error(
    `${new Date().toISOString()} ${recorded.records.length} records, ${recorded.failed.length} failed`,
  );
}

/** `surprisal inspect`: what a packed file says of itself. */
import { type Command, defineCommand } from "../command.ts";
import { each, filesOf, inspectSource, PACKED_FILES, showInspection, sourcesOf } from "../compress/index.ts";
import { printDocument } from "../json.ts";
import { flag, optionalArgumentList } from "../parameters.ts";
import { JSON_DOCUMENT } from "../shared-options.ts";

const command: Command = defineCommand({
  details: `Reads the file and compares its checksums; unpacks nothing and needs no model (\`surprisal decompress --test\` unpacks). Of a damaged file it shows what can be read, and what is broken; of another tool's file, what that looks like. Exit code 1 where a file is damaged or no packed one.

Examples:
  surprisal inspect letter.txt.surp
  surprisal inspect *.surp --json | jq '.files[] | {input, bitsPerByte, model: .header.model.name}'`,
  parameters: {
    files: optionalArgumentList(PACKED_FILES),
    all: flag({ short: "a", description: "Every chunk, however many there are" }),
    json: JSON_DOCUMENT,
  },
  async run({ files, all, json }) {
    const sources = sourcesOf(files, "inspect");
    const outcomes = await each(sources, async (source) => {
      const inspection = await inspectSource(source);
      if (!inspection.isWhole) process.exitCode = 1;
      if (!json && source !== sources[0]) process.stdout.write("\n");
      if (!json) showInspection(inspection, source, all);
      return inspection;
    });
    if (json) printDocument({ schema: "surprisal.inspect/1", files: filesOf(outcomes, (result) => result) });
  },
});
export default command;

/** `surprisal decompress`: what `surprisal compress` packed, as it was. */
import { type Command, defineCommand } from "../command.ts";
import {
  checkPacked,
  checkTargets,
  EXTENSION,
  each,
  filesOf,
  PACKED_FILES,
  salvageSource,
  showSalvaged,
  showUnpacked,
  sourcesOf,
  TARGET_OPTIONS,
  targetFor,
  UnpackingModels,
  unpackedName,
  unpackSource,
} from "../compress/index.ts";
import { usage } from "../errors.ts";
import { printDocument } from "../json.ts";
import { flag, option, optionalArgumentList, text } from "../parameters.ts";
import { ACCEPT_TERMS, JSON_DOCUMENT, QUIET } from "../shared-options.ts";

// biome-ignore format: one option a line
const parameters = {
  files: optionalArgumentList(PACKED_FILES),
  ...TARGET_OPTIONS,
  model: option(text, { short: "m", description: "The model that a file was packed with, where it is not found by the checksum that the file gives" }),
  test: flag({ short: "t", description: "Write nothing: only try whether the files are whole" }),
  salvage: flag({ description: "Of a damaged file, what is whole; says what is missing" }),
  zeros: flag({ description: "With --salvage: zeros for what is missing, so that all else stands where it stood" }),
  json: JSON_DOCUMENT,
  quiet: QUIET,
  acceptTerms: ACCEPT_TERMS,
};

const DETAILS = `FILE${EXTENSION} becomes FILE; it is never deleted. The model is the one that the file names: the shipped one, one in the cache, or fetched if it is known by name; it is loaded with the threads, the batch and the build of the CPU code that packed. Another model, another build, damage: an error that says which and where, exit code 1, and no file. To standard output go whole chunks as they come, each compared with its checksum; what is wrong with all together shows at the end.

--salvage leaves out what is missing, unless --zeros is given. It ends with exit code 1 where anything is missing, and writes the file all the same.

Examples:
  surprisal decompress letter.txt${EXTENSION}
  surprisal decompress --test *${EXTENSION}
  surprisal decompress -c log${EXTENSION} | grep error
  surprisal decompress --salvage damaged${EXTENSION} -o rest.txt`;

const command: Command = defineCommand({
  details: DETAILS,
  parameters,
  async run(given) {
    const { test, salvage, zeros, json, quiet, out, stdout } = given;
    if (zeros && !salvage) throw usage("--zeros goes with --salvage");
    if (test && (out !== undefined || stdout))
      throw usage("--test writes nothing: --out and --stdout do not go with it");
    const sources = sourcesOf(given.files, "unpack");
    if (!test) checkTargets(sources, given, { json, concatenates: true });
    await using models = new UnpackingModels(given);
    const outcomes = await each(sources, async (source) => {
      await checkPacked(source);
      const target = test ? null : targetFor(source, given, unpackedName, { guarded: false });
      if (!salvage) {
        const unpacked = await unpackSource(source, target, { models, quiet });
        if (!json && !quiet) showUnpacked(unpacked, source, target);
        return unpacked;
      }
      const salvaged = await salvageSource(source, target, { models, quiet, zeros });
      if (!salvaged.isWhole) process.exitCode = 1;
      if (!json) showSalvaged(salvaged, source, target);
      return salvaged;
    });
    const schema = `surprisal.decompress${salvage ? ".salvage" : ""}/1`;
    if (json) printDocument({ schema, files: filesOf(outcomes, (result) => result) });
  },
});
export default command;

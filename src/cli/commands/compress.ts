/** `surprisal compress`: files without loss, text by what a model expects of it. */
import { DEFAULT_MODEL } from "../../models/index.ts";
import { type Command, defineCommand } from "../command.ts";
import {
  byteSize,
  checkExplain,
  checkTargets,
  compareExplained,
  EXPLAIN_OPTIONS,
  EXTENSION,
  each,
  explainedDocument,
  filesOf,
  openPackingCoder,
  packedDocument,
  packedName,
  packSource,
  showExplained,
  showPacked,
  sourcesOf,
  TARGET_OPTIONS,
  targetFor,
} from "../compress/index.ts";
import { usage } from "../errors.ts";
import { printDocument } from "../json.ts";
import { flag, option, optionalArgumentList, text, wholeNumber } from "../parameters.ts";
import { ACCEPT_TERMS, COUNT, JSON_DOCUMENT, QUIET } from "../shared-options.ts";

// biome-ignore format: one option a line
const parameters = {
  files: optionalArgumentList("Files of any kind; - or nothing: standard input to standard output"),
  ...TARGET_OPTIONS,
  model: option(text, { short: "m", description: `What expects the text: a name from \`surprisal models list\`, a .gguf file, hf:..., pypi:... (default: ${DEFAULT_MODEL}, small and English, which everybody has who has surprisal)` }),
  bytes: flag({ short: "b", description: "Without a model: faster, for anything, and opens on every machine" }),
  segments: option(wholeNumber(1, 64), { hint: "K", description: "Parts of a chunk that are read side by side: more are faster, fewer know more of what came before (default: 16, each 4 KiB at least)" }),
  chunk: option(byteSize(4096, 2 ** 24), { hint: "SIZE", description: "Bytes of a chunk, 4K to 16M: what is lost where one is damaged, and what is held in memory (default: 1M)" }),
  context: option(wholeNumber(2, 2 ** 24), { hint: "TOKENS", description: "Tokens that the model sees at most (default: 1024, or what it was trained for)" }),
  overlap: option(wholeNumber(0, 2 ** 24), { hint: "TOKENS", description: "Tokens that are read again once the context is full (default: half of it)" }),
  threads: option(COUNT, { hint: "N", description: "Threads, of whoever unpacks too (default: one per core, at most 16; one for a model under 32 MB)" }),
  noVerify: flag({ description: "Do not unpack the result to compare it: half the time" }),
  resume: flag({ description: "Go on with what an interrupted run has left, and leave what is done" }),
  ...EXPLAIN_OPTIONS,
  json: JSON_DOCUMENT,
  quiet: QUIET,
  acceptTerms: ACCEPT_TERMS,
};

const DETAILS = `FILE becomes FILE${EXTENSION}; it is never deleted. Each chunk is packed by the model, in bytes mode, by brotli or as it is, whichever makes it smallest. A file that a model packed opens with the same model, version and build of the CPU code only, which it names; one that --bytes packed opens everywhere.

The result is unpacked and compared before it gets its name; what goes to standard output waits for that in the temporary folder. Until then it is called FILE${EXTENSION}.partial, which --resume goes on with.

Examples:
  surprisal compress letter.txt
  surprisal compress book.txt -m smollm2 -o book${EXTENSION}
  surprisal compress book.txt --explain --html bits.html
  surprisal compress *.log --bytes --json
  tar c folder | surprisal compress --bytes -o folder.tar${EXTENSION}`;

const command: Command = defineCommand({
  details: DETAILS,
  parameters,
  async run(given) {
    const { bytes, model, segments, context, overlap, threads, json, quiet, resume, force } = given;
    if (bytes && [model, segments, context, overlap, threads].some((value) => value !== undefined))
      throw usage(
        "--bytes has no model: --model, --segments, --context, --overlap and --threads do not go with it",
      );
    const sources = sourcesOf(given.files, "pack");
    checkTargets(sources, given, { json, concatenates: false });
    const explain = checkExplain(given, { noVerify: given.noVerify, files: sources.length });
    const placed = (source: (typeof sources)[number]) =>
      targetFor(source, given, (file) => packedName(file, given), { guarded: true, mayExist: resume });
    if (sources.length === 1) placed(sources[0]!); // before a model is loaded
    const opened = bytes ? null : await openPackingCoder({ ...given, sequences: segments, keep: overlap });
    await using coder = opened && "coder" in opened ? opened : null;
    if (opened && "note" in opened) process.stderr.write(`Note: ${opened.note}\n`);
    const options = {
      coder: coder?.coder,
      chunkBytes: given.chunk,
      verify: !given.noVerify,
      explain,
      resume,
      force,
      quiet,
    };
    const outcomes = await each(sources, async (source) => {
      const target = placed(source);
      const packed = await packSource(source, target, options);
      if (!json && !quiet) showPacked(packed, target);
      if (!packed?.explanation) return { packed, explained: null };
      const modelBytes = coder?.modelBytes ?? null;
      const explained = await compareExplained(packed.explanation, source, { modelBytes, quiet });
      await showExplained(explained, target, given);
      return { packed, explained };
    });
    if (json)
      printDocument({
        schema: "surprisal.compress/1",
        files: filesOf(outcomes, ({ packed, explained }, source) => ({
          ...packedDocument(packed, source),
          ...(explained && { explanation: explainedDocument(explained) }),
        })),
      });
  },
});
export default command;

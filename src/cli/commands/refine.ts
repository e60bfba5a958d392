/** `surprisal refine`: which steps of a reasoning a model needs, and data and prompts without the others. */
import { writeWhole } from "../../files/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import type { RefineReport, SampleRow } from "../../refine/index.ts";
import { refinePage } from "../../report/index.ts";
import { visible } from "../../text/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { usage } from "../errors.ts";
import { printDocument } from "../json.ts";
import { openModel } from "../load-options.ts";
import {
  checkFiles,
  checkOptions,
  checkScores,
  filesOf,
  REFINE_PARAMETERS,
  type RefineFiles,
  type RefineGiven,
  readDemonstrations,
  readSamples,
  refineLines,
  refineTogether,
  writtenText,
} from "../refine/index.ts";
import { decideColour, renderRefinement } from "../render/index.ts";

const command: Command = defineCommand({
  details: `A step is taken out, and what the model then says of the rest is compared with what it said before: if the perplexity
rises, the step was needed (SPIRIT). Lines are {"question", "reasoning", "answer"}, chats ("messages", "conversations",
"prompt" and "completion"), or alpaca's; the reasoning is a text, a list of steps, in think tags, or in
"reasoning_content"; in one text with the answer it ends with "#### 42", "\\boxed{42}" or "Answer: 42". What may be read in
several ways is refused, and the option named that says which is meant. docs/refining.md has the layouts.

Each result stands beside what it has to be better than: all steps, the shortest first, and random ones at as many tokens.

Examples:
  surprisal refine train.jsonl -m smollm2 --out refined.jsonl
  surprisal refine train.jsonl -m smollm2 --out refined.jsonl --resume
  surprisal refine train.jsonl -m smollm2 --share 0.7 --format trl --out refined.jsonl --html report.html
  surprisal refine gsm8k.jsonl -m smollm2 --remove 1.02 --merge 1.1 --rewrite --limit 20
  surprisal refine shots.jsonl --mode fs -m smollm2 --calibration questions.jsonl --steps 3 --out prompt.txt`,
  parameters: REFINE_PARAMETERS,
  run: refine,
});
export default command;

async function refine(given: RefineGiven): Promise<void> {
  checkOptions(given);
  if (given.file === undefined && process.stdin.isTTY)
    throw usage("There is nothing to refine: name a file of JSON lines, or pipe some in");
  const files = filesOf(given);
  checkFiles(files, given);
  if (given.mode === "fs") {
    const read = await readDemonstrations(given);
    await using models = await openModels(given);
    return show(await refineTogether(read, files, given, models.scorer, models.writer), files, given);
  }
  const read = await readSamples(given.file, given);
  await using models = await openModels(given);
  if (!given.quiet && !models.scorer.capabilities.chatTemplate && read.rows.some(isChat))
    process.stderr.write(
      "note: this model has no chat template here: chats are scored as plain text, their messages one below the other\n",
    );
  const { report, failure } = await refineLines(read, files, given, models.scorer, models.writer);
  await show(report, files, given);
  if (!given.quiet)
    for (const words of writtenText(report, files, read.unreadable.length, given.format))
      process.stderr.write(`${words}\n`);
  if (failure) throw failure;
}

const isChat = ({ sample }: SampleRow): boolean =>
  !(sample instanceof Error) && typeof sample.asked !== "string";

/** The model that judges, and the one that merges; `null`: none does. */
interface Models extends AsyncDisposable {
  scorer: LanguageModel;
  writer: LanguageModel | null;
}

async function openModels(given: RefineGiven): Promise<Models> {
  const scorer = await openModel(given);
  let other: LanguageModel | null = null;
  const close = async () => {
    await other?.[Symbol.asyncDispose]();
    await scorer[Symbol.asyncDispose]();
  };
  try {
    checkScores(scorer);
    if (given.rewriteModel !== undefined) other = await openModel({ ...given, model: given.rewriteModel });
  } catch (error) {
    await close();
    throw error;
  }
  if (!given.quiet) for (const note of scorer.notes ?? []) process.stderr.write(`note: ${visible(note)}\n`);
  return { scorer, writer: other ?? (given.rewrite ? scorer : null), [Symbol.asyncDispose]: close };
}

/** The report: on the screen or as a document, and as a page. */
async function show(report: RefineReport, files: RefineFiles, { json, mode }: RefineGiven): Promise<void> {
  if (files.html !== null) await writeWhole(files.html, await refinePage(report));
  if (json) return printDocument({ schema: "surprisal.refine/1", ...report });
  const { stdout, env } = process;
  const columns = stdout.isTTY ? stdout.columns || null : null;
  stdout.write(renderRefinement(report, { columns, colour: decideColour(env, stdout) !== "none" }));
  if (mode === "fs" && files.out === null && report.mode === "fs")
    stdout.write(`\nThe prompt, without what went:\n\n${visibleLines(report.text)}\n`);
}

const visibleLines = (text: string): string => text.trimEnd().split("\n").map(visible).join("\n");

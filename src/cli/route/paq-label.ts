/** `surprisal route paq label`: what each prompt loses at each level. */
import { SurprisalError } from "../../core/index.ts";
import { onInterrupt } from "../../files/index.ts";
import { levelFacts, type RecordedLevels, recordLevels } from "../../route/index.ts";
import { formatCount, formatNumber, formatPlural, visible } from "../../text/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { exitCodeOf, someFailed } from "../errors.ts";
import { printDocument } from "../json.ts";
import { LOAD_OPTIONS } from "../load-options.ts";
import { argument, oneOf, option, text } from "../parameters.ts";
import { startProgress, table } from "../render/index.ts";
import { JSON_DOCUMENT, MOST_MIB, QUIET } from "../shared-options.ts";
import { OUT, RESUME, TOKENS } from "./options.ts";
import { FORM, LADDER, ladderOf, levelsOf } from "./paq-levels.ts";
import { readPaqPrompts } from "./paq-prompts.ts";
import { checkRecordsFile, stopped } from "./recording.ts";

const command: Command = defineCommand({
  details: `The same reference of each prompt is scored under every level: the one of its row, or what the highest level writes greedily. Levels
are loaded one after the other, so memory for the largest is enough. With --resume the same command goes on after Ctrl-C
or kill -9, and asks again what failed.

Lines look like {"prompt": "What is 2 + 3?", "reference": "5"}, with "id", "group" and "domain" if they have some;
"question", "answer" and "kind" are read, too.

Examples:
  surprisal route paq label prompts.jsonl --ladder ladder -o records.jsonl
  surprisal route paq label prompts.jsonl --ladder ladder -o records.jsonl --reference greedy --max-tokens 32 --resume`,
  // biome-ignore format: one option a line
  parameters: {
    prompts: argument('Prompts: JSONL with "prompt" and "reference" a line; - for standard input'),
    ladder: LADDER,
    out: OUT,
    resume: RESUME,
    reference: option(oneOf(["given", "greedy"]), { hint: "WHICH", description: "given: that of the row; greedy: the highest level writes it (default: given where rows have one)" }),
    maxTokens: TOKENS("Most tokens of a reference that the highest level writes", "64"),
    form: FORM,
    delimiter: option(text, { hint: "TEXT", mayBeEmpty: true, description: "Of texts: what stands between prompt and reference where neither has white space there (default: a space)" }),
    json: JSON_DOCUMENT,
    maxMib: MOST_MIB,
    quiet: QUIET,
    ...LOAD_OPTIONS,
  },
  async run(given) {
    const { resume, reference, maxTokens, form, delimiter, quiet, maxMib } = given;
    const file = checkRecordsFile(given.out, given.prompts, resume);
    const ladder = await ladderOf(given.ladder);
    const open = levelsOf(ladder, given);
    const prompts = await readPaqPrompts(given.prompts, { reference, maxMib });
    const progress = startProgress({ label: "scoring", unit: "scores" });
    const stop = new AbortController();
    let done = 0;
    const stopWatching = onInterrupt(() => {
      stop.abort();
      progress.end();
      process.stderr.write(
        `Interrupted: ${formatPlural(done, "score")} done. The same command with --resume goes on.\n`,
      );
    });
    const recorded = await recordLevels({
      ...{ file, resume, open, prompts, maxTokens, form, delimiter, signal: stop.signal },
      levels: ladder.levels.map(levelFacts),
      onProgress: (state) => {
        done = state.done;
        if (!quiet) progress.update({ done, total: state.missing });
      },
    })
      .catch((error: unknown) => {
        throw stopped(error, file, 0, prompts.length);
      })
      .finally(() => {
        stopWatching();
        progress.end();
      });
    show(recorded, file, ladder.source.note, given.json);
    const { failed, records } = recorded;
    if (failed.length === 0) return;
    const error = someFailed({
      failures: failed.map(({ id, code, what }) => ({
        error: new SurprisalError({ code, what }),
        where: `prompt ${id}`,
      })),
      ...{
        done: records.length,
        noun: "prompt",
        wayOut: "Mend the prompt, or leave it: its record has no scores.",
      },
      next: `All others have their scores in ${visible(file)}.`,
    });
    if (!given.json) throw error;
    process.exitCode = exitCodeOf(error); // the document has them
  },
});
export default command;

/** Of one level, over all prompts that all levels have scored. */
interface LevelSum {
  level: string;
  tokens: number;
  /** Per token of the references; Infinity where one has probability 0. */
  perplexity: number | null;
  /** Of the highest level's. */
  ratio: number | null;
}

function sumsOf({ header, records }: RecordedLevels): LevelSum[] {
  const whole = records.filter(({ paths }) =>
    header.paths.every((path) => typeof paths[path]?.nll === "number"),
  );
  const sums = header.paths.map((level) => {
    const tokens = whole.reduce((sum, { paths }) => sum + paths[level]!.tokens, 0);
    const nll = whole.reduce((sum, { paths }) => sum + paths[level]!.nll!, 0);
    return { level, tokens, perplexity: tokens === 0 ? null : Math.exp(nll / tokens) };
  });
  const highest = sums.at(-1)!.perplexity;
  return sums.map((sum) => ({
    ...sum,
    ratio: sum.perplexity === null || highest === null ? null : sum.perplexity / highest,
  }));
}

function show(recorded: RecordedLevels, file: string, note: string | null, json: boolean): void {
  const { records, failed, header } = recorded;
  const levels = sumsOf(recorded);
  if (json) {
    const { asked } = header;
    printDocument({
      schema: "surprisal.paq-label/1",
      file,
      prompts: records.length,
      failed,
      asked,
      levels,
      note,
    });
    return;
  }
  const number = (value: number | null) => (value === null ? "" : formatNumber(value, 4));
  const lines = table(
    levels,
    [
      ["level", ({ level }) => level],
      ["perplexity", ({ perplexity }) => number(perplexity)],
      [`of ${header.paths.at(-1)}`, ({ ratio }) => number(ratio)],
    ],
    1,
  );
  const scored = `${formatCount(records.length - failed.length)} of ${formatPlural(records.length, "prompt")} scored, ${formatPlural(levels[0]!.tokens, "token")} of references, in ${visible(file)}`;
  process.stdout.write(
    [...lines, "", scored, ...(note === null ? [] : [`note: ${visible(note)}`]), ""].join("\n"),
  );
}

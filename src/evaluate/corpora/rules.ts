/** Named rules that make texts of rows, each as somebody's tool has it. docs/corpora.md says when to use which. */
import { invalidArgument, pythonTrim } from "../../core/index.ts";
import type { CorpusDocument } from "./corpus.ts";
import { tooLarge } from "./stored-file.ts";
import { detokenizeWikitext } from "./wikitext-detokenizer.ts";

/** Names of RULES. */
export type RuleName =
  | "wikitext-file"
  | "wikitext-pages"
  | "wikitext-detokenized"
  | "join-blank-line"
  | "join-space"
  | "c4-gptq"
  | "ptb-file"
  | "not-empty";

type Documents = AsyncIterable<CorpusDocument>;

/** How texts are made of rows. */
export interface TextRule {
  /** Whose it is, with the version that was read. */
  source: string;
  /** @param whole name of a text made of all rows; @param limit longest document, bytes. */
  apply(rows: Documents, whole: string, limit: number): AsyncGenerator<CorpusDocument>;
}

const LM_EVAL = "lm-evaluation-harness 44b6ce01, lm_eval/tasks/wikitext/preprocess_wikitext.py";
const GPTQ = "GPTQ-for-LLaMa 428b5fc0, datautils.py";

/** How others make texts of a data set's rows, by name: a part of every number that is compared with theirs. */
export const RULES: Readonly<Record<RuleName, TextRule>> = {
  /** The data set's script gives each line of the file as a row, and "" for the lines " \n"; this puts them back. */
  "wikitext-file": {
    source:
      "llama.cpp, scripts/get-wikitext-2.sh: the raw file; huggingface/datasets 02bb18c7, wikitext.py: rows of it",
    apply: (rows, whole, limit) => joined(wikitextLines(rows), "", whole, limit),
  },
  "wikitext-pages": {
    source: `EleutherAI/wikitext_document_level: a page begins at a heading "= ... ="; ${LM_EVAL}`,
    apply: (rows, _whole, limit) => detokenized(pages(wikitextLines(rows), limit)),
  },
  "wikitext-detokenized": { source: LM_EVAL, apply: (rows) => detokenized(rows) },
  "join-blank-line": {
    source: `transformers 052b1dcd, docs/source/en/perplexity.md; ${GPTQ}: get_wikitext2, get_ptb`,
    apply: (rows, whole, limit) => joined(rows, "\n\n", whole, limit),
  },
  "join-space": {
    source: `${GPTQ}: get_ptb_new; sparsegpt 54c84435, datautils.py: get_ptb`,
    apply: (rows, whole, limit) => joined(rows, " ", whole, limit),
  },
  /** They then keep the first 256 windows of 2048 tokens; that cut belongs to the window, not to the text. */
  "c4-gptq": {
    source: `${GPTQ}: get_c4_new; sparsegpt 54c84435, datautils.py: get_c4`,
    apply: (rows, whole, limit) => joined(first(rows, 1100), " ", whole, limit),
  },
  /** The data set's script strips the lines of the file, which are " words \n". */
  "ptb-file": {
    source: "huggingface/datasets 1516ae6b, ptb_text_only.py: rows of ptb.test.txt; Mikolov's file",
    apply: (rows, whole, limit) => joined(ptbLines(rows), "", whole, limit),
  },
  "not-empty": {
    source: "evaluate, metrics/perplexity/README.md: texts of a data set, empty ones left out",
    apply: (rows) => notEmpty(rows),
  },
};

/** @throws SurprisalError INVALID_ARGUMENT */
export function ruleNamed(name: string): TextRule {
  if (Object.hasOwn(RULES, name)) return RULES[name as RuleName];
  throw invalidArgument(
    `There is no rule called "${name}" for making texts`,
    "rule",
    `The rules are: ${Object.keys(RULES).join(", ")}.`,
  );
}

/** All rows as one text; no text of no rows. */
async function* joined(
  rows: Documents,
  separator: string,
  whole: string,
  limit: number,
): AsyncGenerator<CorpusDocument> {
  const parts: string[] = [];
  let bytes = 0;
  for await (const { text } of rows) {
    if (parts.length > 0) bytes += separator.length;
    bytes += Buffer.byteLength(text);
    if (bytes > limit)
      throw tooLarge(
        limit,
        whole,
        "The rule makes one text of all rows: use another rule, or the rows themselves",
      );
    parts.push(text);
  }
  if (parts.length > 0) yield { name: whole, text: parts.join(separator) };
}

async function* wikitextLines(rows: Documents): Documents {
  for await (const row of rows) yield row.text === "" ? { ...row, text: " \n" } : row;
}

async function* ptbLines(rows: Documents): Documents {
  for await (const row of rows) yield { ...row, text: ` ${row.text} \n` };
}

async function* first(rows: Documents, count: number): Documents {
  let taken = 0;
  for await (const row of rows) {
    yield row;
    if (++taken === count) return;
  }
}

async function* notEmpty(rows: Documents): AsyncGenerator<CorpusDocument> {
  for await (const row of rows) if (row.text !== "") yield row;
}

async function* detokenized(rows: Documents): AsyncGenerator<CorpusDocument> {
  for await (const { name, text } of rows) yield { name, text: detokenizeWikitext(text), original: text };
}

/** A page goes from one heading of the first level up to the next. Named by its number. */
async function* pages(rows: Documents, limit: number): Documents {
  let page: string[] = [];
  let bytes = 0;
  let number = 0;
  let open = ""; // a line that goes on in the next row
  const take = (): CorpusDocument => ({ name: `page ${++number}`, text: page.join("\n") });
  const add = (line: string) => {
    page.push(line);
    bytes += Buffer.byteLength(line) + 1;
    if (bytes > limit) throw tooLarge(limit, `page ${number + 1}`, "This is no WikiText: use another rule");
  };
  const ended = async function* (): AsyncGenerator<string> {
    for await (const { text } of rows) {
      const lines = (open + text).split("\n");
      open = lines.pop()!;
      yield* lines;
    }
    yield open; // as "a\n".split("\n") does
  };
  for await (const line of ended()) {
    if (isHeading(line)) {
      // What stands in front of the first heading is no page when it is blank.
      if (page.some((part) => pythonTrim(part) !== "")) yield take();
      page = [];
      bytes = 0;
    }
    add(line);
  }
  yield take();
}

function isHeading(line: string): boolean {
  const shortened = pythonTrim(line.replaceAll("= = =", "===").replaceAll("= =", "=="));
  return shortened.startsWith("= ") && shortened.endsWith(" =");
}

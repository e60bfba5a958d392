/** What a corpus is: named texts, read one after the other, made of rows by a stated rule. Types only. */

import type { ChatMessage } from "../../models/index.ts";
import type { Unreadable } from "./unreadable.ts";

/** One text that is scored by itself. */
export interface CorpusDocument {
  /** Where it is from, unique in its corpus and the same at every reading: "news.jsonl:12", "wiki.test.raw". */
  name: string;
  /** What is scored, after the corpus's rules. May be empty: whoever scores says so and goes on. */
  text: string;
  /** Where a rule rewrites the words: the text before it, whose words and bytes lm-eval counts. */
  original?: string | undefined;
  /**
   * Where it is a chat: its messages, which a model's own chat template makes a text of when it is scored. `text` is then the
   * chat without a template: roles and contents.
   */
  messages?: readonly ChatMessage[] | undefined;
}

/** Documents to score, and what they are: see `openCorpora`. A list of texts of your own can be one too. */
export interface Corpus {
  /** For people, and for tables: "wikitext-2", "news.jsonl". */
  name: string;
  /** Where it is from: path, pattern, or address with the exact revision. */
  source: string;
  /** The domain it stands for, such as "news"; `null` when it stands for none. */
  domain: string | null;
  /** How the texts are made of what is stored; a part of every number. */
  rule: CorpusRule;
  /**
   * The documents in order. May be called again: the same documents come, unless the files have changed.
   * Reads as it goes: memory holds a document (of Parquet, a row group of one column), not the corpus.
   */
  documents(options?: { signal?: AbortSignal | undefined }): AsyncGenerator<CorpusDocument>;
  /** What the last reading left out as unreadable; `null`: nothing is, an error is thrown instead (`skipUnreadable`). */
  unreadable?: (() => Unreadable | null) | undefined;
}

/** How texts are made of what is stored. */
export interface CorpusRule {
  /** Short, for tables and hashes: "whole file", "rows", "wikitext-file". */
  name: string;
  /** Where the rule is from, when it is somebody's: a tool and its version, a paper. */
  source: string | null;
  /** Where a text file is cut into documents: "lines", "blank-lines", or the delimiter. */
  split?: string | undefined;
  /** Column with the text, in JSONL, CSV and Parquet. */
  column?: string | undefined;
  /** SQL condition on the rows. */
  where?: string | undefined;
  /** How chats in the column become texts. */
  chat?: string | undefined;
  /** What became of the line feed that a file may end with, where the recipe's tool does not keep it. */
  finalLineBreak?: string | undefined;
}

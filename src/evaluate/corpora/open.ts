/** From what a person names to corpora that can be read. */
import { basename, join } from "node:path";
import { abortError, invalidArgument, SurprisalError } from "../../core/index.ts";
import { type LocateOptions, locateDataset } from "../../models/index.ts";
import { readBytes } from "./bytes.ts";
import { columnFor } from "./chosen-column.ts";
import type { Corpus, CorpusDocument } from "./corpus.ts";
import { countsOf, domainsOf, isPattern, kindOfPath, matchingFiles } from "./files.ts";
import { FINAL_LINE_BREAK_OFF, takesFinalLineBreakOff, withoutFinalLineBreak } from "./final-line-break.ts";
import { DATASET_NAMES, type HubCorpus, nearDatasets, parseHubCorpus } from "./named-datasets.ts";
import type { Reading } from "./reading.ts";
import { rowDocuments } from "./rows.ts";
import { ruleNamed } from "./rules.ts";
import { actualFile } from "./sniff.ts";
import { keepInput } from "./stdin.ts";
import {
  type CorpusFormat,
  type StoredFile,
  specialFile,
  storedFile,
  whileUnchanged,
} from "./stored-file.ts";
import { textDocuments } from "./text-documents.ts";
import { orLeftOut, UnreadableParts } from "./unreadable.ts";
import { rowsThatFit } from "./where.ts";

const MAX_DOCUMENT_BYTES = 256 * 2 ** 20;

/** Options of `openCorpora`. */
export interface OpenCorporaOptions
  extends Pick<
    LocateOptions,
    "cache" | "offline" | "onProgress" | "onMessage" | "signal" | "environment" | "patience"
  > {
  /** Column with the text. Default: "text", else the only one that holds texts. */
  column?: string | undefined;
  /** Where text files are cut into documents: "none", "lines", "blank-lines", or a delimiter. Default "none". */
  split?: string | undefined;
  /** SQL condition on the rows, for JSONL, CSV and Parquet; needs the package @duckdb/node-api. */
  where?: string | undefined;
  /** Name of a rule that makes texts of the rows (RULES). Default: the data set's own, for files none. */
  rule?: string | undefined;
  /** Name of the recipe that will score; a data set known by name comes as that recipe's tool has it. */
  recipe?: string | undefined;
  /** What the files are, whatever their names say. */
  format?: CorpusFormat | undefined;
  /** Longest document, bytes. Default 256 MiB. */
  maxDocumentBytes?: number | undefined;
  /**
   * Go on without what cannot be read: files that are damaged, no texts or not UTF-8, rows without a text. What was left out
   * is counted (`Corpus.unreadable`), and the first ones are told to `onNote`. Default false: an error.
   */
  skipUnreadable?: boolean | undefined;
  /** Told what a person should know: a byte order mark left out, files of a folder or pattern left out. */
  onNote?: ((note: string) => void) | undefined;
  /** Read for "-". Default: standard input. */
  input?: AsyncIterable<Uint8Array | string> | undefined;
}

/** A corpus before its rule is known: its files in order. */
interface Source extends Pick<Corpus, "name" | "source" | "domain"> {
  files: StoredFile[];
  column?: string | undefined;
  rule?: string | null | undefined;
}

/**
 * Corpora of what is named: a file, a folder (each sub-folder and each file in it is a domain, a corpus of its own),
 * a pattern ("news/**\/*.jsonl": one corpus), "-" (standard input), a data set by its name ("wikitext-2", "ptb", "c4",
 * each also with "#split"), or any data set of the hub ("hf:owner/name[/config][@revision][#split]"). A name that exists
 * on the disk is taken from there.
 *
 * A document is a text file (or a piece of it, see `split`) or a row. Their names are the same at every reading.
 *
 * @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE, EMPTY_INPUT, CORPUS_MALFORMED, CORPUS_UNAVAILABLE,
 *   INVALID_ARGUMENT; `documents()` also CORPUS_CHANGED, INVALID_UTF8, BINARY_INPUT, DOCUMENT_TOO_LARGE,
 *   PACKAGE_MISSING, ABORTED
 */
export async function openCorpora(
  specs: string | readonly string[],
  options: OpenCorporaOptions = {},
): Promise<Corpus[]> {
  const { maxDocumentBytes: limit = MAX_DOCUMENT_BYTES, onNote = () => {} } = options;
  if (!(limit > 0))
    throw invalidArgument("The limit of a document is no number of bytes above 0", "maxDocumentBytes");
  if (options.split === "") throw invalidArgument("An empty delimiter cuts nowhere", "split");
  const sources: Source[] = [];
  for (const spec of [specs].flat()) for (const source of await find(spec, options)) sources.push(source); // a folder may have very many
  const actual = await actualFiles(
    sources.flatMap(({ files }) => files),
    options,
  );
  let next = 0;
  for (const source of sources) {
    const end = next + source.files.length;
    source.files = actual.slice(next, end);
    next = end;
  }
  const corpora: Corpus[] = [];
  const isOnlyFile = sources.flatMap(({ files }) => files).length === 1;
  for (const source of sources) corpora.push(await open(source, options, { limit, onNote, isOnlyFile }));
  return distinctNames(corpora);
}

/** Left-out parts that are told one by one; the others are counted. */
const MOST_NOTES = 5;

const UNREADABLE = "links that lead nowhere, names that are not UTF-8, pipes, sockets or devices";

async function find(spec: string, options: OpenCorporaOptions): Promise<Source[]> {
  const { format, onNote = () => {} } = options;
  const noteLeftOut = (names: string[], reason: string) => {
    const more = names.length > 5 ? `, and ${names.length - 5} more` : "";
    if (names.length > 0) onNote(`${spec}: left out ${names.slice(0, 5).join(", ")}${more}: ${reason}.`);
  };
  const noteUnreadable = (names: readonly string[]) => {
    const isFolder = (name: string) => name.endsWith("/");
    noteLeftOut(
      names.filter((name) => !isFolder(name)),
      UNREADABLE,
    );
    noteLeftOut(names.filter(isFolder), "folders that cannot be opened");
  };
  if (spec === "-") {
    const path = await keepInput(options.input ?? process.stdin, { signal: options.signal, onWait: onNote });
    return [
      { name: "stdin", source: "-", domain: null, files: [storedFile(path, "stdin", format ?? "text")] },
    ];
  }
  const searching = {
    skipFolders: options.skipUnreadable,
    signal: options.signal,
    onMany: () => onNote(`${spec}: more than 10,000 files; looking through all of them.`),
  };
  const kind = spec === "" ? null : await kindOfPath(spec);
  if (kind === "special")
    throw specialFile(spec, ", or give it as standard input, called -: surprisal eval - < pipe");
  if (kind === "file")
    return [
      { name: basename(spec), source: spec, domain: null, files: [storedFile(spec, basename(spec), format)] },
    ];
  if (kind === "folder") {
    const { domains, leftOut, unreadable } = await domainsOf(spec, searching);
    noteLeftOut(leftOut, "by their names they are no texts, or about the folder");
    noteUnreadable(unreadable);
    if (domains.length === 0) throw noTexts(spec);
    return domains.map(({ domain, files }) => ({
      name: domain,
      source: files.length === 1 ? join(spec, files[0]!) : join(spec, domain),
      domain,
      files: files.map((file) => storedFile(join(spec, file), file, format)),
    }));
  }
  const hub = parseHubCorpus(spec, options.recipe);
  if (hub) return [await fromHub(hub, options)];
  if (!isPattern(spec)) throw notFound(spec);
  const { files, unreadable } = await matchingFiles(spec, searching);
  noteUnreadable(unreadable);
  if (files.length === 0)
    throw new SurprisalError({
      code: "FILE_NOT_FOUND",
      what: "No file fits the pattern",
      where: spec,
      wayOut: "Check it; ** stands for any folders, and a pattern in a shell needs quotes around it.",
    });
  return [
    { name: spec, source: spec, domain: null, files: files.map((file) => storedFile(file, file, format)) },
  ];
}

function noTexts(folder: string): SurprisalError {
  return new SurprisalError({
    code: "EMPTY_INPUT",
    what: "The folder holds no texts",
    where: folder,
    wayOut:
      'Texts have names that end in .txt, .md, .jsonl, .csv, .tsv or .parquet (also with .gz, .zst or .xz); others are taken by a pattern, such as "folder/**/*.py".',
  });
}

function notFound(spec: string): SurprisalError {
  const near = nearDatasets(spec);
  const meant = near.length > 0 ? ` Did you mean the data set ${near.join(" or ")}?` : "";
  return new SurprisalError({
    code: "FILE_NOT_FOUND",
    what: "There is no such file, folder or data set",
    where: spec,
    wayOut: `Check the path.${meant} Known data sets: ${DATASET_NAMES.join(", ")}; others of the hub as hf:owner/name.`,
  });
}

/** Files whose first bytes are looked at side by side. */
const LOOKED_AT_ONCE = 64;

/** Files as they are by their first bytes, where their names say something else. */
async function actualFiles(
  files: readonly StoredFile[],
  { format, onNote = () => {}, signal }: OpenCorporaOptions,
): Promise<StoredFile[]> {
  const actual: StoredFile[] = [];
  for (let start = 0; start < files.length; start += LOOKED_AT_ONCE) {
    if (signal?.aborted) throw abortError("Looking at the files", signal);
    const some = files.slice(start, start + LOOKED_AT_ONCE);
    for (const { file, note } of await Promise.all(
      some.map((each) => actualFile(each, format !== undefined)),
    )) {
      if (note !== null) onNote(note);
      actual.push(file);
    }
  }
  return actual;
}

async function fromHub(
  { name, request, column, rule }: HubCorpus,
  options: OpenCorporaOptions,
): Promise<Source> {
  const { source, files } = await locateDataset(request, options);
  const stored = files.map((file) => storedFile(file.path, file.name, options.format));
  return { name, source, domain: null, files: stored, column, rule };
}

async function open(
  { name, source, domain, files, ...own }: Source,
  options: OpenCorporaOptions,
  how: Omit<Reading, "signal"> & { isOnlyFile: boolean },
): Promise<Corpus> {
  const { split = "none", where } = options;
  const texts = files.some(({ format }) => format === "text");
  if (where !== undefined && texts)
    throw invalidArgument("A filter in SQL needs rows, and a text file has none", `where, ${name}`);
  const rows = files.filter(({ format }) => format !== "text");
  const ignored = new UnreadableParts(); // they are counted when the texts are read
  const chosen =
    rows.length > 0
      ? await columnFor(rows, options.column ?? own.column, {
          ...how,
          signal: options.signal,
          onUnreadable: options.skipUnreadable ? (error, place) => ignored.add(error, place) : undefined,
        })
      : undefined;
  const column = chosen?.name;
  const made = options.rule ?? own.rule ?? null;
  const rule = made === null ? null : ruleNamed(made);
  const plain = [
    ...(texts ? [split === "none" ? "whole file" : "pieces"] : []),
    ...(rows.length > 0 ? ["rows"] : []),
  ];
  // A file as llama-perplexity -f has it; texts that a rule makes of rows are no files.
  const breakOff = takesFinalLineBreakOff(options.recipe) && texts && split === "none" && rule === null;
  let left: UnreadableParts | null = null;
  const noted = new Set<string>();
  const onNote = (note: string) => {
    if (!noted.has(note)) how.onNote(note); // once, however often the corpus is read
    noted.add(note);
  };
  return {
    name,
    source,
    domain,
    rule: {
      name: made ?? plain.join(" and "),
      source: rule?.source ?? null,
      split: texts && split !== "none" ? split : undefined,
      column,
      where,
      chat: chosen?.isChat ? "the model's own chat template, special tokens read in it" : undefined,
      finalLineBreak: breakOff ? FINAL_LINE_BREAK_OFF : undefined,
    },
    unreadable: () => left,
    documents({ signal = options.signal } = {}) {
      const parts = options.skipUnreadable ? new UnreadableParts() : null;
      left = parts;
      const onUnreadable = parts
        ? (error: unknown, place: string) => {
            parts.add(error, place);
            const { name: part, reason } = parts.parts.at(-1)!;
            if (parts.count <= MOST_NOTES) onNote(`${name}: left out ${part}: ${reason}.`);
          }
        : undefined;
      const reading = { limit: how.limit, onNote, signal, onUnreadable };
      const stored = readFiles(
        files,
        { split, column: column ?? "text", where, finalLineBreakOff: breakOff, isOnlyFile: how.isOnlyFile },
        reading,
      );
      return rule ? rule.apply(stored, name, how.limit) : stored;
    },
  };
}

interface HowRead {
  split: string;
  column: string;
  where: string | undefined;
  /** Of text files that are one document each. */
  finalLineBreakOff: boolean;
  /** Otherwise a bad one could be left out, and an error says so. */
  isOnlyFile: boolean;
}

async function* readFiles(
  files: readonly StoredFile[],
  { split, column, where, finalLineBreakOff, isOnlyFile }: HowRead,
  reading: Reading,
): AsyncGenerator<CorpusDocument> {
  for (const file of files) {
    let hasParts = !isOnlyFile || file.format === "jsonl"; // others may be unreadable for their header
    try {
      if (reading.onUnreadable && file.compression !== null) await readWhole(file, reading.signal);
      for await (const document of documentsIn(file)) {
        hasParts ||= where === undefined; // with a filter it is the file that is left out
        yield document;
      }
    } catch (error) {
      if (!reading.onUnreadable) throw hasParts ? orLeftOut(error) : error;
      reading.onUnreadable(error, file.name);
    }
  }
  function documentsIn(file: StoredFile): AsyncGenerator<CorpusDocument> {
    return whileUnchanged(file, () => {
      if (file.format === "text") {
        const texts = textDocuments(file, split, reading);
        return finalLineBreakOff ? withoutFinalLineBreaks(texts) : texts;
      }
      return rowDocuments(
        file,
        column,
        reading,
        where === undefined ? undefined : rowsThatFit(file, where, reading),
      );
    });
  }
}

/**
 * To the end, for its errors only. How much of a damaged archive comes before its error depends on who reads how fast, and a
 * corpus has to be the same at every reading: such a file is left out whole.
 */
async function readWhole(file: StoredFile, signal: AbortSignal | undefined): Promise<void> {
  for await (const _ of readBytes(file, signal));
}

async function* withoutFinalLineBreaks(
  documents: AsyncIterable<CorpusDocument>,
): AsyncGenerator<CorpusDocument> {
  for await (const document of documents) yield { ...document, text: withoutFinalLineBreak(document.text) };
}

/** Names stand in tables: where two are the same, the source says which is which. */
function distinctNames(corpora: Corpus[]): Corpus[] {
  const counts = countsOf(corpora.map(({ name }) => name));
  return corpora.map((corpus) =>
    counts.get(corpus.name)! > 1 ? { ...corpus, name: corpus.source } : corpus,
  );
}

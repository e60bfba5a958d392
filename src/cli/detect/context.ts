/** Documents that all answers are held against: files, folders and patterns. */
import { statSync } from "node:fs";
import { SurprisalError } from "../../core/index.ts";
import type { SourceDocument } from "../../detect/index.ts";
import { openCorpora } from "../../evaluate/corpora/index.ts";

/** Documents and what should be known of them. */
export interface Context {
  documents: SourceDocument[];
  notes: string[];
}

/**
 * Reads what --context names, whole. Of documents with one name the later ones get the name of their source before it.
 * @param specs as `openCorpora` takes them; "-": standard input
 * @throws SurprisalError what `openCorpora` throws; EMPTY_INPUT where no document has a text
 */
export async function readContext(specs: readonly string[], maxMib: number | undefined): Promise<Context> {
  const documents: SourceDocument[] = [];
  const notes: string[] = [];
  const names = new Set<string>();
  for (const spec of specs) {
    const options = {
      maxDocumentBytes: maxMib === undefined ? undefined : maxMib * 2 ** 20,
      // A folder may hold what is no text; a file that is named has to be one.
      skipUnreadable: !isFile(spec),
      onNote: (note: string) => void notes.push(note),
    };
    for (const corpus of await openCorpora(spec, options))
      for await (const { name, text } of corpus.documents()) {
        if (text.trim() === "") {
          notes.push(`${name} is empty.`);
          continue;
        }
        const full = names.has(name) ? `${spec}: ${name}` : name;
        names.add(full);
        documents.push({ name: full, text });
      }
  }
  if (specs.length > 0 && documents.length === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "No document has a text",
      where: specs.join(", "),
      wayOut: "Name files or folders with texts: --context docs/.",
    });
  return { documents, notes };
}

const isFile = (spec: string): boolean =>
  spec === "-" || (statSync(spec, { throwIfNoEntry: false })?.isFile() ?? false);

/** A folder of its own for a test of corpora, and the documents of what lies in it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Corpus, CorpusDocument } from "../src/evaluate/corpora/corpus.ts";
import { type OpenCorporaOptions, openCorpora } from "../src/evaluate/corpora/open.ts";

export class CorpusFolder {
  readonly path: string = mkdtempSync(join(tmpdir(), "surprisal-corpus-"));
  #files = 0;

  remove(): void {
    rmSync(this.path, { recursive: true });
  }

  /** Writes a file and answers with its path. */
  write(content: string | Uint8Array, name = `text-${++this.#files}.txt`): string {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }
}

/** The documents of the one corpus of this name. */
export async function documentsOf(spec: string, options?: OpenCorporaOptions): Promise<CorpusDocument[]> {
  const corpora = await openCorpora(spec, options);
  if (corpora.length !== 1) throw new Error(`${corpora.length} corpora`);
  return readAll(corpora[0]!);
}

export async function readAll(corpus: Corpus): Promise<CorpusDocument[]> {
  const documents: CorpusDocument[] = [];
  for await (const document of corpus.documents()) documents.push(document);
  return documents;
}

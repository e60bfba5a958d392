/** Reading a corpus once before the long work: what is in it, and whether all of it can be read. */
import { checkWellFormed, SurprisalError } from "../../core/index.ts";
import { type Corpus, CorpusDigest, type CorpusDocument, sha256 } from "../corpora/index.ts";
import type { RunCorpus } from "../runs/index.ts";

/** Unreadable parts that a run lists. */
const MOST_PARTS = 20;

/** The documents of a corpus up to a limit. */
export async function* documentsOf(
  corpus: Corpus,
  limit: number | null,
  signal: AbortSignal | undefined,
): AsyncGenerator<CorpusDocument> {
  let count = 0;
  if (limit === 0) return;
  for await (const document of corpus.documents({ signal })) {
    yield document;
    if (++count === limit) return;
  }
}

/**
 * @returns `null` when nothing of the corpus can be read, and it is one that goes on without what it cannot read.
 * @throws SurprisalError what the corpus throws; EMPTY_INPUT where it holds nothing at all.
 */
export async function describeCorpus(
  corpus: Corpus,
  limit: number | null,
  signal?: AbortSignal,
): Promise<RunCorpus | null> {
  const digest = new CorpusDigest();
  let documents = 0;
  let bytes = 0;
  for await (const { name, text } of documentsOf(corpus, limit, signal)) {
    checkWellFormed(text, name);
    digest.add(sha256(text));
    documents++;
    bytes += Buffer.byteLength(text);
  }
  const unreadable = corpus.unreadable?.() ?? null;
  if (documents === 0 && unreadable !== null && unreadable.count > 0) return null;
  if (bytes === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: documents === 0 ? "The corpus has no documents" : "Every document of the corpus is empty",
      where: corpus.source,
      wayOut: "Check the path, the column and the condition.",
    });
  const { name, source, domain, rule } = corpus;
  return {
    name,
    source,
    domain,
    rule,
    documents,
    bytes,
    sha256: digest.hex(),
    unreadable: unreadable && { count: unreadable.count, parts: unreadable.parts.slice(0, MOST_PARTS) },
  };
}

/** @throws SurprisalError CORPUS_CHANGED */
export function assertSameCorpus(before: RunCorpus, now: Pick<RunCorpus, "documents" | "sha256">): void {
  if (before.sha256 === now.sha256 && before.documents === now.documents) return;
  throw corpusChanged(
    before.source,
    `it had ${before.documents} documents with the sha256 ${before.sha256}, and has ${now.documents} with ${now.sha256}`,
  );
}

export function corpusChanged(where: string, how: string): SurprisalError {
  return new SurprisalError({
    code: "CORPUS_CHANGED",
    what: `The corpus is not what it was when the run began: ${how}`,
    where,
    wayOut: "Bring back the corpus, or start another run: numbers of two texts are no total.",
  });
}

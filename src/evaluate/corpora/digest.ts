/** What was scored, as a sha256. */
import { createHash, type Hash } from "node:crypto";

/** sha256 of a text's UTF-8 bytes, lower-case hex. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** sha256 of a corpus, lower-case hex: of the one document's UTF-8 bytes; of several, of their sha256, each followed by a newline. */
export class CorpusDigest {
  #documents = 0;
  #first = "";
  readonly #all: Hash = createHash("sha256");

  /** @param digest sha256 of the next document, hex. */
  add(digest: string): void {
    if (this.#documents++ === 0) this.#first = digest;
    this.#all.update(`${digest}\n`);
  }

  hex(): string {
    return this.#documents === 1 ? this.#first : this.#all.digest("hex");
  }
}

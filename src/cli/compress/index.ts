/** What `surprisal compress`, `decompress` and `inspect` share: packing.ts packs one source. */
export { packedDocument } from "./documents.ts";
export { openPackingCoder } from "./models.ts";
export { packedName } from "./names.ts";
export { byteSize, EXTENSION, TARGET_OPTIONS } from "./options.ts";
export { packSource } from "./packing.ts";
export { checkTargets, sourcesOf, targetFor } from "./places.ts";
export { each, filesOf } from "./run-each.ts";
export { showPacked } from "./show.ts";

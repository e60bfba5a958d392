/** What `surprisal compress`, `decompress` and `inspect` share: packing.ts packs one source, unpacking.ts unpacks one. */
export { packedDocument } from "./documents.ts";
export {
  checkExplain,
  compareExplained,
  EXPLAIN_OPTIONS,
  explainedDocument,
  showExplained,
} from "./explain.ts";
export { inspectSource } from "./inspecting.ts";
export { openPackingCoder, UnpackingModels } from "./models.ts";
export { packedName, unpackedName } from "./names.ts";
export { byteSize, EXTENSION, PACKED_FILES, TARGET_OPTIONS } from "./options.ts";
export { checkPacked } from "./packed-input.ts";
export { packSource } from "./packing.ts";
export { checkTargets, sourcesOf, targetFor } from "./places.ts";
export { each, filesOf } from "./run-each.ts";
export { showInspection, showPacked, showSalvaged, showUnpacked } from "./show.ts";
export { salvageSource, unpackSource } from "./unpacking.ts";

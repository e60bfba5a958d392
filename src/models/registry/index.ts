/** Getting a model: from a name, a path or an address to a verified file on this machine. */
export { DEFAULT_MODEL } from "./catalogue.ts";
export { type DatasetFile, type DatasetRequest, type LocatedDataset, locateDataset } from "./datasets.ts";
export { isKnownFinite, rememberFinite } from "./digest.ts";
export { makeExactCopy } from "./exact-copies.ts";
export { assertUnchanged, locate } from "./locate.ts";
export { listModels, type ModelInfo, type ModelInfoOptions, modelInfo, removeModel } from "./manage.ts";
export { assertKind } from "./reference.ts";
export { cacheFolder, isOffline } from "./settings.ts";
export type {
  LocatedModel,
  LocateOptions,
  ModelFile,
  ModelKind,
  ModelTerms,
  NetworkPatience,
  TransferProgress,
} from "./types.ts";

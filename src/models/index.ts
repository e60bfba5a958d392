/**
 * Where log-probabilities come from. What talks to servers is loaded when it is asked for: as values it is in
 * `surprisal/servers`.
 */

export { bitsPerWeightOf } from "./bits-per-weight.ts";
export { type BorderTokenizer, encodeBorder } from "./border.ts";
export { isDecisionServer, openDecisionServer } from "./decision-server.ts";
export type * from "./decisions/index.ts";
export type * from "./embedding-model.ts";
export type * from "./gemini/index.ts";
export { isChat } from "./generation.ts";
export {
  type CheckGgufOptions,
  checkGguf,
  describeModel,
  type GgufArray,
  type GgufFile,
  type GgufTensor,
  type GgufValue,
  type GgufValueType,
  inspectGguf,
  type ModelDescription,
  type NamedToken,
  nearestQuantizationTypes,
  type Pooling,
  quantizationType,
  quantizationTypes,
  type TensorTypeShare,
} from "./gguf/index.ts";
export { cpuBuildOf, kernelsNote, kernelsOf } from "./kernels.ts";
export type * from "./language-model.ts";
export * from "./llama/index.ts";
export type * from "./ollama/index.ts";
export type * from "./openai/index.ts";
export { probe } from "./probe.ts";
export { isThinkingMark, withoutThinkingMarks } from "./reasoning-marks.ts";
export {
  cacheFolder,
  type DatasetFile,
  type DatasetRequest,
  DEFAULT_MODEL,
  type LocatedDataset,
  type LocatedModel,
  type LocateOptions,
  listModels,
  locate,
  locateDataset,
  type ModelFile,
  type ModelInfo,
  type ModelInfoOptions,
  type ModelKind,
  type ModelTerms,
  modelInfo,
  type NetworkPatience,
  removeModel,
  type TransferProgress,
} from "./registry/index.ts";
export { type ResolveOptions, resolve, type ServerOptions } from "./resolve.ts";
export {
  DEFAULT_EMBEDDING_MODEL,
  type ResolveEmbeddingOptions,
  resolveEmbedding,
} from "./resolve-embedding.ts";
export { KernelThreads } from "./threads/kernel-threads.ts";

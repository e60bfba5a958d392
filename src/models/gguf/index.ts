/** Model files in the GGUF format, without an engine: reading, checking before they are loaded, and describing them. */
export { type CheckGgufOptions, checkGguf, isFullyChecked, machineMemory } from "./check.ts";
export { describeModel, type ModelDescription, type NamedToken, type TensorTypeShare } from "./describe.ts";
export {
  COPY,
  fileType,
  isQuantised,
  nearestQuantizationTypes,
  quantizationType,
  quantizationTypes,
  tensorTypeId,
  tensorTypeNames,
} from "./file-types.ts";
export { inspectGguf } from "./inspect.ts";
export { modelNotes, tokenizerNotes } from "./notes.ts";
export { isEncoder, type Pooling, poolingOf } from "./pooling.ts";
export { readArrayBytes, readFully } from "./reader.ts";
export { specialTokensOf, tokenTextsOf } from "./special-tokens.ts";
export {
  type GgufArray,
  type GgufFile,
  type GgufTensor,
  type GgufValue,
  type GgufValueType,
  ggufError,
  holdsWeights,
  tensorTypeNamed,
} from "./types.ts";
export { checkValues, notFinite } from "./values.ts";
export { type WrittenTensor, type WrittenValue, writeGguf } from "./write.ts";

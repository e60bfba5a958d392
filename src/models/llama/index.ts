export { type CpuBuild, type CpuBuildOptions, KERNELS, type Kernels, portableBuild } from "./cpu-builds.ts";
export * from "./gguf.ts";
export {
  describeModel,
  type ModelDescription,
  type NamedToken,
  type TensorTypeShare,
} from "./gguf-describe.ts";
export { type LlamaDevice, type LlamaLibrary, loadLlamaLibrary } from "./library.ts";
export { LlamaModel } from "./model.ts";
export type { CacheType, LlamaLoadOptions } from "./placement.ts";
export {
  planQuantize,
  type QuantizeOptions,
  type QuantizeReport,
  quantize,
  quantizedFiles,
} from "./quantize.ts";
export type { PlannedTensor, QuantizePlan, TensorFallback } from "./quantize-plan.ts";
export { quantizationType, quantizationTypes } from "./quantize-types.ts";
export { type SelfTest, selfTest } from "./self-test.ts";

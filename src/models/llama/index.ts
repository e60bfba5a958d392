export { type CpuBuild, type CpuBuildOptions, KERNELS, type Kernels, portableBuild } from "./cpu-builds.ts";
export { type EncoderLoadOptions, LlamaEncoder } from "./encoder/index.ts";
export { type LlamaDevice, type LlamaLibrary, loadLlamaLibrary } from "./library.ts";
export { LlamaModel } from "./model.ts";
export type { CacheType, LlamaLoadOptions } from "./placement.ts";
export * from "./quantize/index.ts";
export { type SelfTest, selfTest } from "./self-test.ts";

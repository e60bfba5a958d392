/**
 * Kernels: the code that multiplies matrices, which is another on another processor. Quantised weights are multiplied by
 * activations that are rounded to 8 bits, so the least difference in the order of a sum comes out as another digit a few
 * layers on. Builds with the same kernels give the same bits: measured with SmolLM2 in Q8_0, Q4_0 and Q4_1 for the builds
 * skylakex, icelake and zen4 (docs/footguns.md).
 */
import type { ModelIdentity } from "./language-model.ts";

/** Intel's matrix unit: x86 processors since Sapphire Rapids. */
export const AMX = "amx";
const AVX512 = "avx512";
const AVX2 = "avx2";
/** AVX2 with AVX-VNNI. Not tried: no machine here has it. */
const AVX2_VNNI = "avx2 vnni";
/** x86 before Haswell. */
const OLD = "before avx2";

/** The packages' x86 builds by their kernels, for records that name the build only. */
const BUILDS: Readonly<Record<string, readonly string[]>> = {
  [AMX]: ["sapphirerapids"],
  [AVX512]: ["skylakex", "cannonlake", "cascadelake", "icelake", "cooperlake", "zen4"],
  [AVX2]: ["haswell"],
  [AVX2_VNNI]: ["alderlake"],
  [OLD]: ["x64", "sse42", "sandybridge", "ivybridge", "piledriver"],
};

/** What a CPU build was compiled for, by ggml's names; `amx`: AMX is at work. */
export function cpuKernels({ features, amx }: { features: ReadonlySet<string>; amx: boolean }): string {
  if (amx) return AMX;
  if (process.arch !== "x64") {
    const best = ["SME", "SVE", "MATMUL_INT8", "DOTPROD"].find((feature) => features.has(feature));
    return best ? `${process.arch} ${best.toLowerCase()}` : process.arch;
  }
  if (features.has("AVX512")) return AVX512;
  if (features.has("AVX_VNNI")) return AVX2_VNNI;
  return features.has("AVX2") ? AVX2 : OLD;
}

/** The same kernels over weights that lie as they do in the file; AMX's need them re-ordered. */
export function withoutRepacking(kernels: string): string {
  return `${kernels.replace(AMX, AVX512)} without repacking`;
}

/** What a number's settings say of its kernels. */
interface Settings {
  readonly [name: string]: string | number | boolean;
}

/**
 * The kernels a number was computed with, such as "avx512", "amx" or "CUDA"; `null` where nothing is known, as of a server.
 * What was written by a version that did not say tells the CPU build at least: "cpu (zen4)".
 */
export function kernelsOf(settings: Settings): string | null {
  if (typeof settings.kernels === "string") return settings.kernels;
  const build = cpuBuildOf(settings);
  if (build === null) return null;
  return Object.keys(BUILDS).find((kernels) => BUILDS[kernels]!.includes(build)) ?? null;
}

/** Name of the CPU build that a number was computed with, such as "zen4"; `null` where it is not said. */
export function cpuBuildOf({ device }: Settings): string | null {
  return typeof device === "string" ? (/^cpu \((.+)\)$/.exec(device)?.[1] ?? null) : null;
}

/** "kernels avx512 on cpu (zen4), exact"; `null` where nothing is known. */
export function computedWith(settings: Settings): string | null {
  const kernels = kernelsOf(settings);
  if (kernels === null) return null;
  return `kernels ${kernels} on ${settings.device}${settings.exact === true ? ", exact" : ""}`;
}

/** One side of two numbers. */
interface Computed {
  identity: Pick<ModelIdentity, "quantisation">;
  settings: Settings;
}

/**
 * What a person should know about two numbers by different kernels, or of which one is exact.
 * @returns one sentence; `null` where they have the same, or it is not known, or weights and activations are floats.
 */
export function kernelsNote(first: Computed, second: Computed): string | null {
  const [a, b] = [kernelsOf(first.settings), kernelsOf(second.settings)];
  if (a === null || b === null || (isFloat(first) && isFloat(second))) return null;
  const effect =
    "with quantised weights that alone moves the perplexity of some hundred tokens by up to 0.7 %, and a single token by up to 0.6 nats.";
  const isExact = ({ settings }: Computed) => settings.exact === true;
  if (isExact(first) !== isExact(second))
    return `One is exact and the other is not (kernels ${isExact(first) ? b : a}): ${effect}`;
  return a === b || isOneBuild(first.settings, second.settings)
    ? null
    : `Their kernels differ (${a} and ${b}): ${effect}`;
}

/** The same build, of which one does not say the kernels: those of BF16 weights are not in the list by builds. */
function isOneBuild(first: Settings, second: Settings): boolean {
  const both = typeof first.kernels === "string" && typeof second.kernels === "string";
  return !both && cpuBuildOf(first) !== null && cpuBuildOf(first) === cpuBuildOf(second);
}

/** Weights and activations are 32-bit floats: kernels move the numbers by less than 1e-5. */
function isFloat({ identity, settings }: Computed): boolean {
  return settings.exact === true || /F32/.test(identity.quantisation ?? "");
}

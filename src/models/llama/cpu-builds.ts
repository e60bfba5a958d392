/**
 * ggml's CPU code comes in several builds, one per set of instructions, and a process takes one of them. ggml takes the
 * one that it rates highest; here a person may want another, because builds round differently.
 */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import koffi, { type LibraryHandle } from "koffi";
import { invalidArgument, SurprisalError } from "../../core/index.ts";

/** Which kernels a number is computed with. */
export const KERNELS = ["native", "portable"] as const;

/** "native": the fastest of this machine; "portable": those that every x86 CPU since Haswell has. */
export type Kernels = (typeof KERNELS)[number];

/** Which build of the CPU code is wanted. */
export interface CpuBuildOptions {
  /**
   * "native": the build that ggml takes, the fastest here. "portable": the best build that this CPU can run whose
   * kernels are not AMX. AMX (Intel's matrix unit) rounds quantised weights differently from every other x86 build:
   * chunk means move by up to 0.7 %, single tokens by 0.2 nats. On a CPU without AMX, and on arm64, both are the same
   * build. A process holds one build: the first load decides, and left out is whatever that was, else "native".
   */
  kernels?: Kernels | undefined;
  /**
   * A build by its name, such as "haswell": one of `cpuBuilds` of `loadLlamaLibrary()`. It overrides `kernels:
   * "native"`; the environment variable SURPRISAL_CPU_BUILD overrides both.
   */
  cpuBuild?: string | undefined;
}

/** A build of ggml's CPU code. */
export interface CpuBuild {
  /** The instruction set's name, such as "zen4" or "armv8.2_1". */
  name: string;
  /** Path of the library. */
  file: string;
  /** ggml's own rating of it on this CPU, higher is faster; 0: this CPU cannot run it. */
  score: number;
  /** It has kernels for AMX. */
  amx: boolean;
}

/** Exported by a build with AMX kernels, where symbols are exported at all (not on Windows). */
const AMX_SYMBOL = "_Z28ggml_backend_amx_buffer_typev";
/** What AMX adds to a score, and 1 that every build has (ggml-cpu/arch/x86/cpu-feats.cpp). */
const AMX_SCORE = 1 << 11;

/** The builds in a folder, the best for this CPU first. Those that it cannot run come last. */
export function cpuBuildsIn(folder: string): CpuBuild[] {
  const builds = readdirSync(folder).flatMap((file): CpuBuild[] => {
    const name = /^(?:lib)?ggml-cpu-(.+)\.(?:so|dll)$/.exec(file)?.[1];
    return name === undefined ? [] : [rated(name, join(folder, file))];
  });
  return builds.sort((a, b) => b.score - a.score);
}

function rated(name: string, file: string): CpuBuild {
  let handle: LibraryHandle;
  try {
    handle = koffi.load(file);
  } catch {
    return { name, file, score: 0, amx: false }; // ggml leaves out what cannot be loaded, too
  }
  try {
    const score: number = handle.func("int ggml_backend_score()")();
    const amx = hasSymbol(handle, AMX_SYMBOL) || (score > 0 && ((score - 1) & AMX_SCORE) !== 0);
    return { name, file, score, amx };
  } catch {
    return { name, file, score: 0, amx: false };
  } finally {
    handle.unload();
  }
}

/** ggml's rating of a library that may be one of several; 0 = not for this machine. */
export function scoreOf(file: string): number {
  return rated(basename(file), file).score;
}

function hasSymbol(handle: LibraryHandle, name: string): boolean {
  try {
    return Boolean(handle.symbol(name));
  } catch {
    return false;
  }
}

/** What is asked for, the environment included. */
export function wantedBuild({ kernels, cpuBuild }: CpuBuildOptions): CpuBuildOptions {
  if (kernels !== undefined && !KERNELS.includes(kernels))
    throw invalidArgument(
      `"${kernels}" is not a value of kernels`,
      "kernels",
      `Use one of ${KERNELS.join(", ")}.`,
    );
  return { kernels, cpuBuild: process.env.SURPRISAL_CPU_BUILD || cpuBuild };
}

/**
 * The build that is wanted.
 * @param builds best first, as `cpuBuildsIn` gives them.
 * @throws SurprisalError KERNELS_UNAVAILABLE
 */
export function chooseCpuBuild(
  builds: readonly CpuBuild[],
  { kernels = "native", cpuBuild }: CpuBuildOptions,
): CpuBuild {
  const runnable = builds.filter(({ score }) => score > 0);
  if (cpuBuild !== undefined) {
    if (builds.length === 0)
      throw unavailable(
        `This llama.cpp has one build of its CPU code, without a name, and not "${cpuBuild}"`,
        "Leave out SURPRISAL_CPU_BUILD (cpuBuild); or unset SURPRISAL_LLAMA_LIB to use the packaged library.",
      );
    const named = builds.find(({ name }) => name === cpuBuild);
    const choice = `This CPU can run: ${list(runnable)}.`;
    if (!named)
      throw unavailable(`There is no CPU build "${cpuBuild}"`, `There are: ${list(builds)}. ${choice}`);
    if (named.score === 0)
      throw unavailable(`This CPU cannot run the build "${cpuBuild}" of llama.cpp's CPU code`, choice);
    if (kernels === "portable" && named.amx)
      throw unavailable(
        `The build "${cpuBuild}" has AMX kernels, which are not portable`,
        "Leave out SURPRISAL_CPU_BUILD, or ask for native kernels.",
      );
    return named;
  }
  const best = runnable.find(({ amx }) => kernels === "native" || !amx);
  if (best) return best;
  if (runnable.length > 0) throw noneWithoutAmx();
  throw unavailable(
    "There is no build of llama.cpp's CPU code that this CPU can run",
    builds.length > 0 ? `There are: ${list(builds)}.` : undefined,
  );
}

/** The build of portable kernels; `null`: none runs here. */
export function portableBuild(builds: readonly CpuBuild[]): CpuBuild | null {
  return builds.find(({ score, amx }) => score > 0 && !amx) ?? null;
}

/** KERNELS_UNAVAILABLE: portable kernels are wanted of a library that only has AMX. */
export function noneWithoutAmx(): SurprisalError {
  return unavailable(
    "This llama.cpp has no portable kernels: its CPU code was built with AMX only",
    "Build it with -DGGML_BACKEND_DL=ON -DGGML_CPU_ALL_VARIANTS=ON, or with -DGGML_AMX_INT8=OFF; or unset SURPRISAL_LLAMA_LIB to use the packaged library.",
  );
}

function unavailable(what: string, wayOut?: string): SurprisalError {
  return new SurprisalError({ code: "KERNELS_UNAVAILABLE", what, wayOut });
}

const list = (builds: readonly CpuBuild[]): string =>
  builds.length > 0 ? builds.map(({ name }) => name).join(", ") : "none";

/**
 * Finding and loading llama.cpp's shared libraries: the ones packaged for this platform, or a folder of the
 * person's own (`SURPRISAL_LLAMA_LIB`).
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import koffi, { type LibraryHandle } from "koffi";
import { SurprisalError } from "../../core/index.ts";
import { AMX, cpuKernels } from "../kernels.ts";
import { cpuFacts, loadBackends } from "./backends.ts";
import { bindLlama, type LlamaFunctions } from "./bindings.ts";
import {
  type CpuBuild,
  type CpuBuildOptions,
  chooseCpuBuild,
  cpuBuildsIn,
  noneWithoutAmx,
  wantedBuild,
} from "./cpu-builds.ts";
import type { Pointer } from "./layout.ts";
import { checkDefaults, defineLayout, SUPPORTED_LIBRARY_VERSIONS } from "./layout.ts";
import { growNativeStack } from "./native-stack.ts";

/** The platform packages that carry llama.cpp, best first: one with a GPU backend is preferred when installed. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "linux-x64": ["linux-x64-cuda", "linux-x64-vulkan", "linux-x64"],
  "linux-arm64": ["linux-arm64"],
  "linux-arm": ["linux-armv7l"],
  "darwin-arm64": ["mac-arm64-metal"],
  "darwin-x64": ["mac-x64"],
  "win32-x64": ["win-x64-cuda", "win-x64-vulkan", "win-x64"],
  "win32-arm64": ["win-arm64"],
};

/** A computing device that the library found. */
export interface LlamaDevice {
  name: string;
  description: string;
  kind: "cpu" | "gpu" | "integrated-gpu" | "accelerator" | "other";
  /** Free and total memory, bytes. */
  freeBytes: number;
  totalBytes: number;
}

/** The loaded library. One per process. */
export interface LlamaLibrary {
  functions: LlamaFunctions;
  /** `llama_version()`. */
  version: string;
  /** Folder the libraries were loaded from. */
  folder: string;
  /** "package @node-llama-cpp/linux-x64" or "SURPRISAL_LLAMA_LIB". */
  origin: string;
  devices: readonly LlamaDevice[];
  /** CPU build in use, such as "zen4"; null when there is only one, without a name. */
  cpuBuild: string | null;
  /** The CPU builds there are, best first; empty when there is only one, without a name. */
  cpuBuilds: readonly CpuBuild[];
  /** Kernels of the CPU build in use: see `cpuKernels`. */
  kernels: string;
  /** Those for weights in BF16, which builds with AVX512_BF16 multiply otherwise. */
  bf16Kernels: string;
}

const DEVICE_KINDS = ["cpu", "gpu", "integrated-gpu", "accelerator"] as const;

let loaded: LlamaLibrary | undefined;

/**
 * Loads llama.cpp once per process and proves that it is a version this code was written for.
 * @param wanted which build of the CPU code; a process holds one, so later calls can only ask for the same.
 * @throws SurprisalError ENGINE_UNAVAILABLE, ENGINE_VERSION, ENGINE_LAYOUT, KERNELS_UNAVAILABLE, KERNELS_LOADED.
 */
export function loadLlamaLibrary(wanted: CpuBuildOptions = {}): LlamaLibrary {
  const build = wantedBuild(wanted);
  const asked = wanted.kernels !== undefined || wanted.cpuBuild !== undefined;
  if (!loaded) loaded = load(findFolder(), build);
  else if (asked) assertServes(loaded, build);
  return loaded;
}

/** @throws SurprisalError KERNELS_UNAVAILABLE, KERNELS_LOADED */
function assertServes(library: LlamaLibrary, wanted: CpuBuildOptions): void {
  const { cpuBuild, cpuBuilds, kernels } = library;
  if (cpuBuilds.length === 0 && wanted.cpuBuild === undefined) {
    if (wanted.kernels === "portable" && kernels === AMX) throw noneWithoutAmx();
    return;
  }
  const { name, amx } = chooseCpuBuild(cpuBuilds, wanted);
  // Whatever build without AMX was asked for first is as portable as the best one.
  const serves = wanted.kernels === "portable" ? kernels !== AMX && !amx : name === cpuBuild;
  if (serves) return;
  throw new SurprisalError({
    code: "KERNELS_LOADED",
    what: `This process has loaded llama.cpp's CPU build "${cpuBuild}" (kernels: ${kernels}) and cannot load "${name}" beside it`,
    where: `kernels ${wanted.kernels ?? "native"}`,
    wayOut:
      "Ask for the same kernels everywhere in one process, from the first model on, and use another process for the others.",
  });
}

interface Folder {
  folder: string;
  origin: string;
}

function findFolder(): Folder {
  const own = process.env.SURPRISAL_LLAMA_LIB;
  if (own) {
    if (!existsSync(own) || !statSync(own).isDirectory())
      throw new SurprisalError({
        code: "ENGINE_UNAVAILABLE",
        what: "SURPRISAL_LLAMA_LIB does not name a folder",
        where: own,
        wayOut:
          "Set it to the folder that holds libllama and libggml, or unset it to use the packaged libraries.",
      });
    return { folder: own, origin: "SURPRISAL_LLAMA_LIB" };
  }
  const platform = `${process.platform}-${process.arch}`;
  const names = PACKAGES[platform] ?? [];
  for (const name of names) {
    const folder = packageFolder(`@node-llama-cpp/${name}`);
    if (folder) return { folder, origin: `package @node-llama-cpp/${name}` };
  }
  throw new SurprisalError({
    code: "ENGINE_UNAVAILABLE",
    what: names.length
      ? `The native engine for ${platform} is not installed`
      : `There is no packaged native engine for ${platform}`,
    wayOut: names.length
      ? `Run \`npm install\` without --omit=optional, or \`npm install @node-llama-cpp/${names.at(-1)}\`; or set SURPRISAL_LLAMA_LIB to a folder with your own build of llama.cpp ${SUPPORTED_LIBRARY_VERSIONS.at(-1)}.`
      : `Build llama.cpp ${SUPPORTED_LIBRARY_VERSIONS.at(-1)} as shared libraries and set SURPRISAL_LLAMA_LIB to their folder.`,
  });
}

function packageFolder(name: string): string | undefined {
  const require = createRequire(import.meta.url);
  for (const base of require.resolve.paths(name) ?? []) {
    const bins = join(base, name, "bins");
    if (!existsSync(bins)) continue;
    const folder = readdirSync(bins)
      .map((entry) => join(bins, entry))
      .find((entry) => statSync(entry).isDirectory() && libraryFile(entry, "llama"));
    if (folder) return folder;
  }
  return undefined;
}

/** `libllama.so`, `libllama.v0.5.0.so`, `libllama.metal.v0.4.0.dylib`, `llama.v0.4.0.dll`, `libllama.so.0.5.0`. */
function libraryFile(folder: string, name: string): string | undefined {
  const pattern = new RegExp(`^(lib)?${name}(\\.[a-z]+)?(\\.v[\\d.]+)?\\.(so|dylib|dll)(\\.[\\d.]+)?$`);
  const file = readdirSync(folder)
    .filter((entry) => pattern.test(entry))
    .sort((a, b) => a.length - b.length)[0];
  return file && join(folder, file);
}

function load({ folder, origin }: Folder, wanted: CpuBuildOptions): LlamaLibrary {
  const open = (name: string): LibraryHandle => {
    const file = libraryFile(folder, name);
    if (!file)
      throw new SurprisalError({
        code: "ENGINE_UNAVAILABLE",
        what: `The folder has no lib${name}`,
        where: folder,
        wayOut:
          "Build llama.cpp with -DBUILD_SHARED_LIBS=ON and point SURPRISAL_LLAMA_LIB at the folder with all its libraries.",
      });
    try {
      return koffi.load(file, { global: true });
    } catch (cause) {
      throw new SurprisalError({
        code: "ENGINE_UNAVAILABLE",
        what: `The native library could not be loaded: ${cause instanceof Error ? cause.message : cause}`,
        where: file,
        wayOut: "Run `surprisal doctor`. On Linux the packaged build needs glibc 2.35 or newer (not musl).",
        cause,
      });
    }
  };
  growNativeStack();
  // The order matters: each library needs the symbols of the ones before it.
  const ggmlBase = open("ggml-base");
  const ggml = open("ggml");
  const llama = open("llama");

  const version = readVersion(llama, folder);
  const functions = bindLlama({ ggmlBase, ggml, llama }, defineLayout());
  checkDefaults(
    {
      model: functions.llama_model_default_params(),
      context: functions.llama_context_default_params(),
      quantize: functions.llama_model_quantize_default_params(),
    },
    folder,
  );

  if (!process.env.SURPRISAL_LLAMA_LOG) silence(functions);
  const builtIn = cpuDevice(functions) !== undefined; // a libggml that is linked to its CPU code
  const cpuBuilds = builtIn ? [] : cpuBuildsIn(folder);
  const isChoice = cpuBuilds.length > 0 || wanted.cpuBuild !== undefined;
  const build = isChoice ? chooseCpuBuild(cpuBuilds, wanted) : null;
  loadBackends(functions, folder, build);
  functions.llama_backend_init();
  const devices = listDevices(functions);
  const cpu = cpuDevice(functions);
  if (cpu === undefined)
    throw new SurprisalError({
      code: "ENGINE_UNAVAILABLE",
      what: "llama.cpp found no CPU backend",
      where: folder,
      wayOut:
        "The folder must also hold libggml-cpu-*; build llama.cpp with -DGGML_BACKEND_DL=ON, or use the packaged libraries.",
    });
  const facts = cpuFacts(functions, cpu);
  if (wanted.kernels === "portable" && facts.amx) throw noneWithoutAmx();
  const kernels = cpuKernels(facts);
  const bf16Kernels = facts.features.has("AVX512_BF16") ? `${kernels} bf16` : kernels;
  const cpuBuild = build?.name ?? null;
  return { functions, version, folder, origin, devices, cpuBuild, cpuBuilds, kernels, bf16Kernels };
}

function readVersion(llama: LibraryHandle, folder: string): string {
  let version: string;
  try {
    version = (llama.func("const char *llama_version()") as () => string)();
  } catch {
    version = "older than 0.4.0 (it has no llama_version)";
  }
  if (SUPPORTED_LIBRARY_VERSIONS.includes(version.replace(/-dev$/, ""))) return version;
  throw new SurprisalError({
    code: "ENGINE_VERSION",
    what: `This is llama.cpp ${version}; surprisal was written for ${SUPPORTED_LIBRARY_VERSIONS.join(" and ")}, and the memory layout of another version is not known to be the same`,
    where: folder,
    wayOut: `Build the tag v${SUPPORTED_LIBRARY_VERSIONS.at(-1)} of llama.cpp, or unset SURPRISAL_LLAMA_LIB to use the packaged library.`,
  });
}

/**
 * llama.cpp logs to standardError unless given a callback, and calls it from its own threads, where JavaScript cannot
 * run. Any native function that ignores its arguments is a silent callback; reading the clock is one.
 */
export function silence(functions: LlamaFunctions): void {
  functions.llama_log_set(functions.symbols.ggml_time_us, null);
}

function cpuDevice(functions: LlamaFunctions): Pointer | undefined {
  const devices = Array.from({ length: functions.ggml_backend_dev_count() }, (_, index) =>
    functions.ggml_backend_dev_get(index),
  );
  return devices.find((device) => DEVICE_KINDS[functions.ggml_backend_dev_type(device)] === "cpu");
}

function listDevices(functions: LlamaFunctions): LlamaDevice[] {
  return Array.from({ length: functions.ggml_backend_dev_count() }, (_, index) => {
    const device = functions.ggml_backend_dev_get(index);
    const free = [0];
    const total = [0];
    functions.ggml_backend_dev_memory(device, free, total);
    return {
      name: functions.ggml_backend_dev_name(device),
      description: functions.ggml_backend_dev_description(device).trim(),
      kind: DEVICE_KINDS[functions.ggml_backend_dev_type(device)] ?? "other",
      freeBytes: Number(free[0]),
      totalBytes: Number(total[0]),
    };
  });
}

import { describe, expect, it } from "vitest";
import { type CpuBuild, type CpuBuildOptions, chooseCpuBuild, portableBuild } from "./cpu-builds.ts";

/** Scores as ggml gives them: 1, and a bit for each set of instructions (ggml-cpu/arch/x86/cpu-feats.cpp). */
const build = (name: string, score: number, amx = false): CpuBuild => ({ name, file: name, score, amx });
const SAPPHIRE_RAPIDS = [
  build("sapphirerapids", 4032, true),
  build("zen4", 1984),
  build("icelake", 1472),
  build("haswell", 64),
  build("x64", 1),
];
const ZEN4 = [...SAPPHIRE_RAPIDS.slice(1), build("sapphirerapids", 0, true)];
const ONLY_AMX = [build("sapphirerapids", 4032, true)];
const ARM = [build("armv8.6_1", 15), build("armv8.2_1", 3), build("armv9.2_1", 0)];

describe("chooseCpuBuild", () => {
  it.each<[string, readonly CpuBuild[], CpuBuildOptions, string]>([
    ["native with AMX", SAPPHIRE_RAPIDS, {}, "sapphirerapids"],
    ["native, said", SAPPHIRE_RAPIDS, { kernels: "native" }, "sapphirerapids"],
    ["portable with AMX: the best without", SAPPHIRE_RAPIDS, { kernels: "portable" }, "zen4"],
    ["native without AMX", ZEN4, {}, "zen4"],
    ["portable without AMX: the same", ZEN4, { kernels: "portable" }, "zen4"],
    ["arm64", ARM, {}, "armv8.6_1"],
    ["portable on arm64: the same", ARM, { kernels: "portable" }, "armv8.6_1"],
    ["by name", SAPPHIRE_RAPIDS, { cpuBuild: "haswell" }, "haswell"],
    ["by name, portable too", SAPPHIRE_RAPIDS, { cpuBuild: "icelake", kernels: "portable" }, "icelake"],
    ["by name, over native", ZEN4, { cpuBuild: "x64", kernels: "native" }, "x64"],
  ])("%s", (_, builds, wanted, name) => {
    expect(chooseCpuBuild(builds, wanted).name).toBe(name);
  });

  it.each<[string, readonly CpuBuild[], CpuBuildOptions, RegExp]>([
    [
      "a build that is not there",
      ZEN4,
      { cpuBuild: "skylake" },
      /no CPU build "skylake"[\s\S]*There are: zen4, icelake, haswell, x64, sapphirerapids\. This CPU can run: zen4, icelake, haswell, x64\./,
    ],
    [
      "a build that this CPU cannot run",
      ZEN4,
      { cpuBuild: "sapphirerapids" },
      /cannot run the build "sapphirerapids"[\s\S]*This CPU can run: zen4/,
    ],
    [
      "portable kernels by a build with AMX",
      SAPPHIRE_RAPIDS,
      { cpuBuild: "sapphirerapids", kernels: "portable" },
      /AMX kernels, which are not portable/,
    ],
    ["a build by name where there is one without", [], { cpuBuild: "zen4" }, /one build .* not "zen4"/],
    ["portable kernels where all have AMX", ONLY_AMX, { kernels: "portable" }, /built with AMX only/],
    ["any, where none runs", [build("sapphirerapids", 0, true)], {}, /no build .* that this CPU can run/],
  ])("refuses %s", (_, builds, wanted, message) => {
    expect(() => chooseCpuBuild(builds, wanted)).toThrow(message);
    expect(() => chooseCpuBuild(builds, wanted)).toThrow(
      expect.objectContaining({ code: "KERNELS_UNAVAILABLE" }),
    );
  });
});

it("portableBuild is the best without AMX that runs", () => {
  expect(portableBuild(SAPPHIRE_RAPIDS)?.name).toBe("zen4");
  expect(portableBuild(ZEN4)?.name).toBe("zen4");
  expect(portableBuild(ONLY_AMX)).toBeNull();
});

import { describe, expect, it } from "vitest";
import { cpuBuildOf, kernelsNote, kernelsOf } from "./kernels.ts";

describe("kernelsOf", () => {
  it.each([
    [{ kernels: "avx512", device: "cpu (zen4)" }, "avx512"],
    [{ kernels: "CUDA", device: "gpu (H200)" }, "CUDA"],
    // of versions that did not say
    [{ device: "cpu (sapphirerapids)" }, "amx"],
    [{ device: "cpu (icelake)" }, "avx512"],
    [{ device: "cpu (haswell)" }, "avx2"],
    [{ device: "cpu (sse42)" }, "before avx2"],
    [{ device: "cpu (armv8.2_1)" }, null],
    [{ device: "cpu" }, null],
    [{ device: "gpu (H200)" }, null],
    [{ server: "vLLM" }, null],
  ])("of %o is %s", (settings, kernels) => {
    expect(kernelsOf(settings)).toBe(kernels);
  });

  it("cpuBuildOf reads the build out of the device", () => {
    expect(cpuBuildOf({ device: "cpu (zen4)" })).toBe("zen4");
    expect(cpuBuildOf({ device: "cpu" })).toBeNull();
    expect(cpuBuildOf({ device: "gpu (NVIDIA H200)" })).toBeNull();
    expect(cpuBuildOf({})).toBeNull();
  });
});

describe("kernelsNote", () => {
  const computed = (device: string, quantisation: string | null = "Q8_0", exact = false) => ({
    identity: { quantisation },
    settings: { device: `cpu (${device})`, ...(exact && { exact }) },
  });

  it("names both, and the size of the effect", () => {
    expect(kernelsNote(computed("sapphirerapids"), computed("zen4"))).toMatch(
      /\(amx and avx512\).* 0\.7 %.* 0\.6 nats/,
    );
    expect(kernelsNote(computed("zen4"), computed("haswell", null))).toMatch(/\(avx512 and avx2\)/);
    expect(kernelsNote(computed("sapphirerapids", "Q4_0", true), computed("zen4"))).not.toBeNull();
  });

  it("says that one is exact and the other is not, whatever their kernels", () => {
    expect(kernelsNote(computed("zen4", "Q4_0", true), computed("zen4", "Q4_0"))).toMatch(
      /^One is exact and the other is not \(kernels avx512\): .* 0\.7 %/,
    );
    expect(kernelsNote(computed("haswell"), computed("zen4", "Q8_0", true))).toMatch(/\(kernels avx2\)/);
    expect(kernelsNote(computed("zen4", "all F32", true), computed("zen4", "all F32"))).toBeNull();
  });

  it("is silent where builds have the same kernels, where nothing is known, and of floats", () => {
    expect(kernelsNote(computed("icelake"), computed("zen4"))).toBeNull();
    expect(kernelsNote(computed("unheard"), computed("zen4"))).toBeNull();
    const bf16 = { device: "cpu (zen4)", kernels: "avx512 bf16" };
    const now = { identity: { quantisation: "BF16" }, settings: bf16 };
    expect(kernelsNote(computed("zen4", "BF16"), now)).toBeNull(); // of a version that did not say
    expect(kernelsNote(computed("icelake", "BF16"), now)).not.toBeNull();
    expect(kernelsNote(computed("sapphirerapids", "all F32"), computed("zen4", "all F32"))).toBeNull();
    expect(
      kernelsNote(computed("sapphirerapids", "Q4_0", true), computed("haswell", "Q4_0", true)),
    ).toBeNull();
  });
});

import { describe, expect, it } from "vitest";
import { distinctLabels, shortenMiddle } from "./labels.ts";

const labels = (names: string[], most = 10) => distinctLabels(names, (name) => name.length <= most);

describe("names beside each other", () => {
  it("lose what all of them share, at separators", () => {
    expect(labels(["SmolLM2-135M-Instruct Q8_0", "SmolLM2-135M-Instruct Q4_0"])).toEqual(["…Q8_0", "…Q4_0"]);
    expect(labels(["model-F16.gguf", "model-Q4_0.gguf"])).toEqual(["…F16…", "…Q4_0…"]);
    expect(labels(["qwen2-0.5b-instruct", "qwen2-1.5b-instruct"])).toEqual(["…0.5b…", "…1.5b…"]);
  });
  it("stay as they are where they fit, are alone, or share nothing", () => {
    expect(labels(["a-one", "a-two"])).toEqual(["a-one", "a-two"]);
    expect(labels(["a name that is long"])).toEqual(["a name that is long"]);
    expect(labels(["mini of this project", "smollm2 instructed"])).toEqual([
      "mini of this project",
      "smollm2 instructed",
    ]);
    expect(labels(["the same long name", "the same long name"])).toEqual([
      "the same long name",
      "the same long name",
    ]);
  });
  it("never become alike, nor empty", () => {
    const names = ["model-large-v1", "model-large", "model-large-v1-v1"];
    const found = labels(names);
    expect(new Set(found).size).toBe(3);
    expect(found.every((label) => label.replaceAll("…", "") !== "")).toBe(true);
  });
  it("are cut in the middle", () => {
    expect(shortenMiddle("SmolLM2-135M-Q8_0", 9)).toBe("SmolL…8_0".slice(0, 4) + "…Q8_0".slice(-5));
    expect(shortenMiddle("mini", 4)).toBe("mini");
  });
});

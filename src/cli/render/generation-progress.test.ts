import { expect, it } from "vitest";
import { type GenerationProgress, generationProgress } from "./generation-progress.ts";

const progress: GenerationProgress = {
  ...{ prompts: 3, totalPrompts: 10, answers: 3, missing: 10 },
  ...{ tokens: 1500, ms: 6000 },
};

it("says prompts, tokens, their rate, and the time left by the mean of an answer", () => {
  expect(generationProgress(progress)).toBe("generating  3 of 10 prompts  250 tokens/s  14.0 s left");
  expect(generationProgress({ ...progress, answers: 30, missing: 160 })).toBe(
    "generating  3 of 10 prompts  30 of 160 answers  250 tokens/s  26.0 s left",
  );
  expect(generationProgress({ ...progress, prompts: 0, answers: 0, tokens: 0, ms: 0 })).toBe(
    "generating  0 of 10 prompts",
  );
});

/** A PAQ router that goes by MiniLM in process. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { miniLmQ8 } from "../../../test/minilm.ts";
import { type EmbeddingModel, resolveEmbedding } from "../../models/index.ts";
import type { RouteRecord } from "../records.ts";
import { encoderFeatures, joinedFeatures, statisticsFeatures } from "./features/index.ts";
import { paq } from "./index.ts";

const path = await miniLmQ8();
const CODE = ["def add(a, b): return a + b", "const x = [1, 2, 3];", "for (;;) { run(); }", "if x: print(x)"];
const PROSE = [
  "The rain fell over the hills.",
  "She wrote to a friend.",
  "We walked home.",
  "It was a cold night.",
];

/** Prose can do with 4 bits, code cannot. */
const records: RouteRecord[] = Array.from({ length: 60 }, (_, i) => {
  const isCode = i % 2 === 0;
  const text = (isCode ? CODE : PROSE)[Math.floor(i / 2) % 4]!;
  return {
    id: `${i}`,
    question: `${text} ${i}`,
    paths: {
      "4-bit": { correct: null, tokens: 10, nll: isCode ? 30 : 10 },
      "16-bit": { correct: null, tokens: 10, nll: 10 },
    },
  };
});

describe.skipIf(path === null)("PAQ by MiniLM", () => {
  let model: EmbeddingModel;
  beforeAll(async () => {
    model = await resolveEmbedding(path!);
  });
  afterAll(() => model?.[Symbol.asyncDispose]());

  it("tells code from prose, and says what of a long prompt was not read", async () => {
    const router = await paq.fit(records, encoderFeatures(model));
    expect(router.artefact.features).toMatchObject({ name: "encoder", dimensions: 384 });
    expect(await router.decide("The sun rose over the quiet sea.")).toMatchObject({
      level: "4-bit",
      leftOut: 0,
    });
    expect(await router.decide("while (true) { x += 1; }")).toMatchObject({ level: "16-bit" });
    const long = await router.decide("word ".repeat(400));
    expect(long.leftOut).toBe(402 - 256);
    expect(long.reason).toContain("the last 146 tokens of the prompt were not looked at");
    expect(await router.decide("")).toMatchObject({ because: "empty", level: "16-bit" });
  });

  it("joins the encoder and the statistics", async () => {
    const both = joinedFeatures([encoderFeatures(model), statisticsFeatures()]);
    const router = await paq.fit(records, both);
    expect(router.artefact.features.name).toBe("encoder+statistics");
    expect(router.artefact.features.dimensions).toBe(384 + 22);
    expect(await router.decide("It was a warm day.")).toMatchObject({ level: "4-bit" });
    expect(() => joinedFeatures([statisticsFeatures(), statisticsFeatures()])).toThrow(
      /cannot be one source/,
    );
  });

  it("refuses another encoder", async () => {
    const { artefact } = await paq.fit(records, encoderFeatures(model));
    const identity = { name: "other", sha256: "0".repeat(64) };
    const fitted = { ...artefact, features: { ...artefact.features, identity } };
    const { name, dimensions, of } = encoderFeatures(model);
    const used = { name, dimensions, of, identity: { name: "own", sha256: "1".repeat(64) } };
    expect(() => paq.from(fitted, used)).toThrow(expect.objectContaining({ code: "CALIBRATION_MISMATCH" }));
  });
});

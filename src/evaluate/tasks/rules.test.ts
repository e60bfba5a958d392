import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hellaSwagContext, preprocessHellaSwag } from "./hellaswag.ts";
import { PythonRandom } from "./python-random.ts";

/** Recorded by tools/record-tasks/rules.py. */
const recorded = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/tasks/rules.json", import.meta.url), "utf8"),
);

describe("HellaSwag's preparation", () => {
  it.each<{ row: Record<string, string>; query: string; choices: string[] }>(recorded.hellaswag)(
    "is lm-eval's: $query",
    ({ row, query, choices }) => {
      expect(hellaSwagContext(row.activity_label!, row.ctx_a!, row.ctx_b!)).toBe(query);
      expect((row.endings as unknown as string[]).map(preprocessHellaSwag)).toEqual(choices);
    },
  );
});

describe("PythonRandom", () => {
  it.each<{ seed: number; drawn: number[][] }>(recorded.samples)(
    "draws what Python draws, seed $seed",
    ({ seed, drawn }) => {
      const random = new PythonRandom(seed);
      const draw = (n: number, count: number) => random.sample(n, count);
      expect([
        draw(100, 5),
        draw(39905, 6),
        draw(10, 10),
        draw(30, 8),
        draw(1, 1),
        draw(300, 100).slice(0, 5),
        draw(64, 6),
        draw(5, 0),
      ]).toEqual(drawn);
    },
  );
});

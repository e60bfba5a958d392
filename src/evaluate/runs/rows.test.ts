import { describe, expect, it } from "vitest";
import { TableModel } from "../../models/test/index.ts";
import { exportRuns } from "../../report/runs/export.ts";
import type { Corpus } from "../corpora/corpus.ts";
import { evaluate } from "../harness/evaluate.ts";
import { capabilitiesOf } from "./capability-map.ts";
import { labelled, runRows } from "./rows.ts";
import type { Run } from "./run.ts";

const corpus: Corpus = {
  name: "texts",
  source: "texts",
  domain: null,
  rule: { name: "list", source: null },
  async *documents() {
    yield { name: "texts:0", text: "one text" };
  },
};

/** Runs of one model over one corpus. */
async function runsOf(...names: (Pick<Run, "id"> & Partial<Run>)[]): Promise<Run[]> {
  const run = await evaluate({ models: [TableModel.bytes()], corpora: [corpus] });
  return names.map((name) => ({ ...run, ...name }));
}

const labels = (runs: readonly Run[]) => labelled(runs.flatMap(runRows)).map(({ label }) => label);
const [FIRST, SECOND] = ["2026-11-24T10:00:00.000Z", "2026-11-25T10:00:00.000Z"];

describe("labelled", () => {
  it("is the model's name, with the run's where several have a score of it", async () => {
    const [x, y] = await runsOf({ id: "x" }, { id: "y" });
    const name = x!.models[0]!.identity.name;
    expect(labels([x!])).toEqual([name]);
    expect(labels([x!, y!])).toEqual([`${name} (x)`, `${name} (y)`]);
  });

  it("tells runs of one name in two folders apart, on the map and the page too", async () => {
    const runs = await runsOf(
      { id: "x", created: FIRST },
      { id: "x", created: SECOND },
      { id: "y", created: SECOND },
    );
    const name = runs[0]!.models[0]!.identity.name;
    const expected = [`${name} (x, ${FIRST})`, `${name} (x, ${SECOND})`, `${name} (y)`];
    expect(labels(runs)).toEqual(expected);
    expect(capabilitiesOf(runs).map(({ model }) => model)).toEqual(expected);
    const page = await exportRuns(runs, "html");
    for (const label of expected) expect(page).toContain(label);
  });
});

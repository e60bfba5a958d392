import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { LogSource, readTrainingLog } from "./index.ts";

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "surprisal-train-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let made = 0;
const file = (text: string, name = "log.jsonl"): string => {
  const own = join(folder, String(made++));
  mkdirSync(own);
  writeFileSync(join(own, name), text);
  return join(own, name);
};
const lines = (...rows: object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

describe("logs that are larger than what is read at once", () => {
  const COUNT = 120_000;

  it("lose no line where one piece ends and the next begins", async () => {
    const rows = Array.from({ length: COUNT }, (_, i) => ({
      step: i + 1,
      "train/loss": 2 + 1 / (i + 1),
      learning_rate: 3e-4,
      note: "as trainers write beside it",
    }));
    const [run] = await readTrainingLog(file(rows.map((row) => lines(row)).join("")));
    expect(run!.train!.steps).toEqual(rows.map(({ step }) => step));
    expect(run!.train!.losses).toEqual(rows.map((row) => row["train/loss"]));
    expect(run!.notes.filter((note) => note.includes("could not be read"))).toEqual([]);
  });

  it("nor a record of an event file", async () => {
    // The recorded file, its records again and again: the same steps, which are counted as doubles.
    const once = readFileSync(fixture("events.out.tfevents.tensorboardx"));
    const times = Math.ceil((9 * 2 ** 20) / once.length);
    const path = file("", "events.out.tfevents.large");
    writeFileSync(path, Buffer.concat(new Array<Buffer>(times).fill(once)));
    const [run] = await readTrainingLog(path);
    expect(run!.notes.filter((note) => note.includes("checksum"))).toEqual([]);
    expect(run!.train!.steps).toHaveLength(41);
  });
});

describe("logs of other tools (src/train/fixtures/README.md)", () => {
  it.each(["events.out.tfevents.tensorboardx", "events.out.tfevents.tensorboard"])("%s", async (name) => {
    const [run] = await readTrainingLog(fixture(name));
    expect(run!.train!.steps.slice(0, 40)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    expect(run!.train!.losses[3]).toBeCloseTo(4, 6);
    expect(run!.valid!.steps).toEqual([10, 20, 30, 40]);
    expect(run!.valid!.losses[3]).toBeCloseTo(2.1 + 4 / Math.sqrt(40), 6);
    if (name.endsWith("x")) expect(run!.train!.losses[40]).toBeNaN();
  });

  it("trainer_state.json of transformers", async () => {
    const [run] = await readTrainingLog(fixture("trainer_state.json"));
    expect(run!.valid!.losses).toEqual([3.4506688117980957, expect.any(Number), 2.950394630432129]);
    expect(run!.train!.steps).toEqual([5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60]);
    expect(run!.tokensPerStep).toBe(256); // 8 rows of 32 tokens
  });

  it("trackio's Parquet and JSON", async () => {
    const runs = await readTrainingLog(fixture("trackio.parquet"));
    expect(runs.map(({ name, valid }) => [name, valid!.steps])).toEqual([
      ["a", [10, 20, 30]],
      ["b", [10, 20, 30]],
    ]);
    expect(runs[1]!.train!.losses[3]).toBeCloseTo(4.2, 12);
    const [metric] = await readTrainingLog(fixture("trackio-metric.json"));
    expect(metric!.valid!.losses).toEqual(runs[0]!.valid!.losses);
  });

  it("CSV of Lightning, Keras and W&B", async () => {
    const [lightning] = await readTrainingLog(fixture("lightning.csv"));
    expect(lightning).toMatchObject({
      train: { steps: [49, 99, 149, 199] },
      valid: { steps: [99, 199], losses: [3.2, 3] },
    });
    const [keras] = await readTrainingLog(fixture("keras.csv"));
    expect(keras).toMatchObject({ axis: "epoch", valid: { losses: [3.4, 3.15, Number.NaN] } });
    const wandb = await readTrainingLog(fixture("wandb.csv"));
    expect(wandb.map(({ name, valid }) => [name, valid!.steps])).toEqual([
      ["eager-sun-3", [100, 200]],
      ["calm-sea-2", [200, 300]],
    ]);
  });

  it("a damaged event file says where it ends", async () => {
    const bytes = Buffer.from(readFileSync(fixture("events.out.tfevents.tensorboardx")));
    bytes[1500]! ^= 1;
    const path = file("", "events.out.tfevents.1");
    writeFileSync(path, bytes);
    const [run] = await readTrainingLog(path);
    expect(run!.notes.join()).toContain("wrong checksum");
    expect(run!.train!.steps.length).toBeLessThan(40);
  });
});

describe("lines", () => {
  it("that are cut, not JSON, NaN, null and doubled are said, not guessed", async () => {
    const path = file(
      `{"step":1,"loss":5}\nnonsense\n{"step":2,"loss":NaN}\n{"step":3,"loss":null}\n{"step":4,"loss":"inf"}\n{"step":5,"loss":3}\n{"step":5,"loss":3.5}\n{"step":6,"lo`,
    );
    const [run] = await readTrainingLog(path);
    expect(run!.train).toMatchObject({
      steps: [1, 2, 3, 4, 5],
      losses: [5, Number.NaN, Number.NaN, Number.NaN, 3.5],
    });
    const said = run!.notes.join("\n");
    for (const words of [
      "line 2",
      "within a line",
      "taken for NaN",
      "logged again",
      "no validation losses",
      "taken for nats",
    ])
      expect(said).toContain(words);
  });

  it("whose steps go back to a checkpoint replace what was behind it; back at the beginning they are another run", async () => {
    const row = (step: number, loss: number) => ({ step, split: "train", loss });
    const [resumed] = await readTrainingLog(
      file(lines(row(1, 5), row(2, 4), row(3, 3), row(2, 4.5), row(3, 3.5))),
    );
    expect(resumed!.train).toMatchObject({ steps: [1, 2, 3], losses: [5, 4.5, 3.5] });
    expect(resumed!.notes.join()).toContain("went back from 3 to 2");
    const valid = { step: 0, split: "valid", loss: 6 };
    const again = await readTrainingLog(
      file(lines(valid, row(1, 5), row(2, 4), valid, row(1, 5.5), row(2, 4.5))),
    );
    expect(again.map(({ train, valid: v }) => [train!.losses, v!.steps])).toEqual([
      [[5, 4], [0]],
      [[5.5, 4.5], [0]],
    ]);
  });

  it("say their base by the perplexity beside it, by name, or by the option", async () => {
    const bits = await readTrainingLog(
      file(lines({ step: 1, val_loss: 3, val_ppl: 8 }, { step: 2, val_loss: 2, val_ppl: 4 })),
    );
    expect(bits[0]!.valid!.losses[0]).toBeCloseTo(3 * Math.LN2, 12);
    const perByte = await readTrainingLog(file(lines({ step: 1, bpb: 1 }, { step: 2, bpb: 0.5 })));
    expect(perByte[0]).toMatchObject({ per: "byte" });
    const asked = await readTrainingLog(file(lines({ step: 1, loss: 1 })), { base: "bits" });
    expect(asked[0]!.train!.losses).toEqual([Math.LN2]);
  });

  it("keep runs of one file apart, and steps of epochs on end", async () => {
    const two = await readTrainingLog(
      file(
        lines({ run: "a", step: 1, loss: 3 }, { run: "b", step: 1, loss: 4 }, { run: "a", step: 2, loss: 2 }),
      ),
    );
    expect(two.map(({ name, train }) => [name, train!.losses])).toEqual([
      ["a", [3, 2]],
      ["b", [4]],
    ]);
    const epochs = await readTrainingLog(file("epoch,step,loss\n0,1,5\n0,2,4\n1,1,3\n1,2,2\n", "log.csv"));
    expect(epochs[0]!.train!.steps).toEqual([1, 2, 3, 4]);
  });

  it.each([
    ["an empty log", "", "EMPTY_INPUT"],
    ["lines without a loss", '{"step":1,"accuracy":0.5}\n', "LOG_MALFORMED"],
    ["a binary file", "\u0000\u0001binary\u0000\n", "LOG_MALFORMED"],
    ["a database", "SQLite format 3\u0000", "LOG_MALFORMED"],
    ["a document cut short", '{\n "log_history": [\n {"loss": 1', "LOG_MALFORMED"],
  ])("%s is an error", async (_, text, code) => {
    await expect(readTrainingLog(file(text))).rejects.toMatchObject({ code });
  });

  it("are read on as they come, within a line, after a cut and after another file took their place", async () => {
    const path = file('{"step":1,"loss":5}\n{"step":2,"lo');
    const source = new LogSource(path);
    const losses = () => source.runs()[0]?.train?.losses;
    expect(await source.poll()).toBe(true);
    expect(losses()).toEqual([5]);
    appendFileSync(path, 'ss":4}\n');
    await source.poll();
    expect(losses()).toEqual([5, 4]);
    expect(await source.poll()).toBe(false);
    writeFileSync(path, '{"step":1,"loss":9}\n');
    await source.poll();
    expect(losses()).toEqual([9]);
    expect(source.runs()[0]!.notes.join()).toContain("cut shorter");
  });
});

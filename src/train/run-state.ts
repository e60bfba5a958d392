/** One run while its log is read. */
import { type CurveName, rankOf, readCurveName } from "./names.ts";
import type { CurveUnit, TrainingRun } from "./series.ts";
import { TagPoints } from "./tag.ts";

/** What a reader was asked for. */
export interface CurveChoice {
  /** Name of the training loss in the log; by default the plainest. */
  train?: string | undefined;
  valid?: string | undefined;
  /** What a loss is measured in where the log does not say. Default "nats". */
  base?: "nats" | "bits" | undefined;
}

/** A point with its place. */
export interface Placed {
  tag: string;
  name: CurveName;
  step: number;
  value: number;
}

/** Steps that went back so often are not one run. */
const MANY_RESTARTS = 20;

export class RunState {
  readonly tags: Map<string, TagPoints> = new Map();
  rows = 0;
  axis: TrainingRun["axis"] = "step";
  /** Last and first step of the curve that tells the time: of training where there is one. */
  clock: number | null = null;
  first: number | null = null;
  hasTrain = false;
  resumed: { from: number; to: number; line: number; lost: number }[] = [];
  doubles = 0;
  /** Points of validation that went back: what comes next says whether the run began again. */
  held: Placed[] = [];
  /** Of lines that have loss and perplexity: how often that fits nats, and bits. */
  votes = { nats: 0, bits: 0 };
  tokens: { firstStep: number; first: number; lastStep: number; last: number } | null = null;
  bytesPerToken: number | null = null;
  /** Added to steps that begin again with every epoch. */
  offset = 0;
  epoch: number | null = null;
  lastRaw: number | null = null;
  epochsJoined = 0;

  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  put({ tag, name, step, value }: Placed): void {
    let points = this.tags.get(tag);
    if (points === undefined) {
      points = new TagPoints(tag, name);
      this.tags.set(tag, points);
    }
    if (points.put(step, value)) this.doubles++;
  }

  settleHeld(): void {
    for (const point of this.held) this.put(point);
    this.held = [];
  }

  /** Goes on from an earlier step: what was behind it is replaced. */
  resume(step: number, line: number): void {
    let lost = 0;
    for (const points of this.tags.values()) lost += points.cut(step);
    this.resumed.push({ from: this.clock ?? step, to: step, line, lost });
  }

  tokensAt(step: number, tokens: number): void {
    if (this.tokens === null) this.tokens = { firstStep: step, first: tokens, lastStep: step, last: tokens };
    else if (step > this.tokens.lastStep) Object.assign(this.tokens, { lastStep: step, last: tokens });
  }

  private chosen(split: CurveName["split"], wanted: string | undefined): TagPoints | null {
    const all = [...this.tags.values()];
    if (wanted !== undefined) return all.find(({ tag }) => tag === wanted) ?? null;
    const those = all.filter(({ name }) => name.split === split);
    const several = those.filter(({ steps }) => steps.length > 1);
    const from = several.length > 0 ? several : those;
    return from.reduce<TagPoints | null>(
      (best, points) => (best === null || rankOf(points.name) < rankOf(best.name) ? points : best),
      null,
    );
  }

  private unitOf(points: TagPoints, base: CurveChoice["base"]): CurveUnit {
    const { unit, known } = points.name;
    if (known) return { unit, known };
    const { nats, bits } = this.votes;
    if (base !== undefined) return { unit: base, known: true };
    if (nats + bits > 0) return { unit: bits > nats ? "bits" : "nats", known: true };
    return { unit: "nats", known: false };
  }

  /** The run as it is known now. The columns grow with it. */
  run(choice: CurveChoice, notes: readonly string[] = []): TrainingRun {
    let [train, valid] = [this.chosen("train", choice.train), this.chosen("valid", choice.valid)];
    // Bits per byte beside nats per token are no two curves of one picture.
    const perByte = (points: TagPoints | null) => points?.name.unit === "bits-per-byte";
    const said = [...notes];
    if (train !== null && valid !== null && perByte(train) !== perByte(valid)) {
      said.push(
        `Of ${train.tag} and ${valid.tag} one is per byte and one per token: only ${perByte(train) ? valid.tag : train.tag} is read.`,
      );
      if (perByte(train)) train = null;
      else valid = null;
    }
    const [trainUnit, validUnit] = [train, valid].map((points) => points && this.unitOf(points, choice.base));
    const series = (points: TagPoints | null, unit: CurveUnit | null | undefined) =>
      points === null || !unit
        ? null
        : { tag: points.tag, steps: points.steps, losses: points.losses(unit.unit) };
    const { tokens } = this;
    const perStep =
      tokens === null || this.axis !== "step"
        ? null
        : tokens.lastStep > tokens.firstStep
          ? (tokens.last - tokens.first) / (tokens.lastStep - tokens.firstStep)
          : tokens.lastStep > 0
            ? tokens.last / tokens.lastStep
            : null;
    return {
      name: this.name,
      train: series(train, trainUnit),
      valid: series(valid, validUnit),
      units: { train: trainUnit ?? null, valid: validUnit ?? null },
      axis: this.axis,
      per: perByte(train ?? valid) ? "byte" : "token",
      tokensPerStep: perStep !== null && perStep > 0 ? perStep : null,
      bytesPerToken: this.bytesPerToken,
      rows: this.rows,
      notes: [...said, ...this.notes(train, valid, [trainUnit, validUnit])],
    };
  }

  private notes(
    train: TagPoints | null,
    valid: TagPoints | null,
    units: (CurveUnit | null | undefined)[],
  ): string[] {
    const out: string[] = [];
    for (const { from, to, line, lost } of this.resumed.slice(0, 3))
      out.push(
        `Line ${line}: steps went back from ${from} to ${to}; taken for a run that was resumed: ${lost} points behind it are replaced.`,
      );
    if (this.resumed.length > 3) out.push(`Steps went back ${this.resumed.length} times in all.`);
    if (this.resumed.length > Math.max(MANY_RESTARTS, 0.05 * this.rows))
      out.push(
        'Steps go back so often that several runs may write into this log: give each a file, or a name in a member "run".',
      );
    if (this.epochsJoined > 0)
      out.push(`Steps begin again with every epoch (${this.epochsJoined} times): they are counted on.`);
    if (this.doubles > 0)
      out.push(
        `${this.doubles} ${this.doubles === 1 ? "point was" : "points were"} logged again for a step: the later one counts.`,
      );
    if (units.some((unit) => unit && !unit.known))
      out.push(
        "The log does not say what its loss is measured in: taken for nats per token (--base bits for the other).",
      );
    const others = [...this.tags.values()].filter((points) => points !== train && points !== valid);
    const spare = others.filter(({ name }) => !(name.unit === "perplexity" || name.unit === "bits-per-byte"));
    if (spare.length > 0)
      out.push(
        `Not drawn: ${spare
          .slice(0, 6)
          .map(({ tag }) => tag)
          .join(", ")}${spare.length > 6 ? " and others" : ""} (--train NAME, --valid NAME choose).`,
      );
    if (train !== null && valid === null)
      out.push("There are no validation losses: nothing can be said about overfitting.");
    return out;
  }
}

/** Names read before, since a log has the same ones in every line. */
export class NameReader {
  private readonly known = new Map<string, CurveName | null>();
  read(tag: string, split: string | null): CurveName | null {
    const key = split === null ? tag : `${split}\0${tag}`;
    let name = this.known.get(key);
    if (name === undefined) {
      name = readCurveName(tag, split);
      if (this.known.size < 10_000) this.known.set(key, name);
    }
    return name;
  }
}

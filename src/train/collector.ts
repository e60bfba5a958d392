/** Lines of any log, whatever wrote it, gathered as runs: steps that go back, doubles and several runs are sorted out here. */
import { placeOf, stepRank } from "./names.ts";
import { type CurveChoice, NameReader, type Placed, RunState } from "./run-state.ts";
import type { TrainingRun } from "./series.ts";
import { readValue } from "./values.ts";

/** What one line says, members flat: `{ step: 5, "train/loss": 3.2 }`. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Options of `LogCollector`. */
export interface CollectorOptions extends CurveChoice {
  /** Name of a run that has none in the log. */
  name?: string | undefined;
  /** 3,14 is a number. */
  decimalComma?: boolean | undefined;
}

interface Member {
  place: ReturnType<typeof placeOf>;
  rank: number;
}

/** Deepest objects within objects that are looked into. */
const DEEPEST = 3;
/** Names of runs in one log that are kept apart. */
const MOST_RUNS = 1000;

/**
 * Makes runs of the lines of a log. `record` is given a line's members, `point` a single number; `runs` says what is known so
 * far, `finish` what is known at the end. Steps that go back, doubles and several runs in one log are sorted out, and said.
 */
export class LogCollector {
  private readonly states: RunState[] = [];
  private readonly current = new Map<string, RunState>();
  private readonly members = new Map<string, Member>();
  private readonly names = new NameReader();
  private broken = { lines: 0, first: 0 };
  private readonly said: string[] = [];

  readonly options: CollectorOptions;

  constructor(options: CollectorOptions = {}) {
    this.options = options;
  }

  /** A line that could not be read. */
  malformed(line: number): void {
    if (this.broken.lines++ === 0) this.broken.first = line;
  }

  note(text: string): void {
    if (!this.said.includes(text)) this.said.push(text);
  }

  get brokenLines(): number {
    return this.broken.lines;
  }

  private memberOf(key: string): Member {
    let member = this.members.get(key);
    if (member === undefined) {
      member = { place: placeOf(key), rank: stepRank(key) };
      if (this.members.size < 10_000) this.members.set(key, member);
    }
    return member;
  }

  /** @param line from 1. @param run where the place of the line says it, such as a column's heading. */
  record(given: LogFields, line: number, run: string | null = null): void {
    const fields = flat(given);
    let [step, epoch, tokens]: [number | null, number | null, number | null] = [null, null, null];
    let [split, rank]: [string | null, number] = [null, Number.POSITIVE_INFINITY];
    let named: string | null = null;
    const losses: { key: string; value: unknown }[] = [];
    for (const key in fields) {
      const value = fields[key];
      const { place, rank: its } = this.memberOf(key);
      if (place === null) losses.push({ key, value });
      else if (place === "step") {
        const read = readValue(value);
        if (its < rank && read !== null && !Number.isNaN(read)) [step, rank] = [read, its];
      } else if (place === "epoch") epoch = readValue(value);
      else if (place === "tokens") tokens = readValue(value);
      else if (place === "run") {
        // trackio's rows have a name and an id.
        const text = typeof value === "string" || typeof value === "number" ? String(value) : null;
        if (text !== null && (named === null || !key.endsWith("_id"))) named = text;
      } else if (typeof value === "string") split = value;
    }
    run ??= named;
    // The last line of a Trainer has the mean over the run: no point of the curve.
    if ("train_runtime" in fields && "train_loss" in fields && !("loss" in fields)) return;
    const points: { tag: string; name: Placed["name"]; value: number }[] = [];
    let nulls = 0;
    for (const { key, value } of losses) {
      const name = this.names.read(key, split);
      if (name === null) {
        if (key !== this.options.train && key !== this.options.valid) continue;
      }
      const read = readValue(value, this.options.decimalComma);
      if (read === null) {
        if (value === null) nulls++;
        continue;
      }
      const tag = split === null ? key : `${split}/${key}`;
      points.push({ tag, name: name ?? this.asked(key), value: read });
    }
    if (points.length === 0) {
      // JSON has no NaN: a line with a loss that is null, and nothing else, was one.
      const only = losses.filter(({ key }) => this.names.read(key, split) !== null);
      if (nulls === 0 || nulls !== only.length) return;
      for (const { key } of only)
        points.push({
          tag: split === null ? key : `${split}/${key}`,
          name: this.names.read(key, split)!,
          value: Number.NaN,
        });
      this.note("Losses that are null, in lines without another, are taken for NaN.");
    }
    this.place(points, { step, epoch, tokens, run, line });
  }

  /** What an option names is a loss, whatever its name says. */
  private asked(key: string): Placed["name"] {
    return { split: key === this.options.valid ? "valid" : "train", unit: "nats", known: false, extra: 0 };
  }

  /** A single number of a log that has one in each record. @param line its place, from 1. */
  point(
    { tag, value, ...at }: { tag: string; value: number; step: number | null; run: string | null },
    line: number,
  ): void {
    const asked = tag === this.options.train || tag === this.options.valid;
    const name = this.names.read(tag, null) ?? (asked ? this.asked(tag) : null);
    if (name !== null) this.place([{ tag, name, value }], { epoch: null, tokens: null, line, ...at });
  }

  private place(
    points: readonly { tag: string; name: Placed["name"]; value: number }[],
    {
      step,
      epoch,
      tokens,
      run,
      line,
    }: { step: number | null; epoch: number | null; tokens: number | null; run: string | null; line: number },
  ): void {
    const key = run ?? "";
    let state = this.current.get(key) ?? this.begin(key);
    state.rows++;
    let at = step;
    if (at === null) {
      state.axis = epoch === null || Number.isNaN(epoch) ? "line" : "epoch";
      at = state.axis === "epoch" ? epoch! : state.rows;
    }
    const isTrain = points.some(({ name }) => name.split === "train");
    if (isTrain || !state.hasTrain) {
      // Steps within an epoch: they begin again, and the epoch goes on.
      if (
        step !== null &&
        state.lastRaw !== null &&
        step < state.lastRaw &&
        epoch !== null &&
        state.epoch !== null &&
        epoch > state.epoch &&
        step <= (state.first ?? step) + 1
      ) {
        state.offset = (state.clock ?? 0) + (step <= 0 ? 1 : 0);
        state.epochsJoined++;
      }
      state.lastRaw = step;
      state.epoch = epoch ?? state.epoch;
      at += step === null ? 0 : state.offset;
      if (state.clock !== null && at < state.clock && (isTrain || !state.hasTrain)) {
        if (at <= state.first!) {
          const held = state.held;
          state.held = [];
          state = this.begin(key);
          state.rows++;
          state.held = held;
          this.note(`Line ${line}: steps begin again at ${at}: a new run.`);
        } else state.resume(at, line);
      }
      if (isTrain && !state.hasTrain) [state.hasTrain, state.first] = [true, at];
      state.first ??= at;
      state.clock = at;
      state.settleHeld();
    } else at += step === null ? 0 : state.offset;
    for (const point of points) {
      const placed = { ...point, step: at };
      const last = state.tags.get(point.tag)?.last ?? null;
      if (!isTrain && state.hasTrain && last !== null && at <= last) state.held.push(placed);
      else state.put(placed);
    }
    if (tokens !== null && Number.isFinite(tokens)) state.tokensAt(at, tokens);
    if (points.length > 1) compare(state, points);
  }

  private begin(key: string): RunState {
    if (this.states.length >= MOST_RUNS) {
      this.note(`There are more than ${MOST_RUNS} runs: the others are left out.`);
      const last = this.states[this.states.length - 1]!;
      this.current.set(key, last);
      return last;
    }
    const base = key === "" ? (this.options.name ?? "run") : key;
    const same = this.states.filter(({ name }) => name === base || name.startsWith(`${base} (`)).length;
    const state = new RunState(same === 0 ? base : `${base} (${same + 1})`);
    this.states.push(state);
    this.current.set(key, state);
    return state;
  }

  /** What is known now; cheap, and the columns are those of the last call, grown. */
  runs(): TrainingRun[] {
    const { lines, first } = this.broken;
    const broken =
      lines === 0
        ? []
        : [`${lines} ${lines === 1 ? "line" : "lines"} could not be read, the first is line ${first}.`];
    return this.states
      .map((state, i) => state.run(this.options, i === 0 ? [...broken, ...this.said] : []))
      .filter(({ train, valid }) => train !== null || valid !== null);
  }

  /** The log has come to its end: what was held back is placed. */
  finish(): TrainingRun[] {
    for (const state of this.states) state.settleHeld();
    return this.runs();
  }
}

/** Of a line that has loss and perplexity, or loss and bits per byte, of one split. */
function compare(state: RunState, points: readonly { name: Placed["name"]; value: number }[]): void {
  for (const { name, value } of points) {
    if (name.known || name.extra > 0) continue;
    for (const other of points) {
      if (other.name.split !== name.split) continue;
      if (other.name.unit === "perplexity" && other.value > 0) {
        if (Math.abs(Math.log(other.value) - value) < 0.01 * Math.max(1, value)) state.votes.nats++;
        else if (Math.abs(Math.log2(other.value) - value) < 0.01 * Math.max(1, value)) state.votes.bits++;
      } else if (other.name.unit === "bits-per-byte" && other.value > 0 && name.split === "valid")
        state.bytesPerToken = value / (state.votes.bits > state.votes.nats ? 1 : Math.LN2) / other.value;
    }
  }
}

function flat(fields: LogFields): LogFields {
  for (const key in fields) {
    const value = fields[key];
    if (typeof value === "object" && value !== null) return flattened(fields, "", {}, 0);
  }
  return fields;
}

function flattened(
  fields: LogFields,
  prefix: string,
  into: Record<string, unknown>,
  depth: number,
): LogFields {
  for (const [key, value] of Object.entries(fields)) {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      if (depth < DEEPEST) flattened(value as LogFields, `${prefix}${key}/`, into, depth + 1);
    } else into[`${prefix}${key}`] = value;
  }
  return into;
}

/** The points of one logged name, as they come. */
import type { CurveName } from "./names.ts";
import { firstAt, type LossUnit } from "./series.ts";

/** Nats of a number in a unit. */
function natsOf(value: number, unit: LossUnit): number {
  if (unit === "nats") return value;
  // A perplexity of 0 or less is none.
  return unit === "perplexity" ? (value > 0 ? Math.log(value) : Number.NaN) : value * Math.LN2;
}

export class TagPoints {
  readonly steps: number[] = [];
  readonly values: number[] = [];
  /** Rises whenever something but the end has changed. */
  version = 0;
  private nats: number[] = [];
  private converted: { unit: LossUnit; version: number } = { unit: "nats", version: 0 };

  readonly tag: string;
  readonly name: CurveName;

  constructor(tag: string, name: CurveName) {
    this.tag = tag;
    this.name = name;
  }

  get last(): number | null {
    return this.steps.length === 0 ? null : this.steps[this.steps.length - 1]!;
  }

  /** @returns whether the step was there already: the later number counts. */
  put(step: number, value: number): boolean {
    const { last } = this;
    if (last === null || step > last) {
      this.steps.push(step);
      this.values.push(value);
      return false;
    }
    const at = firstAt(this.steps, step);
    this.version++;
    if (this.steps[at] === step) {
      this.values[at] = value;
      return true;
    }
    this.steps.splice(at, 0, step);
    this.values.splice(at, 0, value);
    return false;
  }

  /** Forgets what is at `step` or behind it. @returns how many points that were. */
  cut(step: number): number {
    const kept = firstAt(this.steps, step);
    const gone = this.steps.length - kept;
    if (gone === 0) return 0;
    this.steps.length = kept;
    this.values.length = kept;
    this.version++;
    return gone;
  }

  /** The values as nats; the same array grows from call to call. */
  losses(unit: LossUnit): number[] {
    if (unit !== this.converted.unit || this.version !== this.converted.version) {
      this.nats = [];
      this.converted = { unit, version: this.version };
    }
    for (let i = this.nats.length; i < this.values.length; i++) this.nats.push(natsOf(this.values[i]!, unit));
    return this.nats;
  }
}

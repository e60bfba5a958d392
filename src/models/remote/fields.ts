/**
 * Checking the fields of an answer against what they must be. Fields that nobody named are let through.
 *
 * Our own, since what reads answers is part of pages and edge functions (`surprisal/openai`, `surprisal/ai-sdk`): zod/mini
 * alone is 10 kB of the 25 that they may weigh, this is 1.
 */
import { malformed } from "./failure.ts";

/** Gives back the value as what it must be, or throws a Fault. */
export type Field<Type> = (value: unknown) => Type;

/** That a value is not what it must be. It stays within this file: `readFields` makes an error of it. */
class Fault {
  /** From the answer down to the field. */
  readonly path: (string | number)[] = [];
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/**
 * @param where the server.
 * @throws SurprisalError WIRE_MALFORMED, naming the first field that is not what it must be.
 */
export function readFields<Type>(field: Field<Type>, json: unknown, where: string): Type {
  try {
    return field(json);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw malformed(`A field of the answer is wrong: ${error.message}`, `${where}, ${fieldName(error.path)}`);
  }
}

export const unknown: Field<unknown> = (value) => value;
export const string: Field<string> = (value) => (typeof value === "string" ? value : refuse("string", value));
export const boolean: Field<boolean> = (value) =>
  typeof value === "boolean" ? value : refuse("boolean", value);
/** Any double: servers in Python write NaN and Infinity. */
export const number: Field<number> = (value) => (typeof value === "number" ? value : refuse("number", value));
export const int: Field<number> = (value) => integer(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
export const count: Field<number> = (value) => integer(value, 0, Number.MAX_SAFE_INTEGER);
/** Ids are kept as 32-bit integers. */
export const tokenId: Field<number> = (value) => integer(value, 0, 2 ** 31 - 1);
export const byte: Field<number> = (value) => integer(value, 0, 255);

export function nullable<Type>(field: Field<Type>): Field<Type | null> {
  return (value) => (value === null ? null : field(value));
}

export function optional<Type>(field: Field<Type>): Field<Type | undefined> {
  return (value) => (value === undefined ? undefined : field(value));
}

export function nullish<Type>(field: Field<Type>): Field<Type | null | undefined> {
  return nullable(optional(field));
}

/** @param instead of what is not as it must be: for what is good to know and no reason to fail. */
export function fallback<Type>(field: Field<Type>, instead: Type): Field<Type> {
  return (value) => {
    try {
      return field(value);
    } catch {
      return instead;
    }
  };
}

export function array<Type>(item: Field<Type>): Field<Type[]> {
  return (value) =>
    Array.isArray(value) ? value.map((each, i) => at(i, item, each)) : refuse("array", value);
}

/** An array of two or three items. */
export function triple<A, B, C>(a: Field<A>, b: Field<B>, c: Field<C>): Field<[A, B, C]> {
  return (value) => {
    if (!Array.isArray(value)) return refuse("array", value);
    if (value.length > 3) throw new Fault("Too big: expected array to have <=3 items");
    return [at(0, a, value[0]), at(1, b, value[1]), at(2, c, value[2])];
  };
}

export function record<Type>(item: Field<Type>): Field<Record<string, Type>> {
  return (value) =>
    Object.fromEntries(Object.entries(objectOf(value)).map(([key, each]) => [key, at(key, item, each)]));
}

type Shape = Readonly<Record<string, Field<unknown>>>;
type Fields<Named extends Shape> = { [Name in keyof Named]: ReturnType<Named[Name]> };

export function object<Named extends Shape>(named: Named): Field<Fields<Named>> {
  const fields = Object.entries(named);
  return (value) => {
    const read: Record<string, unknown> = { ...objectOf(value) };
    for (const [name, field] of fields) {
      const found = at(name, field, read[name]);
      if (found !== undefined) read[name] = found;
    }
    return read as Fields<Named>;
  };
}

export function extend<Type, Named extends Shape>(
  field: Field<Type>,
  named: Named,
): Field<Type & Fields<Named>> {
  const more = object(named);
  return (value) => {
    const read = field(value);
    return { ...read, ...more(read) };
  };
}

/** The first that fits. Where none does, the fault of the one that went furthest. */
export function union<Types extends readonly unknown[]>(
  ...fields: { readonly [Index in keyof Types]: Field<Types[Index]> }
): Field<Types[number]> {
  return (value) => {
    const faults: Fault[] = [];
    for (const field of fields)
      try {
        return field(value);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        faults.push(error);
      }
    throw faults.reduce((a, b) => (b.path.length > a.path.length ? b : a));
  };
}

/** @param missing the field that is to blame where the value does not hold. Default: the value itself. */
export function refine<Type>(
  field: Field<Type>,
  holds: (value: Type) => boolean,
  missing?: string | undefined,
): Field<Type> {
  return (value) => {
    const read = field(value);
    if (holds(read)) return read;
    const fault = new Fault(missing === undefined ? "Invalid input" : "it is missing");
    if (missing !== undefined) fault.path.push(missing);
    throw fault;
  };
}

function at<Type>(key: string | number, field: Field<Type>, value: unknown): Type {
  try {
    return field(value);
  } catch (error) {
    if (error instanceof Fault) error.path.unshift(key);
    throw error;
  }
}

function integer(value: unknown, least: number, most: number): number {
  if (typeof value !== "number") return refuse("number", value);
  if (!Number.isSafeInteger(value)) return refuse("int", value);
  if (value < least) throw new Fault(`Too small: expected int to be >=${least}`);
  if (value > most) throw new Fault(`Too big: expected int to be <=${most}`);
  return value;
}

function objectOf(value: unknown): object {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value
    : refuse("object", value);
}

function refuse(expected: string, value: unknown): never {
  throw new Fault(`Invalid input: expected ${expected}, received ${kindOf(value)}`);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : Number.isNaN(value) ? "NaN" : typeof value;
}

/** `choices[0].logprobs`; the whole answer is "the answer". */
function fieldName(path: readonly (string | number)[]): string {
  const name = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`)).join("");
  return name.replace(/^\./, "") || "the answer";
}

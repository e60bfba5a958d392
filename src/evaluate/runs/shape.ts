/** What JSON from outside has to look like before it is taken for something of ours: small checks, put together. */

/**
 * Looks at a value.
 * @param at where it stands, such as "models[0].recipe": for the message.
 * @returns what is wrong, as a sentence's end; `null`: nothing.
 */
export type Shape = (value: unknown, at: string) => string | null;

const kind =
  (name: string, isIt: (value: unknown) => boolean): Shape =>
  (value, at) =>
    isIt(value) ? null : `${at} is not ${name}`;

export const text: Shape = kind("a text", (value) => typeof value === "string");
export const flag: Shape = kind("true or false", (value) => typeof value === "boolean");
/** Also Infinity, which JSON has as a text. */
export const number: Shape = kind("a number", (value) => typeof value === "number" && !Number.isNaN(value));
/** A whole number from 0 on. */
export const count: Shape = kind(
  "a whole number from 0 on",
  (value) => Number.isSafeInteger(value) && Number(value) >= 0,
);
/** Whatever has names in it. */
export const anyRecord: Shape = kind("an object", isRecord);

/** A whole number below a limit. */
export function below(limit: number, of: string): Shape {
  return kind(
    `one of ${limit} ${of}`,
    (value) => Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) < limit,
  );
}

export function oneOf(...values: readonly unknown[]): Shape {
  return kind(`one of ${values.join(", ")}`, (value) => values.includes(value));
}

export function nullable(shape: Shape): Shape {
  return (value, at) => (value === null ? null : shape(value, at));
}

/** Left out, or of that shape. */
export function optional(shape: Shape): Shape {
  return (value, at) => (value === undefined ? null : shape(value, at));
}

export function either(first: Shape, second: Shape): Shape {
  return (value, at) => (first(value, at) === null ? null : second(value, at));
}

export function list(shape: Shape): Shape {
  return (value, at) => {
    if (!Array.isArray(value)) return `${at} is not a list`;
    for (const [i, item] of value.entries()) {
      const problem = shape(item, `${at}[${i}]`);
      if (problem !== null) return problem;
    }
    return null;
  };
}

/** A list of so many values, each of its shape. */
export function tuple(...shapes: readonly Shape[]): Shape {
  return (value, at) => {
    if (!Array.isArray(value) || value.length !== shapes.length)
      return `${at} is not a list of ${shapes.length}`;
    for (const [i, shape] of shapes.entries()) {
      const problem = shape(value[i], `${at}[${i}]`);
      if (problem !== null) return problem;
    }
    return null;
  };
}

/** An object with these members of its own; others may be there, as of a newer version. */
export function record(members: Readonly<Record<string, Shape>>): Shape {
  return (value, at) => {
    if (!isRecord(value)) return `${at} is not an object`;
    for (const [name, shape] of Object.entries(members)) {
      const problem = shape(
        Object.hasOwn(value, name) ? value[name] : undefined,
        at === "" ? name : `${at}.${name}`,
      );
      if (problem !== null) return problem;
    }
    return null;
  };
}

/** An object whose members are all of one shape. */
export function mapOf(shape: Shape): Shape {
  return (value, at) => {
    if (!isRecord(value)) return `${at} is not an object`;
    for (const [name, member] of Object.entries(value)) {
      const problem = shape(member, `${at}.${name}`);
      if (problem !== null) return problem;
    }
    return null;
  };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

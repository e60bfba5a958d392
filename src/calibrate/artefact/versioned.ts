/** What is fitted is kept as JSON with the version of its form, and read with every field checked. */
import { SurprisalError } from "../../core/index.ts";
import { shapes } from "../../evaluate/runs/index.ts";
import { repeatedKey } from "../../text/index.ts";

/** A kind of file. */
export interface VersionedForm {
  /** Name and version, such as "surprisal.calibration/1": the field `schema`. */
  schema: string;
  /** Of the error for what is none. */
  code: "CALIBRATION_INVALID" | "ROUTER_INVALID" | "DETECTOR_INVALID";
  /** What it is called, such as "calibration". */
  name: string;
  wayOut: string;
  reviver: (key: string, value: unknown) => unknown;
  /** What is wrong with it, or `null`. */
  problemOf: (value: unknown) => string | null;
}

/**
 * What was fitted, from JSON. Fields that this version does not know are left as they are.
 * @param where it is from, for the error.
 * @throws SurprisalError `code`, for what is none, one of a newer form, a field twice in one object, and parameters that cannot be.
 */
export function parseVersioned(json: string, where: string, form: VersionedForm): unknown {
  const { schema, code, name, wayOut, reviver, problemOf } = form;
  const invalid = (what: string, way = wayOut, cause?: unknown) =>
    new SurprisalError({ code, what, where, wayOut: way, cause });
  let value: unknown;
  try {
    value = JSON.parse(json, reviver);
  } catch (cause) {
    throw invalid("This is no JSON", wayOut, cause);
  }
  const twice = repeatedKey(json);
  if (twice !== null) throw invalid(`The field ${JSON.stringify(twice)} is twice in one object`);
  const given = shapes.isRecord(value) ? value.schema : undefined;
  const family = schema.slice(0, schema.lastIndexOf("/") + 1);
  if (typeof given !== "string" || !given.startsWith(family) || !/^\d+$/.test(given.slice(family.length)))
    throw invalid(`The schema is not ${schema}`);
  if (given !== schema)
    throw invalid(
      `The form is ${given}, and this version of surprisal knows ${schema}`,
      `Update surprisal, or fit the ${name} again with this version.`,
    );
  const problem = problemOf(value);
  if (problem !== null) throw invalid(`A field is not what it should be: ${problem}`);
  return value;
}

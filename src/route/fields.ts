/** Shapes of fields that routers' files have in common. Internal to this room. */
import { shapes } from "../evaluate/runs/index.ts";

const { record } = shapes;

export const finite: shapes.Shape = (value, at) =>
  typeof value === "number" && Number.isFinite(value) ? null : `${at} is not a finite number`;
export const within =
  (low: number, high: number): shapes.Shape =>
  (value, at) =>
    typeof value === "number" && value >= low && value <= high ? null : `${at} is not from ${low} to ${high}`;
export const share: shapes.Shape = within(0, 1);
export const least: shapes.Shape = within(0, Number.MAX_VALUE);
export const atLeast1: shapes.Shape = (value, at) =>
  Number.isSafeInteger(value) && Number(value) >= 1 ? null : `${at} is not a whole number from 1 on`;
export const positive: shapes.Shape = within(Number.MIN_VALUE, Number.MAX_VALUE);

/** An object that has no other members than these: a parameter of another name is an error, and is not passed over. */
export const exactly =
  (members: Readonly<Record<string, shapes.Shape>>): shapes.Shape =>
  (value, at) => {
    const unknown = shapes.isRecord(value)
      ? Object.keys(value).find((key) => !Object.hasOwn(members, key))
      : undefined;
    return unknown === undefined ? record(members)(value, at) : `${at}.${unknown} is not known`;
  };

/** Members by the member `kind`. */
export function byKind(kinds: Readonly<Record<string, shapes.Shape>>): shapes.Shape {
  return (value, at) => {
    const kind = shapes.isRecord(value) ? value.kind : undefined;
    const shape = typeof kind === "string" && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
    return shape ? shape(value, at) : `${at}.kind is not one of ${Object.keys(kinds).join(", ")}`;
  };
}

import { expect, it } from "vitest";
import { InOrder } from "./in-order.ts";

it("gives things on in the order of their places, and at the end what waits", () => {
  const given: string[] = [];
  const ordered = new InOrder<string>((thing) => given.push(thing));
  ordered.skip(1);
  ordered.add(2, "c");
  ordered.add(5, "f");
  expect(given).toEqual([]);
  ordered.add(0, "a");
  expect(given).toEqual(["a", "c"]);
  ordered.add(4, "e");
  ordered.flush();
  ordered.flush();
  expect(given).toEqual(["a", "c", "e", "f"]);
});

it("gives things on out of order where more wait than may, and goes on behind them", () => {
  const given: number[] = [];
  const ordered = new InOrder<number>((thing) => given.push(thing), 2);
  for (const place of [2, 1, 3, 4]) ordered.add(place, place);
  expect(given).toEqual([1, 2, 3]);
  ordered.add(0, 0);
  expect(given).toEqual([1, 2, 3, 0, 4]);
  ordered.add(5, 5);
  expect(given.at(-1)).toBe(5);
});

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

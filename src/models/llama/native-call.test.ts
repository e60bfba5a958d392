import { expect, it } from "vitest";
import { call } from "./native-call.ts";

it("has so many calls under way at once, in order, and goes on after one that fails", async () => {
  let [now, most] = [0, 0];
  const begun: number[] = [];
  const one = (i: number) =>
    call<number>((done) => {
      begun.push(i);
      most = Math.max(most, ++now);
      setImmediate(() => {
        now--;
        done(i % 3 === 0 ? new Error(`${i}`) : null, i);
      });
    });
  const results = await Promise.allSettled(Array.from({ length: 1000 }, (_, i) => one(i)));
  expect(most).toBeLessThanOrEqual(64); // koffi refuses more than 256, whoever makes them
  expect(begun).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  expect(results.filter(({ status }) => status === "rejected")).toHaveLength(334);
  expect(await one(1)).toBe(1);
});

it("gives its place back when a call cannot even be made", async () => {
  const fails = () =>
    call(() => {
      throw new TypeError("no such function");
    });
  await Promise.all(Array.from({ length: 200 }, () => expect(fails()).rejects.toThrow(TypeError)));
  expect(await call<number>((done) => done(null, 7))).toBe(7);
});

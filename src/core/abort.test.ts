import { getEventListeners } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { firstOf, whenAborted } from "./abort.ts";

it("has one listener for many calls, and none when all are called off", () => {
  const { signal } = new AbortController();
  const off = Array.from({ length: 1000 }, () => whenAborted(signal, () => {}));
  expect(getEventListeners(signal, "abort")).toHaveLength(1);
  for (const callOff of off) callOff();
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
  whenAborted(signal, () => {});
  expect(getEventListeners(signal, "abort")).toHaveLength(1);
});

it("calls those that were not called off, once each, in order", () => {
  const controller = new AbortController();
  const called: string[] = [];
  whenAborted(controller.signal, () => called.push("a"));
  whenAborted(controller.signal, () => called.push("b"))();
  const same = vi.fn();
  whenAborted(controller.signal, same);
  whenAborted(controller.signal, same);
  controller.abort();
  controller.abort();
  expect(called).toEqual(["a"]);
  expect(same).toHaveBeenCalledTimes(2);
  whenAborted(controller.signal, () => called.push("late"));
  expect(called).toEqual(["a"]);
});

describe("the first of several signals", () => {
  it("aborts with the reason of the first, and only once", () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const { signal } = firstOf(one.signal, undefined, other.signal);
    expect(signal.aborted).toBe(false);
    other.abort("late");
    one.abort("later");
    expect(signal.reason).toBe("late");
    expect(firstOf(one.signal, new AbortController().signal).signal.reason).toBe("later");
    expect(firstOf(undefined, one.signal).signal).toBe(one.signal);
  });

  it("leaves nothing behind where it was let go", () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const all = Array.from({ length: 1000 }, () => firstOf(one.signal, other.signal));
    expect(getEventListeners(one.signal, "abort")).toHaveLength(1);
    for (const { letGo } of all) letGo();
    expect(getEventListeners(one.signal, "abort")).toHaveLength(0);
    one.abort();
    expect(all.some(({ signal }) => signal.aborted)).toBe(false);
  });
});

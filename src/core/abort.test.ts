import { getEventListeners } from "node:events";
import { expect, it, vi } from "vitest";
import { whenAborted } from "./abort.ts";

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

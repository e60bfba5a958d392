import { getEventListeners } from "node:events";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type Turn, Turns } from "./turns.ts";

const never = new AbortController().signal;
const closed = () => {
  throw new Error("closed");
};
const turns = (most = 4, patienceMs = 60_000) => {
  const made = new Turns({ places: 2, most, patienceMs });
  return (signal?: AbortSignal, closing = never) => made.enter(signal, closing, closed);
};

describe("turns", () => {
  it("are taken by so many at once, and go on in the order of coming", async () => {
    const enter = turns();
    const order: number[] = [];
    let [now, most] = [0, 0];
    const work = async (i: number) => {
      const turn = await enter();
      order.push(i);
      most = Math.max(most, ++now);
      await nextTurn();
      now--;
      turn.leave();
      turn.leave(); // counts once
    };
    await Promise.all(Array.from({ length: 50 }, (_, i) => work(i)));
    expect(most).toBe(2);
    expect(order).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  it("are not waited for when nobody reads on, up to a number of them", async () => {
    const enter = turns(4);
    const held: Turn[] = [];
    for (let i = 0; i < 4; i++) {
      const turn = await enter(); // each needs the next one
      turn.pause();
      held.push(turn);
    }
    let fifth: Turn | null = null;
    const waiting = enter().then((turn) => {
      fifth = turn;
    });
    await sleep(20);
    expect(fifth).toBe(null);
    held[0]!.leave(); // of the others none works
    await waiting;
    expect(fifth).not.toBe(null);
  });

  it("are refused with a code when nobody reads on for long", async () => {
    const enter = turns(2, 50);
    for (const turn of [await enter(), await enter()]) turn.pause();
    const [first, second] = [enter(), enter()];
    const code = { code: "TOO_MANY_CALLS", what: expect.stringMatching(/^2 calls .* 2 more wait$/) };
    await Promise.all([
      expect(first).rejects.toMatchObject(code),
      expect(second).rejects.toMatchObject(code),
    ]);
  });

  it("are waited for as long as one works, however long it takes", async () => {
    const enter = turns(2, 20);
    const [slow, other] = [await enter(), await enter()];
    other.pause();
    const waiting = enter();
    await sleep(100);
    slow.leave();
    other.resume();
    expect(await waiting).toBeDefined();
  });

  it("end with the signal, with the model, and leave no listener", async () => {
    const [stop, close] = [new AbortController(), new AbortController()];
    const enter = turns();
    const held = [await enter(), await enter()];
    const aborted = Array.from({ length: 500 }, () => enter(stop.signal, close.signal));
    const kept = enter(undefined, close.signal);
    expect(getEventListeners(stop.signal, "abort")).toHaveLength(1);
    stop.abort();
    for (const each of aborted) await expect(each).rejects.toMatchObject({ code: "ABORTED" });
    close.abort();
    await expect(kept).rejects.toThrow("closed");
    expect(getEventListeners(close.signal, "abort")).toHaveLength(0);
    await expect(enter(AbortSignal.abort())).rejects.toMatchObject({ code: "ABORTED" });
    for (const turn of held) turn.leave();
    const again = await Promise.all([enter(), enter()]);
    expect(again).toHaveLength(2);
  });
});

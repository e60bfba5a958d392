import { describe, expect, it } from "vitest";
import { SurprisalError } from "../../core/index.ts";
import { Places } from "./places.ts";

const make = (places: number, progress = () => 0, patienceMs = 5, busy = () => false) =>
  new Places({
    places,
    progress,
    busy,
    patienceMs,
    full: (all) => new SurprisalError({ code: "TOO_MANY_SEQUENCES", what: `all ${all} are taken` }),
  });
const settled = (promise: Promise<unknown>) => promise.then(() => "in").catch(({ code }) => code as string);

describe("Places", () => {
  it("lets those who wait in as they came, and refuses those who do not", async () => {
    const places = make(1, undefined, 1e6);
    await places.enter({});
    expect(await settled(places.enter({}))).toBe("TOO_MANY_SEQUENCES");
    const order: number[] = [];
    const stop = new AbortController();
    const waiting = [1, 2, 3].map(async (i) => {
      await places.enter({ whenFull: "wait", signal: i === 2 ? stop.signal : undefined });
      order.push(i);
    });
    const ended = waiting.map(settled);
    stop.abort();
    expect(await settled(places.enter({ whenFull: "wait", signal: stop.signal }))).toBe("ABORTED");
    places.leave();
    places.leave();
    expect(await Promise.all(ended)).toEqual(["in", "ABORTED", "in"]);
    expect(order).toEqual([1, 3]);
    places.leave();
    await places.enter({});
  });

  it("lets nobody wait for ever where nothing goes on, and as long as something does", async () => {
    let decodes = 0;
    const places = make(1, () => (decodes++ < 20 ? decodes : 20));
    await places.enter({});
    expect(await settled(places.enter({ whenFull: "wait" }))).toBe("TOO_MANY_SEQUENCES");
    expect(decodes).toBeGreaterThan(20);
    const closed = settled(places.enter({ whenFull: "wait" }));
    places.close(new SurprisalError({ code: "MODEL_DISPOSED", what: "gone" }));
    expect(await closed).toBe("MODEL_DISPOSED");
  });

  it("lets those wait on who wait for one thing that takes long", async () => {
    let looks = 0;
    const places = make(1, undefined, 1, () => looks++ < 5);
    await places.enter({});
    expect(await settled(places.enter({ whenFull: "wait" }))).toBe("TOO_MANY_SEQUENCES");
    expect(looks).toBe(6);
  });
});

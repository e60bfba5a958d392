/** Fitted routers as what the harness asks. */
import { type CarArtefact, decideCar } from "../car/index.ts";
import { type CascadeArtefact, decideCascade } from "../cascade/index.ts";
import type { RouteRecord } from "../records.ts";
import type { Route } from "./columns.ts";

/** Where a CAR router sends a recorded question. */
export function carRoute(
  artefact: CarArtefact,
  [short, long]: readonly [short: string, long: string] = ["short", "long"],
): (record: RouteRecord) => Route {
  return (record) => {
    const { path } = decideCar(artefact, record.paths[short]?.signals ?? {});
    return path === "short" ? { path: short, tried: [short] } : { path: long, tried: [short, long] };
  };
}

/** Where a cascade sends a recorded question, without a budget. A model that is missing in the record counts as one that failed. */
export function cascadeRoute(artefact: CascadeArtefact): (record: RouteRecord) => Route {
  return (record) => {
    const names = artefact.steps.map(({ name }) => name);
    const failed = new Set(names.filter((name) => record.paths[name] === undefined));
    let model = names.find((name) => !failed.has(name)) ?? names[0]!;
    const tried = [model];
    for (;;) {
      const signals = record.paths[model]?.signals ?? {};
      const { next } = decideCascade(artefact, { model, signals, failed });
      if (next === null) return { path: model, tried };
      model = next;
      tried.push(model);
    }
  };
}

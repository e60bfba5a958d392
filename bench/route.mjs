/** Deciding where a question goes: microseconds, beside the tenths of a second that an answer takes. */
import { car, cascade, parseRouter, routerText } from "../dist/entries/route.js";
import { row, send } from "./_shared.mjs";

let state = 1;
/** Park & Miller's generator: the records are the same on every run. */
const random = () => {
  state = (state * 16807) % 2147483647;
  return state / 2147483647;
};
const records = Array.from({ length: 2000 }, (_, i) => {
  const nll = random();
  return {
    id: `${i}`,
    paths: {
      short: { correct: random() < 1 - nll, tokens: 3, signals: { nll } },
      long: { correct: random() < 0.9, tokens: 30, signals: { nll: nll / 2 } },
    },
  };
});
const steps = [
  { name: "short", price: { written: 1 } },
  { name: "long", price: { written: 5 } },
];
const routers = {
  "CAR, logistic": car.fit(records),
  "CAR, isotonic": car.fit(records, { posterior: "isotonic" }),
  "CAR, as published": car.fit(records, { mode: "faithful" }),
};

const N = 100_000;
const microseconds = (decide) => {
  for (let i = 0; i < N / 10; i++) decide(random());
  const start = performance.now();
  for (let i = 0; i < N; i++) decide(random());
  return (1000 * (performance.now() - start)) / N;
};
const { artefact } = cascade.fit(records, { steps });
const read = cascade.from(parseRouter(routerText(artefact), "bench"));
send([
  ...Object.entries(routers).map(([name, router]) =>
    row(
      `deciding, ${name}, µs`,
      microseconds((nll) => router.route({ nll })),
      "<=",
      50,
    ),
  ),
  row(
    "deciding, a cascade of two, µs",
    microseconds((nll) => read.decide("short", { nll })),
    "<=",
    50,
  ),
]);

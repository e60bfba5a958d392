/** (b) Demonstrations with fewer and fewer steps: by SPIRIT, by chance, shortest first. */
import { refineDemonstrations, stepGraph, substituteStep } from "surprisal/refine";
import { seeded } from "./numbers.mjs";
import { chainsOf } from "./patterns.mjs";
import { chainOf, FORMS } from "./prompts.mjs";

/** The ways of SPIRIT-FS that are compared. */
export const WAYS = {
  spirit: { title: "SPIRIT-FS, no reference left dangling (default)", options: { thresholds: undefined } },
  removal: {
    title: "SPIRIT-FS, any step may go",
    options: { dangling: "allow", substitute: false },
  },
};

/** Demonstrations and calibration questions of a task, as chains. */
export function setOf(name, { demonstrations, calibration, seed, form, difficulty }) {
  const drawn = (split, count) =>
    chainsOf(name, { split, count, seed, difficulties: [difficulty] }).map((each) =>
      chainOf(each, each.steps, form),
    );
  return { demonstrations: drawn("train", demonstrations), calibration: drawn("valid", calibration) };
}

/** One round after the other down to one step; every round's row is handed over as soon as it is there. */
export async function refine(model, set, way, form, onRound) {
  const { instruction, between } = FORMS[form];
  const refined = await refineDemonstrations(model, set, {
    ...WAYS[way].options,
    ...{ instruction, between, stop: { steps: 1 }, onRound },
  });
  return refined;
}

/**
 * The chains after some rounds: the steps that went are gone, and where they were put into others, those are written so. What the
 * library does itself, made again here for the sets between the first and the last.
 */
export function after(chains, rounds) {
  const places = chains[0].steps.map((_, i) => i);
  const texts = chains.map(({ steps }) => steps.map(({ text }) => text));
  for (const { step, kind } of rounds) {
    const place = places.indexOf(step);
    places.splice(place, 1);
    for (const [c, own] of texts.entries()) {
      if (kind === "substituted")
        for (const [i, text] of substituteStep(own, place, stepGraph(own, { given: chains[c].prompt })) ?? [])
          own[i] = text;
      own.splice(place, 1);
    }
  }
  return chains.map((chain, c) => ({
    ...chain,
    steps: texts[c].map((text) => ({ text, separator: "\n", kind: "text" })),
  }));
}

/** Which steps are left by chance, or without the shortest ones. Numbers from 0, in order. */
export function keptBy(way, chains, steps, draw, seed) {
  const count = chains[0].steps.length;
  if (way === "full") return chains[0].steps.map((_, i) => i);
  const lengths = chains[0].steps.map((_, i) =>
    chains.reduce((sum, chain) => sum + chain.steps[i].text.length, 0),
  );
  const random = seeded(seed * 1000 + steps * 16 + draw);
  const keys = way === "shortest" ? lengths : lengths.map(() => random());
  const order = lengths.map((_, i) => i).sort((a, b) => keys[b] - keys[a]);
  return order
    .slice(0, steps)
    .sort((a, b) => a - b)
    .filter((i) => i < count);
}

/** The chains with these steps alone. */
export const only = (chains, kept) =>
  chains.map((chain) => ({ ...chain, steps: kept.map((i) => chain.steps[i]) }));

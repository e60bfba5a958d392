/** What the file of a PAQ router has to look like. Internal to this room. */
import { shapes } from "../../evaluate/runs/index.ts";
import { atLeast1, byKind, exactly, finite, least, positive, share } from "../fields.ts";
import { identityShape, levelName } from "../levels.ts";
import type { PaqArtefact } from "./artefact.ts";

const { count, list, mapOf, nullable, oneOf, optional, record, text } = shapes;

const named = record({ name: text, sha256: nullable(text) });

/** Members of a PAQ router, beside what all routers have. */
export const paqShape: shapes.Shape = record({
  levels: list(record({ name: text, identity: nullable(identityShape) })),
  tau: least,
  qualityBound: nullable(least),
  labels: mapOf(share),
  features: record({ name: text, dimensions: atLeast1, identity: nullable(named) }),
  costs: exactly({ under: positive, over: positive }),
  head: record({
    means: list(finite),
    scales: list(positive),
    weights: list(finite),
    levels: list(
      record({
        name: text,
        curve: nullable(exactly({ threshold: finite, slope: least, intercept: finite })),
        adequate: count,
        inadequate: count,
      }),
    ),
    penalty: positive,
  }),
  goal: byKind({
    probability: exactly({ kind: oneOf("probability"), atLeast: share }),
    risk: exactly({ kind: oneOf("risk"), risk: share, delta: optional(share) }),
  }),
  point: record({
    probability: nullable(share),
    n: count,
    groups: count,
    shares: mapOf(share),
    inadequate: share,
    upperBound: nullable(share),
    test: nullable(oneOf("binomial", "hoeffding-bentkus")),
  }),
  reconstructed: list(text),
});

/** What shapes do not tell; `null`: nothing is amiss. */
export function paqFault({ levels, features, head, labels, point }: PaqArtefact): string | null {
  const names = levels.map(({ name }) => name);
  const bits = names.map((name) => Number.parseInt(name, 10));
  if (names.length < 2 || !names.every((name, i) => name === levelName(bits[i]!)))
    return "levels are not two at least, of names such as 4-bit";
  if (!bits.every((each, i) => i === 0 || each > bits[i - 1]!)) return "levels do not rise in bits";
  for (const part of ["means", "scales", "weights"] as const)
    if (head[part].length !== features.dimensions) return `head.${part} are not features.dimensions many`;
  if (head.levels.map(({ name }) => name).join("\n") !== names.slice(0, -1).join("\n"))
    return "head.levels are not all levels but the top one";
  const thresholds = head.levels.flatMap(({ curve }) =>
    curve !== null && curve.slope > 0 ? curve.threshold : [],
  );
  if (!thresholds.every((each, i) => i === 0 || each >= thresholds[i - 1]! - 1e-6)) return "thresholds fall";
  for (const [where, shares] of Object.entries({ labels, "point.shares": point.shares })) {
    const sum = names.reduce(
      (all, name) => all + (Object.hasOwn(shares, name) ? shares[name]! : Number.NaN),
      0,
    );
    if (Object.keys(shares).length !== names.length || !(Math.abs(sum - 1) < 1e-6))
      return `${where} are not a share for each level`;
  }
  return null;
}

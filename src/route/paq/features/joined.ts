/** Several sources as one. */
import { invalidArgument } from "../../../core/index.ts";
import type { PaqFeatures, PaqVector } from "./contract.ts";

/**
 * Vectors behind each other: `paq.joined([paq.encoder(model), paq.statistics()])` is "encoder+statistics".
 * @throws SurprisalError INVALID_ARGUMENT for none, one twice, and two models: a router is bound to one.
 */
export function joinedFeatures(sources: readonly PaqFeatures[]): PaqFeatures {
  const models = sources.filter(({ identity }) => identity !== null);
  if (
    sources.length === 0 ||
    new Set(sources.map(({ name }) => name)).size < sources.length ||
    models.length > 1
  )
    throw invalidArgument(
      `These cannot be one source: ${sources.map(({ name }) => name).join(", ") || "none"}`,
      "sources",
      "Give each once, and no more than one with a model.",
    );
  const dimensions = sources.reduce((sum, source) => sum + source.dimensions, 0);
  return {
    name: sources.map(({ name }) => name).join("+"),
    dimensions,
    identity: models[0]?.identity ?? null,
    async of(prompts, options = {}) {
      const parts: PaqVector[][] = [];
      for (const source of sources)
        parts.push(await source.of(prompts, source === sources[0] ? options : { signal: options.signal }));
      return prompts.map((_, i) => {
        const vector = new Float32Array(dimensions);
        let [at, ms, leftOut] = [0, 0, 0];
        for (const part of parts) {
          vector.set(part[i]!.vector, at);
          at += part[i]!.vector.length;
          ms += part[i]!.ms;
          leftOut = Math.max(leftOut, part[i]!.leftOut);
        }
        return { vector, ms, leftOut };
      });
    },
  };
}

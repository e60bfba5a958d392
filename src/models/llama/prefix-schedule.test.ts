import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PathOwners, schedulePrefixes } from "./prefix-schedule.ts";

/** The prefix tree, built the obvious way: the set of all distinct prefixes. */
function distinctPrefixes(sequences: Int32Array[]): number {
  const prefixes = new Set<string>();
  for (const sequence of sequences)
    for (let length = 1; length <= sequence.length; length++)
      prefixes.add(sequence.subarray(0, length).join());
  return prefixes.size;
}

const sequences = fc
  .array(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 9 }), {
    minLength: 1,
    maxLength: 14,
  })
  .map((lists) => lists.map((list) => Int32Array.from(list)));

describe("schedulePrefixes", () => {
  it("runs as many tokens as the prefix tree has nodes", () => {
    fc.assert(
      fc.property(
        sequences,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 5 }),
        (list, tokens, segments) => {
          expect(schedulePrefixes(list, tokens, segments).tokens).toBe(distinctPrefixes(list));
        },
      ),
    );
  });

  it("keeps to the limits of a batch", () => {
    fc.assert(
      fc.property(
        sequences,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 5 }),
        (list, tokens, segments) => {
          for (const batch of schedulePrefixes(list, tokens, segments).batches) {
            expect(batch.segments.length).toBeLessThanOrEqual(segments);
            expect(batch.segments.reduce((sum, { from, to }) => sum + to - from, 0)).toBeLessThanOrEqual(
              tokens,
            );
          }
        },
      ),
    );
  });

  it("gives every token its whole past, from what is kept and what the batch holds", () => {
    fc.assert(
      fc.property(
        sequences,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 5 }),
        (list, tokens, segments) => {
          const { order, batches } = schedulePrefixes(list, tokens, segments);
          let trunk = "";
          for (const { keep, segments } of batches) {
            trunk = trunk.slice(0, keep);
            const inBatch = new Set<string>();
            let last = "";
            for (const { path, from, to, inherited } of segments) {
              const path_ = list[order[path]!]!.join("");
              expect(inherited).toBeLessThanOrEqual(trunk.length);
              expect(path_.slice(0, inherited)).toBe(trunk.slice(0, inherited));
              for (let position = inherited; position < from; position++)
                expect(inBatch).toContain(path_.slice(0, position + 1));
              for (let position = from; position < to; position++) inBatch.add(path_.slice(0, position + 1));
              last = path_.slice(0, to);
            }
            trunk = last;
          }
        },
      ),
    );
  });

  it("shares a long context among many continuations", () => {
    const context = Array.from({ length: 600 }, (_, i) => i);
    const list = Array.from({ length: 200 }, (_, i) =>
      Int32Array.from([...context, ...Array(19).fill(1000 + i)]),
    );
    expect(schedulePrefixes(list, 512, 255).tokens).toBe(600 + 200 * 19);
  });
});

describe("PathOwners", () => {
  it("names the first path that has the same beginning", () => {
    fc.assert(
      fc.property(sequences, (list) => {
        const { order, shared } = schedulePrefixes(list, 8, 4);
        const owners = new PathOwners();
        for (let p = 0; p < order.length; p++) {
          const tokens = list[order[p]!]!;
          owners.visit(p, shared[p]!, tokens.length);
          for (let position = 0; position < tokens.length; position++) {
            const prefix = tokens.subarray(0, position + 1).join();
            const first = order.findIndex((s) => list[s]!.subarray(0, position + 1).join() === prefix);
            expect(owners.owner(position)).toBe(first);
          }
        }
      }),
    );
  });
});

/** Packed files that are damaged or forged: an error each, or the right bytes; and every chunk that is whole is salvaged. */
import { seededRandom } from "../../src/core/index.ts";
import { packedParts, tryMutation } from "../packed-mutations.ts";
import { attack } from "./attack.ts";

/** What may be held more at the end than after the first hundred, MiB: an instance of bytes mode takes 64. */
const MOST_RISE = 300;
const WARM_UP = 100;

attack({
  name: "packed",
  short: 10_000,
  long: 100_000,
  async *trials({ count, seed }) {
    const parts = await packedParts();
    let held = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const { refused, name, wrong } = await tryMutation(parts, seededRandom(seed * 1_000_003 + i));
      const detail = `--seed ${seed}, trial ${i + 1}, ${name}`;
      const { rss } = process.memoryUsage();
      if (i === WARM_UP) held = rss;
      if (wrong) yield { verdict: "wrong", detail: `${detail}: ${wrong}` };
      else if (rss - held > MOST_RISE * 2 ** 20)
        yield { verdict: "crashed", detail: `${detail}: ${(rss / 2 ** 20).toFixed(0)} MiB are held` };
      else yield { verdict: refused ? "refused" : "held", detail };
    }
  },
});

/** The child of trial.ts: loads one file, decodes a few tokens, says that it lived, and ends. */
import koffi from "koffi";
import { inspectGguf } from "../gguf/index.ts";
import { LlamaContext } from "./context.ts";
import { loadLlamaLibrary } from "./library.ts";
import { Lifetime } from "./lifetime.ts";
import { loadWeights } from "./load-weights.ts";
import { placeModel } from "./placement.ts";
import type { TrialOrder } from "./trial.ts";

/** Positions, sequences and tokens of the trial: a batch of several sequences, then single tokens, as scoring does. */
const CELLS = 512;
const SEQUENCES = 4;
const TOKENS = 24;

process.once("message", (order: TrialOrder) => {
  leaveNoCore();
  // An error has words, and the parent meets it by itself: what counts here is to live.
  tryModel(order).then(finish, finish);
});
process.once("disconnect", () => process.exit(1)); // the parent is gone
process.send?.("ready");

function finish(): void {
  process.send?.("finished", () => process.exit(0));
}

async function tryModel({ path, load, ...library }: TrialOrder): Promise<void> {
  const file = await inspectGguf(path);
  const engine = loadLlamaLibrary(library);
  const placement = placeModel({ ...load, device: "cpu" }, engine, file);
  const model = await loadWeights(engine, path, placement, { ...load, mmap: true });
  const lifetime = new Lifetime();
  const shape = {
    cells: CELLS,
    sequences: SEQUENCES,
    rowLength: Math.max(1, file.vocabularySize),
    output: "logits" as const,
  };
  const context = await LlamaContext.create(engine.functions, model, shape, placement.context, lifetime);
  const id = (at: number) => (at * 7919) % shape.rowLength;
  for (let at = 0; at < TOKENS && context.room > 0; at++) {
    context.add(id(at), Math.floor(at / SEQUENCES), [at % SEQUENCES], true);
  }
  await lifetime.run(() => context.decode());
  context.add(id(TOKENS), Math.ceil(TOKENS / SEQUENCES), [0], true);
  await lifetime.run(() => context.decode());
}

/** What dies here is meant to: no core file of the model's size is left behind for it. */
function leaveNoCore(): void {
  if (process.platform !== "linux") return;
  const PR_SET_DUMPABLE = 4;
  koffi.load(null).func("int prctl(int option, ulong a, ulong b, ulong c, ulong d)")(
    PR_SET_DUMPABLE,
    0,
    0,
    0,
    0,
  );
}

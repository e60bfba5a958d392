/** The child of trial.ts: loads one file, decodes a few tokens, says that it lived, and ends. */
import { inspectGguf, isEncoder } from "../gguf/index.ts";
import { listen, tell } from "./child-side.ts";
import { LlamaContext } from "./context.ts";
import { loadLlamaLibrary } from "./library.ts";
import { Lifetime } from "./lifetime.ts";
import { loadWeights } from "./load-weights.ts";
import { placeModel } from "./placement.ts";
import { FINISHED, type TrialOrder } from "./trial.ts";

/** Positions, sequences and tokens of the trial: a batch of several sequences, then single tokens, as scoring does. */
const CELLS = 512;
const SEQUENCES = 4;
const TOKENS = 24;

listen<TrialOrder>((order) => {
  // An error has words, and the parent meets it by itself: what counts here is to live.
  tryModel(order).then(finish, finish);
});

function finish(): void {
  tell(FINISHED, () => process.exit(0));
}

async function tryModel({ path, load, ...library }: TrialOrder): Promise<void> {
  const file = await inspectGguf(path);
  const engine = loadLlamaLibrary(library);
  const placement = placeModel({ ...load, device: "cpu" }, engine, file);
  const model = await loadWeights(engine, path, placement, { ...load, mmap: true });
  const lifetime = new Lifetime();
  const encodes = isEncoder(file);
  const shape = {
    cells: CELLS,
    sequences: SEQUENCES,
    rowLength: Math.max(1, encodes ? engine.functions.llama_model_n_embd_out(model) : file.vocabularySize),
    output: encodes ? ("embeddings" as const) : ("logits" as const),
  };
  const context = await LlamaContext.create(engine.functions, model, shape, placement.context, lifetime);
  const id = (at: number) => (at * 7919) % Math.max(1, file.vocabularySize);
  for (let at = 0; at < TOKENS && context.room > 0; at++) {
    context.add(id(at), Math.floor(at / SEQUENCES), [at % SEQUENCES], true);
  }
  await lifetime.run(() => context.decode());
  if (encodes) return; // it keeps nothing to go on from
  context.add(id(TOKENS), Math.ceil(TOKENS / SEQUENCES), [0], true);
  await lifetime.run(() => context.decode());
}

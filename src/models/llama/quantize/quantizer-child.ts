/** The child of quantizer.ts: carries out its orders, which are of one model, one after the other. */
import { SurprisalError } from "../../../core/index.ts";
import { listen, tell } from "../child-side.ts";
import { readImatrix } from "./imatrix.ts";
import { NativeQuantizer, type QuantizeOrder } from "./native.ts";
import type { QuantizeChildOrder, QuantizeChildWord, ToldError } from "./quantizer.ts";

const say = (word: QuantizeChildWord): void => tell(word);
let quantizer: Promise<NativeQuantizer> | null = null;

listen<QuantizeChildOrder>(({ output, ...order }) => {
  quantizer ??= prepare(order);
  quantizer
    .then((native) => native.run(output, (piece) => say({ piece })))
    .then((status) => say({ status }))
    .catch((error: unknown) => say({ error: told(error) }));
});

async function prepare(order: QuantizeOrder): Promise<NativeQuantizer> {
  const { imatrix } = order;
  const matrix = imatrix && (await readImatrix(imatrix.path, imatrix.mostBytes));
  return new NativeQuantizer(order, matrix && { ...matrix, file: imatrix.file });
}

function told(error: unknown): ToldError {
  if (!SurprisalError.isInstance(error))
    return { code: "INTERNAL", what: String(error), where: undefined, wayOut: undefined };
  const { code, what, where, wayOut } = error;
  return { code, what, where, wayOut };
}

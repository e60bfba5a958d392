/** What can be known before a quantisation: that it would fail, end the process, or make what nobody wants. */
import { SurprisalError } from "../../../core/index.ts";
import { formatBytes, formatPlural } from "../../../text/index.ts";
import { isQuantised, tensorTypeNamed } from "../../gguf/index.ts";
import type { ImportanceMatrix } from "./imatrix.ts";
import type { PlannedTensor, QuantizePlan, UnfitTensor } from "./plan.ts";

export interface PlanChecks {
  input: string;
  allowRequantize: boolean;
  allowLarger: boolean;
  imatrix: ImportanceMatrix | null;
}

/** @throws SurprisalError QUANTIZE_REFUSED */
export function checkPlan(plan: QuantizePlan, given: PlanChecks): void {
  checkRows(plan, given);
  checkImatrix(plan, given);
  checkRequantised(plan, given);
  checkSize(plan, given);
}

function refused(what: string, where: string, wayOut: string): SurprisalError {
  return new SurprisalError({ code: "QUANTIZE_REFUSED", what, where, wayOut });
}

const changing = ({ tensors }: QuantizePlan): PlannedTensor[] =>
  tensors.filter(({ from, to }) => from !== to);

function checkRequantised(plan: QuantizePlan, { input, allowRequantize }: PlanChecks): void {
  const twice = changing(plan).filter(({ from }) => isQuantised(from));
  if (allowRequantize || twice.length === 0) return;
  const types = [...new Set(twice.map(({ from }) => from))].join(", ");
  throw refused(
    `${formatPlural(twice.length, "tensor")} of this model ${twice.length === 1 ? "is" : "are"} quantised already (${types}): ${twice.some(({ to }) => isQuantised(to)) ? "quantised again, the weights lose twice" : `as ${plan.type} they would be no better`}`,
    input,
    "Start from the F16, BF16 or F32 file of the model; or say that it is meant, with --allow-requantize (allowRequantize: true).",
  );
}

function checkSize(plan: QuantizePlan, { input, allowLarger }: PlanChecks): void {
  if (allowLarger || plan.bytes <= plan.bytesBefore) return;
  throw refused(
    `As ${plan.type} the weights take ${formatBytes(plan.bytes)}, more than the ${formatBytes(plan.bytesBefore)} they take now, and no digit is gained`,
    input,
    "Choose a smaller format; or say that it is meant, with --allow-larger (allowLarger: true).",
  );
}

/** Types given by hand are used without a look at the rows, and llama.cpp then ends the process. */
function checkRows(plan: QuantizePlan, { input }: PlanChecks): void {
  for (const { name, shape, to } of changing(plan)) {
    const { blockSize = 1 } = tensorTypeNamed(to) ?? {};
    if (shape[0]! % blockSize === 0) continue;
    throw unfitRows(input, { tensor: name, wanted: to, columns: shape[0]!, blockSize });
  }
}

/** A tensor that cannot have the type it should, and no other is known for it. */
export function unfitRows(
  input: string,
  { tensor, wanted, columns, blockSize }: UnfitTensor,
): SurprisalError {
  return refused(
    `${tensor} cannot be ${wanted}: its rows of ${columns} weights are no multiple of ${blockSize}`,
    input,
    "Give it another type (--tensor-type, tensorTypes), or choose another format.",
  );
}

const EMBEDDINGS = new Set(["token_embd.weight", "per_layer_token_embd.weight"]);
/** llama.cpp refuses these without an importance matrix (`tensor_requires_imatrix`), but for embeddings and output. */
const NEED_IMATRIX = new Set(["IQ3_XXS", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ1_M", "IQ1_S"]);
/** ggml ends the process when these lack one, whatever the tensor is (`ggml_quantize_requires_imatrix`). */
const CANNOT_WITHOUT = new Set(["IQ2_XXS", "IQ2_XS", "IQ1_S"]);

function needsImatrix({ name, to }: PlannedTensor, fileType: string): boolean {
  if (CANNOT_WITHOUT.has(to)) return true;
  if (EMBEDDINGS.has(name) || name === "output.weight") return false;
  return NEED_IMATRIX.has(to) || (to === "Q2_K" && fileType === "Q2_K_S");
}

function checkImatrix(plan: QuantizePlan, { input, imatrix }: PlanChecks): void {
  const lacking: PlannedTensor[] = [];
  for (const tensor of changing(plan)) {
    const entry = imatrix?.entries.get(tensor.name);
    const expected = tensor.shape[0]! * (tensor.shape[2] ?? 1);
    const fits = entry?.length === expected;
    if (entry && !fits && !EMBEDDINGS.has(tensor.name))
      throw refused(
        `The importance matrix has ${entry.length} values for ${tensor.name}, which needs ${expected}: it is of another model`,
        imatrix!.file,
        "Give the one that was made with this model.",
      );
    if (!fits && needsImatrix(tensor, plan.type)) lacking.push(tensor);
  }
  const [first] = lacking;
  if (!first) return;
  const more = lacking.length > 1 ? ` and ${lacking.length - 1} more` : "";
  throw refused(
    imatrix
      ? `The importance matrix has no entry for ${first.name}${more}, and ${first.to} without one is garbage`
      : `${first.name}${more} would become ${first.to}, which is garbage without an importance matrix`,
    imatrix?.file ?? input,
    "Give one with --imatrix FILE (imatrix), made with `llama-imatrix` from this model; or choose a format of more bits.",
  );
}

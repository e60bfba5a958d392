/** Writing a model with fewer bits per weight, by llama.cpp's own arithmetic. */
export type { PlannedTensor, QuantizePlan, TensorFallback } from "./plan.ts";
export {
  planQuantize,
  type QuantizeOptions,
  type QuantizeReport,
  quantize,
  quantizedFiles,
} from "./quantize.ts";

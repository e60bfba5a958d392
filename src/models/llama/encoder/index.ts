/** Encoders in this process. */
export { type EncoderLoadOptions, LlamaEncoder } from "./model.ts";

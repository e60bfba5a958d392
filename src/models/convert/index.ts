/** Models as they are published elsewhere, made into GGUF files. */
export {
  type ConvertedModel,
  type ConvertedType,
  convertSentenceEncoder,
  MOST_TOKENS_KEY,
  SENTENCE_ENCODER_FILES,
} from "./bert.ts";

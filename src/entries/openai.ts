/** `surprisal/openai`: perplexity of what the official `openai` client returns. */
export {
  type MeterAnswerOptions,
  type Metered,
  type MeteredAnswer,
  type MeteredEnd,
  meter,
} from "../models/openai-client/index.ts";

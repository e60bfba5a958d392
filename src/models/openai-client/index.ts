/** `surprisal/openai`: perplexity of what the official `openai` client returns. */
export type { MeteredEnd } from "../metered/index.ts";
export { type MeterAnswerOptions, type Metered, type MeteredAnswer, meter } from "./meter.ts";

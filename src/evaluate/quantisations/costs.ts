/** What a model costs on this machine: speeds of one sequence alone, and memory. */
import type { LanguageModel } from "../../models/index.ts";

/** `null` = not measured. */
export interface ModelCosts {
  /** Tokens per second of one sequence, reading a prompt and writing. */
  prefillTokensPerSecond: number | null;
  generationTokensPerSecond: number | null;
  /** What the process had more in memory once the model was loaded and had written, its file's size at least, bytes. */
  memoryBytes: number | null;
}

/** How costs are measured. */
export interface MeasureCostsOptions {
  /** Text whose beginning is the prompt; without one, or where it is short, a filler. */
  text?: string | undefined;
  /** Size of the model's file, and resident memory of this process before it was loaded, bytes. */
  bytes: number;
  before: number;
  signal?: AbortSignal | undefined;
}

/** Tokens of the prompts that speeds are measured with, and of the answers; the best of so many. */
const PROMPT_TOKENS = 128;
const WRITTEN_TOKENS = 32;
const TRIES = 3;
/** No further try after so long, milliseconds: what takes longer is measured well enough. */
const LONG_ENOUGH_MS = 3000;

/** @throws SurprisalError as `LanguageModel.generate`. */
export async function measureCosts(model: LanguageModel, options: MeasureCostsOptions): Promise<ModelCosts> {
  const speeds = await speedsOf(model, options);
  // What others have freed meanwhile hides some of it: it is not less than the weights.
  const memoryBytes = Math.max(options.bytes, process.memoryUsage.rss() - options.before);
  return { ...speeds, memoryBytes };
}

type Speeds = Pick<ModelCosts, "prefillTokensPerSecond" | "generationTokensPerSecond">;

/** One sequence alone; the fastest of a few, since whatever else the machine does makes it slower only. */
async function speedsOf(model: LanguageModel, { text, signal }: MeasureCostsOptions): Promise<Speeds> {
  const prompt = await speedPrompt(model, text);
  let [prefill, generation] = [0, 0];
  const begin = performance.now();
  for (let i = 0; i < TRIES && performance.now() - begin < LONG_ENOUGH_MS; i++) {
    const ids = [...prompt.slice(i), ...prompt.slice(0, i)]; // another beginning: nothing lies in memory already
    const start = performance.now();
    const times: number[] = [];
    const writing = model.generate(ids, { maxTokens: WRITTEN_TOKENS, batching: "off", signal });
    for await (const _ of writing) times.push(performance.now());
    if (times.length === 0) continue; // the end of text came first
    const run = ids.length - (writing.end?.prompt?.shared ?? 0);
    prefill = Math.max(prefill, (1000 * run) / (times[0]! - start));
    if (times.length > 1)
      generation = Math.max(generation, (1000 * (times.length - 1)) / (times.at(-1)! - times[0]!));
  }
  const known = (speed: number) => (speed > 0 && Number.isFinite(speed) ? speed : null);
  return { prefillTokensPerSecond: known(prefill), generationTokensPerSecond: known(generation) };
}

const FILLER = "It was a bright morning, and the whole town had come to the market to buy and to talk. ";

/** Tokens of the text, or of a filler, as many as fit with the answer. */
async function speedPrompt(model: LanguageModel, text: string | undefined): Promise<number[]> {
  const most = Math.min(PROMPT_TOKENS, Math.floor((model.trainedContext ?? PROMPT_TOKENS * 2) / 2));
  const beginning = (text ?? "").slice(0, 20 * most) + FILLER.repeat(Math.ceil(most / 10));
  const { ids } = await model.tokenize(beginning);
  return Array.from(ids.subarray(0, most));
}

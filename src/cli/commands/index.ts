/** The commands, each loaded when it is asked for: what `surprisal score` needs to start is not what `eval` needs. */
import type { CommandList } from "../command.ts";

// biome-ignore format: one command a line
export const COMMANDS: CommandList = {
  score: { summary: "Perplexity of a text, and where the surprise lies", load: async () => (await import("./score.ts")).default },
  pairs: { summary: "Minimal pairs: how often a model finds the better of two texts likelier, by condition", load: async () => (await import("./pairs.ts")).default },
  eval: { summary: "Perplexity of models over corpora, as a run that can be broken off and gone on with", load: async () => (await import("./eval.ts")).default },
  worker: { summary: "Work for runs of `surprisal eval --queue` on other machines, until Ctrl-C", load: async () => (await import("./worker.ts")).default },
  entropy: { summary: "Entropies of a text and of a model: blocks, rates, next tokens, contexts", load: async () => (await import("./entropy.ts")).default },
  compare: { summary: "How far models are from a base model, token by token", load: async () => (await import("./compare.ts")).default },
  quantize: { summary: "Make a smaller model file, byte for byte as llama-quantize does", load: async () => (await import("./quantize.ts")).default },
  runs: { summary: "What was evaluated: list, show, compare, map, export", load: async () => (await import("./runs.ts")).default },
  check: { summary: "Conditions on texts, questions and answers, for CI: exit code, JUnit, GitHub annotations", load: async () => (await import("./check.ts")).default },
  sql: { summary: "Ask all runs a question in SQL; needs the package @duckdb/node-api", load: async () => (await import("./sql.ts")).default },
  chat: { summary: "Talk with a model, its answers coloured by surprisal as they appear", load: async () => (await import("./chat.ts")).default },
  decide: { summary: "A probability for every option of questions about a text, without a generated word", load: async () => (await import("./decide.ts")).default },
  confidence: { summary: "How sure a model is of its answers: many methods at once, each with its variant and price", load: async () => (await import("./confidence.ts")).default },
  "bench-uncertainty": { summary: "Which method tells right answers from wrong ones, how surely, and at what price", load: async () => (await import("./bench-uncertainty.ts")).default },
  detect: { summary: "Which spans of an answer are suspected to be made up, why, and what documents explain of it", load: async () => (await import("./detect.ts")).default },
  calibrate: { summary: "Whether confidences mean what they say, and a file that makes them so: fit, apply, report", load: async () => (await import("./calibrate.ts")).default },
  route: { summary: "How much work an answer is worth: short or long, cheap or dear, how many samples; record, fit, eval, run", load: async () => (await import("./route.ts")).default },
  refine: { summary: "Which steps of a reasoning a model needs: training data and few-shot prompts without the others", load: async () => (await import("./refine.ts")).default },
  watch: { summary: "Training curves of live and past logs: phases, what is left to gain, and when to stop", load: async () => (await import("./watch.ts")).default },
  generate: { summary: "Answers to many prompts at once, with the numbers of each", load: async () => (await import("./generate.ts")).default },
  proxy: { summary: "Let an open model stand for a closed one: calibrate", load: async () => (await import("./proxy.ts")).default },
  probe: { summary: "Find out what a server really gives: log-probabilities, alternatives, scores of a text", load: async () => (await import("./probe.ts")).default },
  compress: { summary: "Pack any file without loss, text by what a model expects of it", load: async () => (await import("./compress.ts")).default },
  decompress: { summary: "Unpack what `surprisal compress` packed, test it, or salvage what is whole of it", load: async () => (await import("./decompress.ts")).default },
  inspect: { summary: "What a packed file is made of, which model it needs, and whether it is damaged", load: async () => (await import("./inspect.ts")).default },
  models: { summary: "List, download, inspect and remove models", load: async () => (await import("./models.ts")).default },
  doctor: { summary: "Show the engine, the devices, the cache, and run a self-test", load: async () => (await import("./doctor.ts")).default },
};

/** `surprisal route paq`: as many bits as a prompt needs. */
import type { Command } from "../command.ts";

// biome-ignore format: one command a line
const command: Command = {
  details: `A ladder of one model's levels, what each prompt loses at each of them, a router, and the levels served side by side: docs/routing.md.

Examples:
  surprisal route paq ladder model-f16.gguf text.txt --out ladder
  surprisal route paq label prompts.jsonl --ladder ladder -o records.jsonl
  surprisal route paq run "What is 12 + 7?" --ladder ladder --level 4`,
  commands: {
    ladder: { summary: "Make the levels of a model and measure each", load: async () => (await import("./paq-ladder.ts")).default },
    fit: { summary: "Fit a router to records of prompts scored under every level", load: async () => (await import("./paq-fit.ts")).default },
    eval: { summary: "What a router is worth, beside every level, random, length alone and the oracle", load: async () => (await import("./paq-eval.ts")).default },
  },
};
export default command;

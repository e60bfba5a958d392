/** `surprisal route paq`: as many bits as a prompt needs. */
import type { Command } from "../command.ts";

// biome-ignore format: one command a line
const command: Command = {
  details: `A ladder of one model's levels, what each prompt loses at each of them, a router, and the levels served side by side: docs/routing.md.

Examples:
  surprisal route paq ladder model-f16.gguf text.txt --out ladder
  surprisal route paq label prompts.jsonl --ladder ladder -o records.jsonl
  surprisal route paq fit records.jsonl -o router.json
  surprisal route paq run "What is 12 + 7?" --ladder ladder -a router.json`,
  commands: {
    ladder: { summary: "Make the levels of a model and measure each", load: async () => (await import("./paq-ladder.ts")).default },
    label: { summary: "What each prompt loses at each level, into a file of records", load: async () => (await import("./paq-label.ts")).default },
    fit: { summary: "Fit a router to records of prompts scored under every level", load: async () => (await import("./paq-fit.ts")).default },
    eval: { summary: "What a router is worth, beside every level, random, length alone and the oracle", load: async () => (await import("./paq-eval.ts")).default },
    run: { summary: "Answer by the level that is chosen for a prompt", load: async () => (await import("./paq-run.ts")).default },
  },
};
export default command;

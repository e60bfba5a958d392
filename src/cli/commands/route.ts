/** `surprisal route`: how much work an answer is worth. */
import type { Command } from "../command.ts";

// biome-ignore format: one command a line
const command: Command = {
  details: `Record questions with known answers, fit a router, see what it is worth on others, and run it: docs/routing.md.

Examples:
  surprisal route car eval --problems lab --count 3000 -m lab --counting answer --records lab.jsonl --svg curve.svg
  surprisal route car record questions.jsonl -m model.gguf -o records.jsonl
  surprisal route car fit records.jsonl -o router.json
  surprisal route car run "What is 12 + 7?" -a router.json -m model.gguf`,
  commands: {
    car: { summary: "One model: a short answer where it is sure, reasoning where not", load: async () => (await import("../route/index.ts")).car },
    cascade: { summary: "Several models: the next where it is worth its price", load: async () => (await import("../route/index.ts")).cascade },
    deepconf: { summary: "Several samples and a vote: weak ones are ended early", load: async () => (await import("../route/index.ts")).deepconf },
    paq: { summary: "One model at several bit widths: as many bits as a prompt needs", load: async () => (await import("../route/index.ts")).paq },
    exit: { summary: "Thinking, ended once it adds nothing", load: async () => (await import("../route/index.ts")).exit },
  },
};
export default command;

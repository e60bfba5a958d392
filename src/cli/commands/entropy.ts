/** `surprisal entropy`: entropies of texts and of models. */
import type { Command } from "../command.ts";
import { blocksCommand, context, converge, cross, next } from "../entropy/index.ts";

const command: Command = blocksCommand({
  next: {
    summary: "What comes next: its entropy and the effective number of choices",
    load: async () => next,
  },
  converge: {
    summary: "Running perplexity from several starting points, and its limit",
    load: async () => converge,
  },
  context: { summary: "Bits that a context of n tokens saves", load: async () => context },
  cross: { summary: "Cross-entropy of two models: entropy and divergence", load: async () => cross },
});
export default command;

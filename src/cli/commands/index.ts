/** The commands, each loaded when it is asked for: what `surprisal score` needs to start is not what `eval` needs. */
import type { Command } from "../usage.ts";

export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  score: async () => (await import("./score.ts")).default,
  eval: async () => (await import("./eval.ts")).default,
  worker: async () => (await import("./worker.ts")).default,
  compare: async () => (await import("./compare.ts")).default,
  quantize: async () => (await import("./quantize.ts")).default,
  runs: async () => (await import("./runs.ts")).default,
  sql: async () => (await import("./sql.ts")).default,
  chat: async () => (await import("./chat.ts")).default,
  probe: async () => (await import("./probe.ts")).default,
  models: async () => (await import("./models.ts")).default,
  doctor: async () => (await import("./doctor.ts")).default,
};

import { parseArgs } from "node:util";
import { score } from "./hallucination/score.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tasks: { type: "string", default: "." },
    out: { type: "string" },
    model: { type: "string", short: "m" },
    items: { type: "string", default: "500" },
    minutes: { type: "string", default: "1000" },
    threads: { type: "string" },
  },
});
const [command] = positionals;
if (command === "score")
  await score({ model: values.model, tasks: values.tasks, out: values.out, items: Number(values.items), minutes: Number(values.minutes), threads: values.threads === undefined ? undefined : Number(values.threads) });

/** `surprisal probe`: what a server really gives, against what it says it gives. */
import { type Finding, type ProbeReport, probe } from "../../models/index.ts";
import { readArguments } from "../arguments.ts";
import { visible } from "../render/index.ts";
import type { Command } from "../usage.ts";

const args = {
  address: {
    type: "positional",
    required: true,
    description:
      "http://host:port/v1#model (the model may be left out where there is only one), or openai:model",
  },
  json: { type: "boolean", description: "One JSON document on standard output", default: false },
} as const;

const command: Command = {
  name: "probe",
  description: `Find out what a server really gives: log-probabilities, alternatives, scores of a text

Asks a few short questions. The numbers of a prompt are proven, not counted: the server writes a
few tokens, is given them back, and must say the same numbers again. Else it cannot score texts.
Keys come from the environment: OPENAI_API_KEY and the like go to their own provider,
SURPRISAL_API_KEY to other addresses.`,
  args,
  async run(rawArgs) {
    const { address, json } = readArguments(rawArgs, args);
    const report = await probe(address);
    process.stdout.write(
      json ? `${JSON.stringify({ schema: "surprisal.probe/1", ...report }, null, 2)}\n` : show(report),
    );
  },
};
export default command;

function show(report: ProbeReport): string {
  const { address, server, evidence, model, models, chat, text, alternatives, counts, prompt, tokenize } =
    report;
  const others = models.length > 1 ? `, one of ${models.length}` : "";
  const rows: [name: string, claims: string, gives: string, seen: string][] = [
    ["", "says", "does", ""],
    row("log-probabilities of a chat's answer", chat),
    row("log-probabilities of a text it goes on from", text),
    row("alternatives per token", alternatives),
    row("count of tokens", counts),
    row("log-probabilities of a prompt", prompt),
    row("tokenizer", tokenize),
  ];
  const width = (column: 0 | 1 | 2) => Math.max(...rows.map((cells) => cells[column].length));
  const [names, says, does] = [width(0), width(1), width(2)];
  const lines = rows.map((cells) =>
    [cells[0].padEnd(names), cells[1].padEnd(says), cells[2].padEnd(does), cells[3]].join("  ").trimEnd(),
  );
  const writes = chat.found || text.found ? "writing with numbers" : "writing, without numbers";
  const uses = prompt.found ? `${writes}, and scoring texts` : `${writes}; not for scoring texts`;
  return [
    `${address}: ${server} (by ${evidence})`,
    `model ${model}${others}`,
    "",
    ...lines,
    "",
    `Good for ${uses}.`,
    "",
  ]
    .map(visible)
    .join("\n");
}

function row(name: string, { claimed, found, seen }: Finding): [string, string, string, string] {
  return [name, word(claimed), word(found), seen];
}

function word(value: Finding["found"]): string {
  if (value === null) return "-";
  return typeof value === "number" ? String(value) : value ? "yes" : "no";
}

/** `surprisal probe`: what a server really gives, against what it says it gives. */
import { invalidArgument } from "../../core/index.ts";
import { type Finding, type ProbeReport, probe } from "../../models/index.ts";
import { visible, wrapWords } from "../../text/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { printDocument } from "../json.ts";
import { SERVER_OPTIONS, serverOptions } from "../load-options.ts";
import { argument } from "../parameters.ts";
import { startWaiting } from "../render/index.ts";
import { JSON_DOCUMENT } from "../shared-options.ts";

const command: Command = defineCommand({
  details: `Asks a few short questions. The numbers of a prompt are proven, not counted: the server writes a
few tokens, is given them back, and must say the same numbers again. Else it cannot score texts.
Keys come from the environment: OPENAI_API_KEY and the like go to their own provider,
SURPRISAL_API_KEY to other addresses.`,
  parameters: {
    address: argument(
      "http://host:port/v1#model (the model may be left out where there is only one), or openai:model",
    ),
    json: JSON_DOCUMENT,
    ...SERVER_OPTIONS,
  },
  async run({ address, json, ...given }) {
    const meant = addressMeant(address);
    if (meant) throw invalidArgument("This is not the address of a server", address, meant);
    const end = startWaiting(`asking ${address.replace(/[?#].*/, "")}`);
    const report = await probe(address, serverOptions(given)).finally(end);
    const columns = process.stdout.isTTY ? process.stdout.columns || 80 : null;
    if (json) printDocument({ schema: "surprisal.probe/1", ...report });
    else process.stdout.write(show(report, columns));
  },
});
export default command;

/** What to write for a reference that names a server in another way; `null` = nothing better is known. */
function addressMeant(reference: string): string | null {
  const [, model, host = "127.0.0.1:11434"] = /^ollama:(.*?)(?:@([^@/]+))?$/.exec(reference) ?? [];
  if (model !== undefined) return `Ollama has an address too: http://${host}/v1#${model}.`;
  if (reference.startsWith("gemini:"))
    return "Gemini's API is one of its own; docs/servers.md says what it gives.";
  if (/^([\w.-]+|\[[\da-f:]+\]):\d+(?![^/#])|^localhost(?![^/#])/i.test(reference))
    return `An address begins with http:// or https://, such as http://${reference}.`;
  return null;
}

/** Narrower than this, what was seen has lines of its own. */
const NARROWEST_COLUMN = 30;

/** @param columns of the terminal; `null`: lines are as long as they are. */
function show(report: ProbeReport, columns: number | null): string {
  const {
    address,
    dialect,
    server,
    evidence,
    model,
    models,
    chat,
    text,
    alternatives,
    counts,
    prompt,
    tokenize,
  } = report;
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
  const left = names + says + does + 6;
  const beside = columns === null || columns - left > NARROWEST_COLUMN;
  const lines = rows.flatMap(([name, claims, gives, seen]) => {
    const head = [name.padEnd(names), claims.padEnd(says), gives.padEnd(does)].join("  ");
    const indent = " ".repeat(beside ? left : 2);
    const [first = "", ...further] = wrapWords(seen, columns && columns - indent.length);
    if (beside) return [`${head}  ${first}`.trimEnd(), ...further.map((line) => indent + line)];
    return [head.trimEnd(), ...(seen ? [first, ...further].map((line) => indent + line) : [])];
  });
  const writes = chat.found || text.found ? "writing with numbers" : "writing, without numbers";
  const uses = prompt.found ? `${writes}, and scoring texts` : `${writes}; not for scoring texts`;
  return [
    `${address}: ${server}${dialect === "other" ? "" : ` (by ${evidence})`}`,
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

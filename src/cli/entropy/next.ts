/** `surprisal entropy next`: the distribution of the next token, prompt beside prompt. */
import { type NextTokens, nextTokens } from "../../entropy/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { usage } from "../errors.ts";
import { openModel } from "../load-options.ts";
import { distinct, flag, option, optionalArgumentList, wholeNumber } from "../parameters.ts";
import { checkOutputs, LOAD_OPTIONS, MODEL, nameOf, OUTPUT_OPTIONS, readText } from "./options.ts";
import { showView } from "./show.ts";

// biome-ignore format: one option a line
const parameters = {
  prompts: optionalArgumentList("Beginnings of texts; ___ at the end is what is asked for. Nothing: lines of standard input"),
  model: MODEL,
  top: option(wholeNumber(1, 1000), { short: "k", hint: "K", description: "The K most probable tokens (default: 10)" }),
  verbatim: flag({ description: "Read ___ at the end as part of the prompt" }),
  bos: flag({ description: "Put the model's BOS in front also where its tokenizer adds none" }),
  ...OUTPUT_OPTIONS,
  ...LOAD_OPTIONS,
};

export const next: Command = defineCommand({
  details: `Entropy of the next token in bits, and 2 to that power: the effective number of choices. A prompt with one answer has little
of it, an open one much.

Examples:
  surprisal entropy next "The capital of France is ___" "I want to ___" -m smollm2
  surprisal entropy next "法国的首都是___" "我想___" -m qwen2.5-0.5b.gguf --html next.html`,
  parameters,
  async run(given) {
    const prompts = await promptsOf(given.prompts);
    checkOutputs(given, undefined);
    await using model = await openModel(given);
    const found: NextTokens[] = [];
    for (const prompt of prompts) {
      const {
        model: _,
        settings: __,
        ...one
      } = await nextTokens(model, prompt, {
        top: given.top,
        verbatim: given.verbatim,
        bos: given.bos,
      });
      found.push(one);
    }
    await showView(
      { kind: "next", model: nameOf(model), prompts: found },
      {
        schema: "surprisal.entropy-next/1",
        base: "e",
        model: model.identity,
        settings: model.settings,
        prompts: found.map((one) => ({ ...one, top: one.top.map(tokenDocument) })),
      },
      given,
    );
  },
});

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Bytes as text, and by themselves where the text does not say them. */
function tokenDocument({ bytes, ...token }: NextTokens["top"][number]): object {
  const text = decoder.decode(bytes);
  return { ...token, text, bytes: text.includes("\uFFFD") ? [...bytes] : undefined };
}

/** @throws SurprisalError USAGE */
async function promptsOf(given: readonly string[]): Promise<readonly string[]> {
  if (given.length > 0) return distinct(given);
  if (process.stdin.isTTY) throw usage('There is no prompt: give one, such as "I want to ___"');
  const { text } = await readText({ file: "-", text: undefined, maxMib: 1 });
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  if (lines.length === 0) throw usage("There is no prompt on standard input");
  return distinct(lines);
}

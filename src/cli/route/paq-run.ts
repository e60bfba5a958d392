/** `surprisal route paq run`: prompts answered by the level that is chosen for each. */
import { onInterrupt } from "../../files/index.ts";
import { DEFAULT_EMBEDDING_MODEL, type ModelIdentity } from "../../models/index.ts";
import {
  fixedLevel,
  type PaqAnswer,
  type PaqArtefact,
  type PaqDecider,
  type PaqLadder,
  type PaqRunOptions,
  PaqServer,
} from "../../route/index.ts";
import { formatNumber, formatPlural, formatProbability, visible } from "../../text/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { shownLines, usage } from "../errors.ts";
import { printDocument } from "../json.ts";
import { LOAD_OPTIONS, loadOptions } from "../load-options.ts";
import { argument, decimal, flag, option, text, type Values, wholeNumber } from "../parameters.ts";
import { PieceStream } from "../render/index.ts";
import { JSON_DOCUMENT, QUIET } from "../shared-options.ts";
import { ARTEFACT, STRICT, TOKENS } from "./options.ts";
import { openRouter } from "./paq-features.ts";
import { FORM, LADDER, ladderOf } from "./paq-levels.ts";
import { routerOf } from "./routers.ts";
import { isQuestionsFile, runMany } from "./running.ts";

const MOST_TOKENS = 512;

// biome-ignore format: one option a line
const parameters = {
  question: argument('A prompt; or a file of them: .jsonl with "prompt" (or "question") a line, - for standard input'),
  ladder: LADDER,
  artefact: ARTEFACT,
  level: option(wholeNumber(1, 32), { hint: "BITS", description: "Always this level, without a router: to compare" }),
  memory: option(decimal(0.001, 1_000_000), { hint: "GIB", description: "Memory that the loaded levels may take together (default: three quarters of what is free, the largest level at least)" }),
  embedding: option(text, { hint: "MODEL", description: `The encoder of the router, where it has one (default: ${DEFAULT_EMBEDDING_MODEL})` }),
  strict: STRICT,
  maxTokens: TOKENS("Most tokens of an answer", String(MOST_TOKENS)),
  form: FORM,
  out: option(text, { short: "o", hint: "FILE", description: "Write the answers into this file, a JSON line each" }),
  resume: flag({ description: "Go on with the file of --out: what it has is kept, errors are tried again" }),
  atOnce: option(wholeNumber(1, 256), { hint: "N", description: "Prompts of a file that are asked side by side (default: 1); times are true with 1 alone" }),
  json: JSON_DOCUMENT,
  quiet: QUIET,
  ...LOAD_OPTIONS,
};

type Given = Values<typeof parameters>;

const command: Command = defineCommand({
  details: `Levels are mapped into memory side by side, as far as --memory goes; the one that was used longest ago makes room. For a level whose
file is missing the next higher one answers, which is said. The answer is written as it comes; a line on standard error
says level, probability, and what router and answer took. A prompt that is a file (.jsonl, or -) has a prompt a line:
answers are JSON lines then.

Examples:
  surprisal route paq run "What is 12 + 7?" --ladder ladder -a router.json
  surprisal route paq run prompts.jsonl --ladder ladder -a router.json --memory 2 -o answers.jsonl
  surprisal route paq run "What is 12 + 7?" --ladder ladder --level 4`,
  parameters,
  async run(given) {
    const ladder = await ladderOf(given.ladder);
    if ((given.artefact === undefined) === (given.level === undefined))
      throw usage(
        given.level === undefined
          ? "There is no router: --artefact FILE, which `fit` writes; or always one level: --level BITS"
          : "Give --artefact or --level, not both",
      );
    const router = given.artefact === undefined ? null : await routerOf(given.artefact, "paq");
    if (isQuestionsFile(given.question)) {
      const levels = ladder.levels.map(({ name, identity }) => ({ name, model: identity.model }));
      await runMany(given, { levels, by: router ?? given.level }, () => Served.open(ladder, router, given), {
        places: (atOnce) => atOnce ?? 1,
        fields: ["prompt", "question"],
        options: { maxTokens: given.maxTokens ?? MOST_TOKENS, form: given.form },
        async ask(served, question) {
          const answer = await served.server.run(question, runOptions(given));
          return { ...answer, reason: sentence(answer), details: detailsOf(answer) };
        },
      });
      return;
    }
    if (given.out !== undefined || given.resume)
      throw usage("--out and --resume are for a file of prompts", given.question);
    if (given.question.trim() === "") throw usage("There is no prompt");
    await answerOne(await Served.open(ladder, router, given), given);
  },
});
export default command;

/** A server with what chooses its levels. */
class Served implements AsyncDisposable {
  readonly server: PaqServer;
  readonly identity: Pick<ModelIdentity, "name" | "source" | "sha256">;
  readonly #router: AsyncDisposable | null;

  private constructor(server: PaqServer, router: AsyncDisposable | null) {
    const { name, sha256 } = server.ladder.source;
    this.server = server;
    this.identity = { name, source: name, sha256 };
    this.#router = router;
  }

  static async open(ladder: PaqLadder, artefact: PaqArtefact | null, given: Given): Promise<Served> {
    const { mmap } = given;
    const options = {
      ...(given.memory !== undefined && { memoryBytes: given.memory * 2 ** 30 }),
      load: { ...loadOptions(given), mmap: mmap === "auto" ? true : mmap },
    };
    const opened = await openDecider(ladder, artefact, given);
    try {
      const server = PaqServer.open(ladder, opened.decider, options);
      if (!given.quiet)
        for (const note of [
          ...(ladder.source.note === null ? [] : [ladder.source.note]),
          ...opened.warnings,
          ...server.notes,
        ])
          process.stderr.write(`note: ${visible(note)}\n`);
      return new Served(server, opened.router);
    } catch (error) {
      await opened.router?.[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await this.#router?.[Symbol.asyncDispose]();
  }
}

async function openDecider(
  ladder: PaqLadder,
  artefact: PaqArtefact | null,
  given: Given,
): Promise<{ decider: PaqDecider; router: AsyncDisposable | null; warnings: readonly string[] }> {
  if (artefact === null) {
    const level = `${given.level}-bit`;
    if (ladder.levels.some(({ name }) => name === level))
      return { decider: fixedLevel(level), router: null, warnings: [] };
    throw usage(`The ladder has no ${level}; it has ${ladder.levels.map(({ name }) => name).join(", ")}`);
  }
  const router = await openRouter(artefact, given);
  try {
    const warnings = router.router.check(ladder.levels, { strict: given.strict });
    return { decider: router.router, router, warnings };
  } catch (error) {
    await router[Symbol.asyncDispose]();
    throw error;
  }
}

const runOptions = ({ maxTokens = MOST_TOKENS, form }: Given): PaqRunOptions => ({ maxTokens, form });

/** One answer, as it is written. */
async function answerOne(opened: Served, given: Given): Promise<void> {
  await using served = opened;
  const stop = new AbortController();
  const stopWatching = onInterrupt(() => stop.abort());
  const screen = given.json ? null : new Stream();
  try {
    const answer = await served.server.run(given.question, {
      ...runOptions(given),
      signal: stop.signal,
      onToken: (token) => {
        if ((token.part ?? "answer") === "answer")
          screen?.write(token.bytes ?? new TextEncoder().encode(token.text));
      },
    });
    screen?.end();
    if (given.json) {
      const { question } = given;
      printDocument({
        schema: "surprisal.route-run/1",
        question,
        text: answer.text,
        ...detailsOf(answer),
        warnings: answer.warnings,
      });
      return;
    }
    process.stderr.write(`${visible(sentence(answer))}\n`);
    for (const warning of answer.warnings) process.stderr.write(`note: ${visible(warning)}\n`);
  } finally {
    stopWatching();
  }
}

/** Whole characters of an answer on standard output; what a text may do to a terminal is shown. */
class Stream {
  readonly #pieces = new PieceStream();
  #begun = false;

  write(bytes: Uint8Array): void {
    this.#show(this.#pieces.push(bytes, null).map((piece) => piece.text));
  }

  end(): void {
    this.#show(this.#pieces.flush().map((piece) => piece.text));
    process.stdout.write("\n");
  }

  #show(texts: readonly string[]): void {
    const words = this.#begun ? texts.join("") : texts.join("").trimStart();
    if (words !== "") this.#begun = true;
    process.stdout.write(shownLines(words));
  }
}

function detailsOf(answer: PaqAnswer): object {
  const { text: _, warnings: __, decision, ...rest } = answer;
  return { ...rest, decision };
}

/** "4-bit, P(enough) 0.93 · router 12 ms · 32 tokens in 210 ms, 152/s" */
function sentence({ level, decision, routerMs, loadMs, answerMs, tokens }: PaqAnswer): string {
  // Of the level that answered: where the chosen one is missing, it is another.
  const probability = decision.probabilities[level] ?? null;
  return [
    `${level}${probability === null ? "" : `, P(enough) ${formatProbability(probability)}`}`,
    ...(routerMs > 0 ? [`router ${formatNumber(routerMs, 2)} ms`] : []),
    ...(loadMs > 0 ? [`loaded in ${formatNumber(loadMs, 2)} ms`] : []),
    `${formatPlural(tokens, "token")} in ${formatNumber(answerMs, 3)} ms`,
  ].join(" · ");
}

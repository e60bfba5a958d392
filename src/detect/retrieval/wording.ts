/** How a model is asked for an answer with documents and without, and the tokens of both. */
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import { Prompter } from "../../decide/index.ts";
import type { LanguageModel, ScoreRequest } from "../../models/index.ts";

/** What is said before the documents; without them, only what is before it. */
const BEFORE_DOCUMENTS = "Documents:";
/** Stands for a question that is not known: an empty message is none. */
const NO_QUESTION = "Write a text.";

/** One after another, without numbers or names, so that one that is left out changes nothing in the others. */
const SEPARATOR = "\n\n";

/** The documents as they stand in the prompt. */
const documentsText = (documents: readonly string[]): string => documents.join(SEPARATOR);

/**
 * The question stands first: prompts with and without documents share it, and small models tell right answers from made-up ones
 * better so (docs/hallucination.md has the figures).
 * @param documents `null`: none are shown.
 */
function messageFor(question: string | undefined, documents: string | null): string {
  const asked = question === undefined || question.trim() === "" ? NO_QUESTION : `Question: ${question}`;
  return documents === null ? asked : `${asked}\n\n${BEFORE_DOCUMENTS}\n\n${documents}`;
}

/** Makes requests of one answer, so that its tokens are the same whatever is asked before. */
export interface Asker {
  /** "chat": in the model's chat template. "plain": a text that ends with "Answer:". */
  form: "chat" | "plain";
  /** The whole prompt with {documents}, {question} in their places. */
  wording: { with: string; without: string };
  /** Bytes of the scored tokens that stand before the answer: the space behind "Answer:". */
  before: number;
  /** Tokens of prompt and answer; for a server that has no tokenizer a guess that is seldom too low: half of their bytes. */
  lengthOf(documents: readonly string[] | null): Promise<number>;
  request(documents: readonly string[] | null): Promise<ScoreRequest>;
}

/**
 * The answer is encoded by itself in a chat, where it begins behind the template's own special tokens or line feed, and behind the
 * prompt's last word ("Answer:") in a plain text. Both are the same with documents and without, so the tokens align one by one. A
 * server gets texts and cuts them itself; what it cut is compared.
 * @throws SurprisalError UNSUPPORTED_CAPABILITY for a model that does not score; INVALID_ARGUMENT for a chat without a template
 */
export async function askerOf(
  model: LanguageModel,
  question: string | undefined,
  answer: string,
  chat: boolean | undefined,
): Promise<Asker> {
  if (!model.capabilities.score)
    throw new SurprisalError({
      code: "UNSUPPORTED_CAPABILITY",
      what: "This model does not score a given text, so it cannot say what documents change",
      where: model.identity.name,
      wayOut: "Use a model in process, or a server whose completions echo log-probabilities.",
    });
  const prompter = await prompterOf(model, chat);
  const wording = { with: frameOf(prompter, "{documents}"), without: frameOf(prompter, null) };
  const form = prompter.form;
  if (model.execution.place === "server") {
    const request = async (documents: readonly string[] | null) => ({
      context: prompter.textOf(messageFor(question, documents && documentsText(documents))),
      continuation: ` ${answer}`,
    });
    const lengthOf = async (documents: readonly string[] | null) => {
      const { context, continuation } = await request(documents);
      return tokenCount(model, context + continuation);
    };
    return { form, wording, before: 1, lengthOf, request };
  }
  const continuation = await prompter.answerTokens(answer, false);
  const before = await leadOf(model, answer, continuation);
  const contextOf = (documents: readonly string[] | null) => {
    const text = documents && documentsText(documents);
    return prompter.tokensOf(messageFor(question, text), text);
  };
  return {
    form,
    wording,
    before,
    lengthOf: async (documents) => (await contextOf(documents)).length + continuation.length,
    request: async (documents) => ({ context: await contextOf(documents), continuation }),
  };
}

/** A server fills in its own template, so it is asked in plain text. */
async function prompterOf(model: LanguageModel, chat: boolean | undefined): Promise<Prompter> {
  if (chat === true && model.execution.place === "server")
    throw invalidArgument(
      "A server is asked in plain text",
      "chat",
      "Leave chat out: a chat template is filled in for models in process only.",
    );
  return Prompter.of(model, model.execution.place === "server" ? { chat: false } : { chat });
}

/** Tokens of a text; where nobody can say, a guess that is seldom too low: half of its bytes. */
async function tokenCount(model: LanguageModel, text: string): Promise<number> {
  if (model.capabilities.tokenize) return (await model.tokenize(text)).ids.length;
  return Math.ceil(Buffer.byteLength(text) / 2);
}

const frameOf = (prompter: Prompter, documents: string | null): string =>
  prompter.textOf(messageFor("{question}", documents));

/** Bytes that the answer's tokens hold in front of it: a space, or nothing. */
async function leadOf(model: LanguageModel, answer: string, ids: Int32Array): Promise<number> {
  const bytes = Buffer.from(await model.detokenize(ids));
  for (const lead of ["", " "]) if (bytes.equals(Buffer.from(lead + answer))) return lead.length;
  throw invalidArgument(
    `The tokenizer of ${model.identity.name} rewrites this answer, so that its tokens have no places in it`,
    "answer",
    "Use a model whose tokens give back the text that was put in.",
  );
}

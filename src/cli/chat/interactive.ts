/** The conversation at a terminal. */
import { describePolicy } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { nearestNames, visible } from "../../text/index.ts";
import { partsOf, shownError } from "../errors.ts";
import type { AnswerOptions } from "./answer.ts";
import type { Conversation } from "./conversation.ts";
import { AnswerFlags } from "./flags.ts";
import { policyNotes, readPolicy, withAlternatives } from "./options.ts";
import { Terminal } from "./prompt.ts";
import { showAnswer } from "./show.ts";

const HELP = `/system TEXT   what the model is told before anything else; without TEXT, nothing
/stop POLICY   end answers when this holds; without POLICY, never
/reset         forget what was said
/quit          leave (also Ctrl-D)
Ctrl-C stops an answer; a second one leaves. A message that begins with / is written with //.
`;

const COMMANDS = ["/help", "/reset", "/system", "/stop", "/quit"];

export interface ChatSettings {
  options: AnswerOptions & { maxTokens: number };
  quiet: boolean;
  /** What is suspected in an answer is flagged. */
  detect: boolean;
}

/** Asks and answers until the person leaves. */
export async function converse(
  model: LanguageModel,
  conversation: Conversation,
  { options, quiet, detect }: ChatSettings,
): Promise<void> {
  const terminal = new Terminal();
  if (!quiet) say(`${visible(model.identity.name)}: /help shows the commands.`);
  for (;;) {
    const entered = await terminal.ask("> ");
    if (entered === null) return;
    if (entered.trim() === "") continue;
    if (/^\/(?!\/)/.test(entered)) {
      if (carryOut(entered.trim(), conversation, options, model) === "quit") return;
      continue;
    }
    const question = entered.startsWith("//") ? entered.slice(1) : entered;
    const stop = new AbortController();
    let leaving = false;
    const end = terminal.watch(
      () => stop.abort(),
      () => {
        leaving = true;
      },
    );
    let failure: { error: unknown } | null = null;
    try {
      const prompt = conversation.prompt(question);
      const answer = await showAnswer(
        model,
        prompt,
        withAlternatives(options, model),
        quiet,
        stop.signal,
        detect ? new AnswerFlags(question) : null,
      );
      failure = answer.failure;
      if (!failure && answer.text !== "") conversation.keep(question, answer.prefill + answer.text);
    } catch (error) {
      failure = { error };
    } finally {
      end();
    }
    if (failure) complain(failure.error);
    if (leaving) return;
    process.stdout.write("\n");
  }
}

function carryOut(
  entered: string,
  conversation: Conversation,
  options: AnswerOptions,
  model: LanguageModel,
): "quit" | "stay" {
  const [, name = "", rest = ""] = /^(\/\S*)\s*([\s\S]*)$/.exec(entered) ?? [];
  switch (name) {
    case "/quit":
      return "quit";
    case "/help":
      process.stdout.write(HELP);
      break;
    case "/reset":
      conversation.reset();
      say("Forgotten.");
      break;
    case "/system":
      conversation.system = rest;
      say(rest ? "The model is told this from now on." : "The model is told nothing.");
      break;
    case "/stop":
      try {
        options.stopWhen = rest ? readPolicy(rest, "/stop") : undefined;
        say(
          options.stopWhen
            ? `Answers end when ${describePolicy(options.stopWhen)}.`
            : "Answers end by themselves.",
        );
        for (const note of policyNotes(withAlternatives(options, model), model))
          say(`note: ${visible(note)}`);
      } catch (error) {
        complain(error);
      }
      break;
    default: {
      const [near] = nearestNames(name, COMMANDS);
      say(
        `There is no command ${visible(name)}${near ? `; did you mean ${near}?` : ""} Commands: ${COMMANDS.join(" ")}`,
      );
    }
  }
  return "stay";
}

const say = (text: string) => process.stdout.write(`${text}\n`);

/** An error ends the answer, not the conversation. */
function complain(error: unknown): void {
  process.stderr.write(`${shownError(error)}\n`);
  if (partsOf(error).code === "CONTEXT_EXCEEDED") say("/reset forgets what was said and makes room.");
}

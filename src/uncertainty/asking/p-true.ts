/**
 * P(True): how probable the model finds it that its answer is true. Tools mean different things by it; each is a variant with a
 * prompt of its own.
 */
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import { decide } from "../../decide/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { formatPlural } from "../../text/index.ts";
import type { Need, Price } from "../estimator.ts";
import type { AskedEstimate, AskedQuestion, AskingMethod, AskOptions } from "./contract.ts";
import { readFirstToken } from "./first-token.ts";
import { P_TRUE_VARIANTS, P_TRUE_WORDINGS, type PTrueVariant } from "./p-true-wordings.ts";
import { requireWriting, sum, tokensOf, uncertaintyBounds, write } from "./reply.ts";
import { FALSE_FORMS, isShortest, TRUE_FORMS, tokensOfForms } from "./true-forms.ts";
import {
  type Filling,
  filled,
  fillingOf,
  plainOf,
  promptOf,
  type UsedWording,
  usedWording,
  type Wording,
} from "./wording.ts";

/** A solved example of the variant "kadavath". */
export interface PTrueExample extends AskedQuestion {
  /** Whether `answer` is right. */
  right: boolean;
}

/** Options of `pTrue`. */
export interface PTrueOptions {
  /** Default "normalised". */
  variant?: PTrueVariant | undefined;
  /** Examples before the question; of the variant "kadavath" only. Default: none. */
  examples?: readonly PTrueExample[] | undefined;
  /** Your own words for the variant "normalised": they offer True and False. */
  wording?: Wording | undefined;
}

/** Alternatives that are asked for at a first token. */
const MOST = 20;

/**
 * P(True) of an answer.
 * - "normalised": models that score texts score every form of true and of false as the whole answer, with all its tokens and its
 *   end (`decide`, rule "sum"); other models are read at the first token of their answer, with an interval for what they do not list.
 * - "lm-polygraph", "uqlm", "kadavath": each with its own prompt and formula; see PTrueVariant.
 *
 * `uncertainty` is 1 - P(True), but -ln p of the variants "lm-polygraph" and "kadavath", as there.
 */
export function pTrue({ variant = "normalised", examples = [], wording }: PTrueOptions = {}): AskingMethod {
  if (!P_TRUE_VARIANTS.includes(variant))
    throw invalidArgument(
      `There is no P(True) "${String(variant)}"`,
      "variant",
      `Give ${P_TRUE_VARIANTS.join(", ")}.`,
    );
  if (examples.length > 0 && variant !== "kadavath")
    throw invalidArgument("Only the variant kadavath shows examples", "examples", "Leave them out.");
  if (wording && variant !== "normalised")
    throw invalidArgument(
      "The variant has a wording of its own",
      "wording",
      "Leave it out, or take the variant normalised.",
    );
  if (wording && !wording.messages.at(-1)?.content.includes("\n\n"))
    throw invalidArgument(
      "The wording does not part what it asks from what it asks about",
      "wording",
      "Put an empty line between the answer and the question whether it is true.",
    );
  const used = usedWording(wording ?? P_TRUE_WORDINGS[variant]);
  const how = HOW[variant];
  const name =
    variant === "kadavath"
      ? `kadavath, ${formatPlural(examples.length, "example")}`
      : variant === "normalised" && wording
        ? `normalised, ${wording.name}`
        : variant;
  return {
    method: "p-true",
    variant: name,
    needs: how.needs,
    wording: used,
    samples: false,
    check: how.check,
    async price(question, model): Promise<Price> {
      const filling = fillingFor(variant, question, examples);
      const isChat = variant === "normalised" || variant === "uqlm";
      const prompt = isChat
        ? promptOf(model, used.messages, used.cue, filling, [])
        : plainOf([{ role: "user", content: filled(used.messages[0]!.content, filling) }], used.cue);
      const writes = model ? !how.scores(model) : variant === "uqlm";
      const forms = variant === "normalised" && model && !writes ? await tokensOfForms(model) : 0;
      return {
        calls: 1,
        tokensWritten: writes ? 1 : 0,
        tokensRead: sum([await tokensOf(model, prompt), forms]),
      };
    },
    async ask(model, question, options = {}) {
      how.check(model);
      const filling = fillingFor(variant, question, examples);
      const read = await how.ask(model, used, filling, options);
      const { p, loss, reason } = read;
      const uncertainty = p === null ? null : loss ? -Math.log(p) : 1 - p;
      return {
        method: "p-true",
        variant: name,
        needs: how.needs,
        uncertainty,
        confidence: p,
        reason,
        wording: used,
        replies: read.reply === undefined ? [] : [{ text: read.reply, cut: false }],
        missing: p === null ? "no-probabilities" : null,
        interval: p === null ? uncertaintyBounds(read.interval) : undefined,
        confidenceInterval: read.interval,
        mass: read.mass,
        calls: 1,
        tokens: { read: read.tokensRead, written: read.reply === undefined ? 0 : 1 },
      };
    },
  };
}

function fillingFor(variant: PTrueVariant, asked: AskedQuestion, examples: readonly PTrueExample[]): Filling {
  const plain = fillingOf(asked);
  const { question, answer, samples = [] } = asked;
  if (variant === "kadavath") {
    const shots = examples.map(
      (example, i) =>
        `${i === 0 ? "" : "\n"}${filled(P_TRUE_WORDINGS.kadavath.messages[0]!.content, shotFilling(example))}${example.right ? " A" : " B"}`,
    );
    return {
      ...plain,
      question,
      answer,
      shots: shots.length > 0 ? `${shots.join("")}\n` : "",
      brainstormed: brainstormed(asked),
    };
  }
  if (variant !== "uqlm") return plain;
  const candidates = [...new Set([...samples, answer])];
  const list =
    candidates.length > 1
      ? `\n\nHere are some possible answers:\n${candidates.map((each) => `${each}\n`).join("")}`
      : "";
  return { ...plain, candidates: list };
}

/** In the examples of jlko's prompt the most likely answer stands first, each answer is followed by " \n". */
const shotFilling = ({ question, answer, samples = [] }: AskedQuestion): Filling => ({
  shots: "",
  question,
  answer,
  brainstormed: [answer, ...samples].map((text) => `${text.trim()} \n`).join(""),
});

/** In the question itself it stands last, and each is followed by "\n". */
const brainstormed = ({ answer, samples = [] }: AskedQuestion): string =>
  [...samples, answer].map((text) => `${text.trim()}\n`).join("");

interface PTrueReading {
  p: number | null;
  /** Uncertainty is -ln p, not 1 - p. */
  loss: boolean;
  reason?: string | undefined;
  interval: AskedEstimate["confidenceInterval"];
  mass: number | null;
  tokensRead: number | null;
  /** The first token, where one was written. */
  reply?: string | undefined;
}

interface How {
  needs: readonly Need[];
  /** Whether this model scores, and writes nothing. */
  scores(model: LanguageModel): boolean;
  check(model: LanguageModel): void;
  ask(
    model: LanguageModel,
    wording: UsedWording,
    filling: Filling,
    options: AskOptions,
  ): Promise<PTrueReading>;
}

const scoresTexts = ({ capabilities }: LanguageModel): boolean => capabilities.score && capabilities.tokenize;

function requireScoring(model: LanguageModel): void {
  if (scoresTexts(model)) return;
  throw new SurprisalError({
    code: "UNSUPPORTED_CAPABILITY",
    what: `${model.identity.name} does not score texts, and this P(True) is the probability of a given token`,
    where: model.identity.source,
    wayOut: 'Take the variant "normalised" or "uqlm", or a model that scores texts.',
  });
}

function requireTokens(model: LanguageModel): void {
  requireWriting(model);
  if (model.capabilities.alternatives > 0) return;
  throw new SurprisalError({
    code: "UNSUPPORTED_CAPABILITY",
    what: `${model.identity.name} gives no probabilities of its tokens, so P(True) cannot be read`,
    where: model.identity.source,
    wayOut:
      "Ask in words instead: verbalised, topGuesses, introspective; or take a server that gives log-probabilities.",
  });
}

const HOW: Readonly<Record<PTrueVariant, How>> = {
  normalised: {
    needs: ["calls", "alternatives"],
    scores: scoresTexts,
    check: (model) => (scoresTexts(model) ? undefined : requireTokens(model)),
    ask: (model, wording, filling, options) =>
      scoresTexts(model)
        ? byOptions(model, wording, filling, options)
        : byFirstToken(model, wording, filling, options),
  },
  "lm-polygraph": {
    needs: ["calls", "logprobs"],
    scores: () => true,
    check: requireScoring,
    ask: (model, wording, filling, { signal }) =>
      ofToken(model, filled(wording.messages[0]!.content, filling), "True", signal),
  },
  kadavath: {
    needs: ["calls", "logprobs"],
    scores: () => true,
    check: requireScoring,
    ask: (model, wording, filling, { signal }) =>
      ofToken(model, filled(wording.messages[0]!.content, filling), " A", signal),
  },
  uqlm: {
    needs: ["calls", "logprobs"],
    scores: () => false,
    check: requireTokens,
    ask: byWrittenToken,
  },
};

/** All forms of true and false as options of one question: their shares are what `decide` says. */
async function byOptions(
  model: LanguageModel,
  { messages }: UsedWording,
  filling: Filling,
  { signal }: AskOptions,
): Promise<PTrueReading> {
  const text = messages.map(({ content }) => filled(content, filling)).join("\n\n");
  const at = text.lastIndexOf("\n\n");
  const { decisions, usage } = await decide(
    model,
    {
      state: text.slice(0, at),
      questions: [
        {
          type: "choice",
          instructions: text.slice(at + 2),
          choices: [...TRUE_FORMS, ...FALSE_FORMS],
        },
      ],
    },
    { signal },
  );
  const [decision] = decisions;
  const { options, optionMass } = decision!;
  // Where nothing ends an answer (servers), "True" holds "True." already.
  const forms = (list: readonly string[]) => (optionMass === null ? list.filter(isShortest) : list);
  const sumOf = (list: readonly string[]): number | null => {
    let total = 0;
    for (const form of forms(list)) {
      const logprob = options.find(({ text }) => text === form)?.logprob ?? null;
      if (logprob === null) return null;
      total += Math.exp(logprob);
    }
    return total;
  };
  const [yes, no] = [sumOf(TRUE_FORMS), sumOf(FALSE_FORMS)];
  const mass = yes === null || no === null ? null : yes + no;
  const p = yes === null || mass === null || mass === 0 ? null : yes / mass;
  return {
    p,
    loss: false,
    reason: p === null ? "The model gives no probability to the forms of true and false" : undefined,
    interval: null,
    mass: mass === null ? null : Math.min(1, mass),
    tokensRead: usage.tokensRun,
  };
}

async function byFirstToken(
  model: LanguageModel,
  { messages, cue }: UsedWording,
  filling: Filling,
  options: AskOptions,
): Promise<PTrueReading> {
  const { signal, seed } = options;
  const prompt = promptOf(model, messages, cue, filling, []);
  const alternatives = Math.min(MOST, model.capabilities.alternatives);
  const { first, text, tokensRead } = await write(model, prompt, {
    maxTokens: 1,
    temperature: 0,
    seed,
    alternatives,
    signal,
  });
  const { share, interval, mass } = readFirstToken(first);
  return {
    p: share,
    loss: false,
    reason:
      share !== null
        ? `Read at the first token of the answer, of which the ${alternatives} most probable are listed`
        : first === null
          ? "Nothing but thought was written, and P(True) is read at the first token of an answer"
          : interval === null
            ? "The server gave no probabilities"
            : "Neither true nor false is among the tokens that the server lists",
    interval,
    mass,
    tokensRead,
    reply: text,
  };
}

async function byWrittenToken(
  model: LanguageModel,
  { messages, cue }: UsedWording,
  filling: Filling,
  options: AskOptions,
): Promise<PTrueReading> {
  const { signal, seed } = options;
  const prompt = promptOf(model, messages, cue, filling, []);
  const { first, text, tokensRead } = await write(model, prompt, {
    maxTokens: 1,
    temperature: 0,
    seed,
    signal,
  });
  const word = first?.text.trim().toLowerCase() ?? "";
  const logprob = first?.logprob ?? null;
  const isTrue = word.startsWith("true");
  const p =
    logprob === null || !(isTrue || word.startsWith("false"))
      ? null
      : isTrue
        ? Math.exp(logprob)
        : 1 - Math.exp(logprob);
  return {
    p,
    loss: false,
    reason:
      p !== null
        ? undefined
        : logprob === null
          ? "The source gives no probability of the token that it wrote"
          : `The first token, ${JSON.stringify(word)}, begins neither "true" nor "false"`,
    interval: null,
    mass: null,
    tokensRead,
    reply: text,
  };
}

/** p of one token behind a plain prompt. */
async function ofToken(
  model: LanguageModel,
  prompt: string,
  token: string,
  signal: AbortSignal | undefined,
): Promise<PTrueReading> {
  const plain = { loss: true, interval: null, mass: null };
  const { ids: before } = await model.tokenize(prompt, { addSpecial: true });
  const { ids } = await model.tokenize(token);
  if (token === "True" && ids.length !== 1)
    return {
      ...plain,
      p: null,
      tokensRead: 0,
      reason: `This tokenizer has no token "${token}", which LM-Polygraph needs`,
    };
  // What precedes the last token of " A" is read with the prompt, as jlko's code scores the last token only.
  const context = Int32Array.from([...before, ...ids.slice(0, -1)]);
  for await (const { logprob, tokensRun } of model.score([{ context, continuation: ids.slice(-1) }], {
    signal,
  }))
    return {
      ...plain,
      p: logprob === null ? null : Math.exp(logprob),
      tokensRead: model.execution.place === "server" ? null : tokensRun,
      reason: logprob === null ? "The source gives no probability of the token" : undefined,
    };
  return { ...plain, p: null, tokensRead: 0, reason: "The model gave no score" };
}

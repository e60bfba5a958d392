/** The numbers of a prompt, in the four ways that servers give them. Whether they are right is proven in alignment-proof.ts. */
import {
  field,
  logprobOf,
  malformed,
  type RemoteClient,
  type RequestOptions,
  readFields,
  throwComplaint,
} from "../remote/index.ts";
import type { Dialect, Fields } from "./dialects.ts";
import {
  type CompletionsLogprobs,
  isFourArrays,
  readCompletionsAnswer,
  tokensOfArrays,
  wireTokens,
} from "./readers/index.ts";
import type { RemoteVocabulary } from "./vocabulary.ts";

/** A token of a prompt, or one written after it. */
export interface PromptToken {
  /** `null` when the server gives no ids. */
  id: number | null;
  /** As the server writes it. */
  token: string;
  /** ln p, nats; `null` = missing, as for the first one. */
  logprob: number | null;
  /** 1 = first choice; `null` when the server does not say. */
  rank: number | null;
  /** It was the model's first choice; `null` when the server does not say. */
  first: boolean | null;
  /** Best first. */
  alternatives: readonly { id: number | null; token: string; logprob: number | null }[];
}

export type TextOrTokens = string | readonly number[];

/** One way to ask a server for the numbers of a prompt. */
export interface PromptNumbers {
  /** How, for people: "prompt_logprobs". */
  method: string;
  /** Gives the ids of tokens, and takes them. */
  ids: boolean;
  /** Takes token ids for a prompt, if only as the text that they come from. */
  takesIds: boolean;
  /** Cannot be asked without the server's tokenizer. */
  needsTokenizer: boolean;
  /** Gives alternatives with ids. */
  alternatives: boolean;
  /** Every token of the prompt, the one in front that the server adds among them. */
  score(prompt: TextOrTokens, alternatives: number, options?: RequestOptions): Promise<PromptToken[]>;
  /** A few tokens written greedily after a prompt, with their numbers. */
  write(prompt: TextOrTokens, count: number, options?: RequestOptions): Promise<PromptToken[]>;
}

/** What the four ways have in common. */
interface Source {
  client: RemoteClient;
  model: string;
  dialect: Dialect;
  /** The server's, if it has one. */
  vocabulary: RemoteVocabulary | null;
}

export function promptNumbers(method: NonNullable<Dialect["prompt"]>, source: Source): PromptNumbers {
  const makers = { vllm: vllmNumbers, sglang: sglangNumbers, tgi: tgiNumbers, echo: echoNumbers };
  const numbers = makers[method](source);
  return {
    ...numbers,
    score: (prompt, k, options) =>
      numbers.score(prompt, k, { ...options, tokens: 1, promptTokens: prompt.length, alternatives: k }),
    write: (prompt, count, options) => numbers.write(prompt, count, { ...options, tokens: count }),
  };
}

async function ask(client: RemoteClient, path: string, body: Fields, options: RequestOptions) {
  const answer = await client.post(path, body, options);
  const json = await answer.json();
  throwComplaint(Array.isArray(json) ? json[0] : json, answer.where);
  return { json, where: answer.where };
}

async function completion(client: RemoteClient, body: Fields, options: RequestOptions) {
  const { json, where } = await ask(client, "completions", { temperature: 0, ...body }, options);
  const { choices, usage } = readCompletionsAnswer(json, where);
  const choice = choices?.[0];
  if (!choice) throw malformed("There is no choice", `${where}, choices`);
  return { choice, usage, where };
}

/** "token_id:123", as vLLM writes tokens when it is asked to. */
function tokenId(token: string): number | null {
  const [, digits] = /^token_id:(\d+)$/.exec(token) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** A key of `prompt_logprobs`. @throws SurprisalError WIRE_MALFORMED */
function idOf(key: string, where: string): number {
  const id = /^\d{1,10}$/.test(key) ? Number(key) : Number.NaN;
  return readFields(field.tokenId, id, `${where}[${key.slice(0, 20)}]`);
}

/** From 1 on. */
const rank = field.refine(field.tokenId, (value) => value >= 1);
const promptLogprob = field.object({
  logprob: field.nullish(field.number),
  rank: field.nullish(rank),
  decoded_token: field.nullish(field.string),
});
/** One object per token of the prompt, keyed by token id. */
const promptLogprobs = field.object({
  choices: field.array(
    field.object({
      prompt_logprobs: field.nullish(field.array(field.nullable(field.record(promptLogprob)))),
    }),
  ),
});

/** Source: vllm-project/vllm, entrypoints/openai/completion/protocol.py and serving.py. */
function vllmNumbers({ client, model, vocabulary }: Source): PromptNumbers {
  return {
    method: "prompt_logprobs",
    ids: true,
    takesIds: true,
    needsTokenizer: true,
    alternatives: true,
    async score(prompt, k, options = {}) {
      const special = { addSpecial: true, parseSpecial: true };
      const ids =
        typeof prompt === "string"
          ? (await vocabulary!.encode(prompt, { ...special, ...options })).ids
          : prompt;
      const body = { model, prompt: ids, max_tokens: 1, prompt_logprobs: Math.max(1, k) };
      const { choice, where } = await completion(client, body, options);
      const entries =
        readFields(promptLogprobs, { choices: [choice] }, where).choices[0]?.prompt_logprobs ?? [];
      return ids.slice(0, entries.length).map((id, i) => {
        const entry = entries[i];
        const at = `${where}, choices[0].prompt_logprobs[${i}]`;
        const own = entry?.[String(id)];
        if (entry && !own) throw malformed(`Token ${id} of the prompt is not among its numbers`, at);
        const others = Object.entries(entry ?? {}).map(([key, other]) => ({
          id: idOf(key, at),
          token: other.decoded_token ?? "",
          logprob: logprobOf(other.logprob, `${at}[${key}].logprob`),
          rank: other.rank ?? null,
        }));
        return {
          id,
          token: own?.decoded_token ?? "",
          logprob: logprobOf(own?.logprob, `${at}[${id}].logprob`),
          rank: own?.rank ?? null,
          first: own?.rank ? own.rank === 1 : null,
          // The token itself is there whatever its rank.
          alternatives: others
            .filter(({ rank }) => rank === null || rank <= k)
            .sort(byProbability)
            .slice(0, k),
        };
      });
    },
    async write(prompt, count, options = {}) {
      const body = { model, prompt, max_tokens: count, logprobs: 1, return_tokens_as_token_ids: true };
      const { choice, where } = await completion(client, body, options);
      return tokensOf(choice.logprobs, where).map((token) => ({ ...token, id: tokenId(token.token) }));
    },
  };
}

/** Source: openai-node 6, resources/completions.ts; lm-evaluation-harness, models/openai_completions.py. */
function echoNumbers({ client, model, dialect }: Source): PromptNumbers {
  return {
    method: "echo with logprobs",
    ids: false,
    takesIds: dialect.takesIds,
    needsTokenizer: false,
    alternatives: false,
    async score(prompt, _k, options = {}) {
      const body = { model, prompt, max_tokens: 1, echo: true, logprobs: 1 };
      const { choice, usage, where } = await completion(client, body, options);
      const tokens = tokensOf(choice.logprobs, where);
      // What was written after the prompt stands at the end.
      const written = usage?.completion_tokens ?? 1;
      return tokens.slice(0, usage?.prompt_tokens ?? Math.max(0, tokens.length - written));
    },
    async write(prompt, count, options = {}) {
      const body = { model, prompt, max_tokens: count, logprobs: 1 };
      const { choice, where } = await completion(client, body, options);
      return tokensOf(choice.logprobs, where);
    },
  };
}

/** The tokens of a completion: in four arrays, or in llama-server's list. */
function tokensOf(logprobs: CompletionsLogprobs, where: string): PromptToken[] {
  const at = `${where}, choices[0].logprobs`;
  if (!logprobs || typeof logprobs === "number" || Array.isArray(logprobs)) return [];
  const tokens = isFourArrays(logprobs)
    ? tokensOfArrays(logprobs, at)
    : wireTokens(logprobs.content, `${at}.content`);
  return tokens.map(({ token, logprob, alternatives }) => {
    const highest = Math.max(
      ...(alternatives ?? []).map((other) => other.logprob ?? Number.NEGATIVE_INFINITY),
    );
    const first = logprob !== null && alternatives?.length ? logprob >= highest : null;
    return { id: null, token, logprob, rank: first ? 1 : null, first, alternatives: [] };
  });
}

/** ln p, id, text; the first of a prompt may be a bare `null`. */
const triple = field.triple(field.nullable(field.number), field.tokenId, field.nullish(field.string));
const generated = field.object({
  meta_info: field.object({
    input_token_logprobs: field.nullish(field.array(field.nullable(triple))),
    input_top_logprobs: field.nullish(field.array(field.nullable(field.array(triple)))),
    output_token_logprobs: field.nullish(field.array(triple)),
  }),
});

/** Source: sgl-project/sglang, srt/managers/tokenizer_manager.py; lm-evaluation-harness, models/sglang_generate_API.py. */
function sglangNumbers({ client }: Source): PromptNumbers {
  const generate = async (prompt: TextOrTokens, count: number, more: Fields, options: RequestOptions) => {
    const body = {
      ...(typeof prompt === "string" ? { text: prompt } : { input_ids: prompt }),
      sampling_params: { max_new_tokens: count, temperature: 0 },
      return_logprob: true,
      return_text_in_logprobs: true,
      ...more,
    };
    const { json, where } = await ask(client, "/generate", body, options);
    return { meta: readFields(generated, json, where).meta_info, where: `${where}, meta_info` };
  };
  const alternative = ([logprob, id, token]: ReturnType<typeof triple>, where: string) => ({
    id,
    token: token ?? "",
    logprob: logprobOf(logprob, where),
  });
  return {
    method: "input_token_logprobs",
    ids: true,
    takesIds: true,
    needsTokenizer: false,
    alternatives: true,
    async score(prompt, k, options = {}) {
      const more = { logprob_start_len: 0, top_logprobs_num: Math.max(1, k) };
      const { meta, where } = await generate(prompt, 1, more, options);
      return (meta.input_token_logprobs ?? []).map((entry, i) => {
        const id = typeof prompt === "string" ? null : (prompt[i] ?? null);
        if (!entry) return { id, token: "", logprob: null, rank: null, first: null, alternatives: [] };
        const tops = (meta.input_top_logprobs?.[i] ?? [])
          .map((other) => alternative(other, `${where}.input_top_logprobs[${i}]`))
          .sort(byProbability);
        const own = alternative(entry, `${where}.input_token_logprobs[${i}]`);
        const first = tops.length > 0 ? own.id === tops[0]!.id : null;
        return { ...own, rank: first ? 1 : null, first, alternatives: tops.slice(0, k) };
      });
    },
    async write(prompt, count, options = {}) {
      const { meta, where } = await generate(prompt, count, {}, options);
      return (meta.output_token_logprobs ?? []).map((entry, i) => ({
        ...alternative(entry, `${where}.output_token_logprobs[${i}]`),
        rank: null,
        first: null,
        alternatives: [],
      }));
    },
  };
}

const tgiToken = field.object({
  id: field.tokenId,
  text: field.string,
  logprob: field.nullish(field.number),
});
const tgiAnswer = field.object({
  details: field.object({ prefill: field.array(tgiToken), tokens: field.array(tgiToken) }),
});

/** Source: huggingface/text-generation-inference, router/src/lib.rs. The launcher needs `--enable-prefill-logprobs`. */
function tgiNumbers({ client, vocabulary }: Source): PromptNumbers {
  const generate = async (prompt: TextOrTokens, parameters: Fields, options: RequestOptions) => {
    const body = { inputs: prompt, parameters: { do_sample: false, details: true, ...parameters } };
    const { json, where } = await ask(client, "/generate", body, options);
    const { details } = readFields(tgiAnswer, Array.isArray(json) ? json[0] : json, where);
    const tokensOf = (name: "prefill" | "tokens") =>
      details[name].map(({ id, text, logprob }, i) => ({
        id,
        token: text,
        logprob: logprobOf(logprob, `${where}, details.${name}[${i}].logprob`),
        rank: null,
        first: null,
        alternatives: [],
      }));
    return tokensOf;
  };
  return {
    method: "decoder_input_details",
    ids: false,
    takesIds: vocabulary !== null,
    needsTokenizer: false,
    alternatives: false,
    async score(prompt, _k, options = {}) {
      // It takes texts only: ids are sent as the text that it makes exactly these ids of.
      const text = typeof prompt === "string" ? prompt : await vocabulary!.textOf(prompt, options);
      return (await generate(text, { max_new_tokens: 1, decoder_input_details: true }, options))("prefill");
    },
    write: async (prompt, count, options = {}) =>
      (await generate(prompt, { max_new_tokens: count }, options))("tokens"),
  };
}

function byProbability(a: { logprob: number | null }, b: { logprob: number | null }): number {
  return (b.logprob ?? Number.NEGATIVE_INFINITY) - (a.logprob ?? Number.NEGATIVE_INFINITY) || 0;
}

/** vLLM. */
import { type ChatStyle, chatAnswer } from "../formats/chat.ts";
import { type CompletionsStyle, completionsAnswer } from "../formats/completions.ts";
import { type Json, number, Refusal } from "../pick.ts";
import { lossy, type SpokenToken, type Utterance } from "../utterance.ts";
import {
  type Call,
  commonWish,
  type Dialect,
  messagesOf,
  promptOf,
  say,
  shifted,
  wantsStream,
  wantsUsage,
} from "./dialect.ts";
import { modelsRoute, refuseLogprobs } from "./openai.ts";
import { withSamples } from "./samples.ts";

const CREATED = 1795514236;
/** `--max-logprobs`. */
const MOST = 20;

const error = (status: number, message: string, parameter?: string): Json => ({
  error: { message, type: "BadRequestError", param: parameter ?? null, code: status },
});

function checkNumber(name: string, value: number | undefined, stream: boolean): void {
  if (value === undefined) return;
  if (name === "prompt_logprobs" && stream && value !== 0)
    throw new Refusal(400, error(400, "`prompt_logprobs` are not available when `stream=True`.", name));
  if (value > MOST)
    throw new Refusal(
      400,
      error(400, `Requested sample logprobs of ${value}, which is greater than max allowed: ${MOST}`, name),
    );
}

const chatStyle = (body: Json, said?: Utterance): ChatStyle => ({
  id: "chatcmpl-9f4f5b6f7d1d4b60b4b7a4e7e0d6c1a2",
  created: CREATED,
  spelling: body.return_tokens_as_token_ids === true ? "id" : "carried",
  bytes: "text",
  endOfText: "always",
  countsEndOfText: true,
  emptyLogprobs: null,
  role: { content: "" },
  finish: "last token",
  usage: "own chunk",
  ownFirst: true,
  tokenIds: body.return_token_ids === true,
  choice: (finish) => (finish === null ? {} : { stop_reason: null }),
  ...(said && {
    body: {
      prompt_logprobs:
        number(body.prompt_logprobs) === undefined
          ? null
          : promptLogprobs(said, number(body.prompt_logprobs)!),
      prompt_token_ids: body.return_token_ids === true ? said.prompt.map(({ id }) => id) : null,
      kv_transfer_params: null,
    },
  }),
});

/** One object per prompt token, keyed by id: the token itself first. The very first has none. */
function promptLogprobs({ prompt }: Utterance, top: number): (Json | null)[] {
  const entry = (id: number, bytes: Uint8Array, logprob: number, rank: number) =>
    [String(id), { logprob, rank, decoded_token: lossy(bytes) }] as const;
  return prompt.map((token) => {
    if (token.logprob === null) return null;
    const others = token.alternatives
      .slice(0, top)
      .map(({ id, bytes, logprob }, i) => entry(id, bytes, logprob, i + 1));
    return Object.fromEntries([entry(token.id, token.bytes, token.logprob, token.rank), ...others]);
  });
}

/** @param top alternatives of the prompt's tokens; `undefined` = its numbers were not asked for. */
async function promptWith(call: Call, said: Utterance, top: number | undefined): Promise<Utterance> {
  if (!call.misbehave.shiftedEcho || top === undefined) return said;
  const whole: SpokenToken[] = await shifted(call.model, [...said.prompt, ...said.tokens], top);
  const cut = said.prompt.length;
  return { ...said, prompt: whole.slice(0, cut), tokens: whole.slice(cut) };
}

export const vllm: Dialect = {
  base: "/v1",
  error,
  errorEvent: {
    error: { message: "Internal server error", type: "InternalServerError", param: null, code: 500 },
  },
  routes: withSamples([
    {
      method: "POST",
      path: /^\/v1\/chat\/completions$/,
      async reply(call) {
        const { body } = call;
        const stream = wantsStream(body);
        const top = number(body.top_logprobs) ?? 0;
        const promptTop = number(body.prompt_logprobs);
        checkNumber("top_logprobs", top, stream);
        checkNumber("prompt_logprobs", promptTop, stream);
        refuseLogprobs(call, body.logprobs === true, error);
        const said = await promptWith(
          call,
          await say(call, {
            ...commonWish(body),
            prompt: messagesOf(body),
            alternatives: Math.max(top, promptTop ?? 0),
            scorePrompt: promptTop !== undefined,
          }),
          promptTop,
        );
        const request = {
          logprobs: body.logprobs === true,
          topLogprobs: top,
          includeUsage: wantsUsage(body),
        };
        return { answer: chatAnswer(said, chatStyle(body, said), request), stream, framing: "sse" };
      },
    },
    {
      method: "POST",
      path: /^\/v1\/completions$/,
      async reply(call) {
        const { body, misbehave } = call;
        const stream = wantsStream(body);
        const top = number(body.logprobs);
        const echo = body.echo === true && !misbehave.ignoredEcho;
        const promptTop = number(body.prompt_logprobs) ?? (echo ? top : undefined);
        checkNumber("logprobs", top, stream);
        checkNumber("prompt_logprobs", number(body.prompt_logprobs), stream);
        refuseLogprobs(call, top !== undefined, error);
        if (typeof body.prompt === "string" && body.prompt === "")
          throw new Refusal(
            400,
            error(400, "Either prompt or prompt_embeds must be provided and non-empty.", "prompt"),
          );
        const wish = commonWish(body);
        const said = await promptWith(
          call,
          await say(call, {
            ...wish,
            prompt: promptOf(body.prompt),
            alternatives: Math.max(top ?? 0, promptTop ?? 0),
            scorePrompt: promptTop !== undefined,
            addSpecial: body.add_special_tokens !== false,
          }),
          promptTop === undefined ? undefined : Math.max(top ?? 0, promptTop),
        );
        const silent = misbehave.emptyEcho === true;
        const style: CompletionsStyle = {
          id: "cmpl-9f4f5b6f7d1d4b60b4b7a4e7e0d6c1a2",
          created: CREATED,
          spelling: body.return_tokens_as_token_ids === true ? "id" : "carried",
          endOfText: true,
          countsEndOfText: true,
          finish: "last token",
          usageChunk: true,
          own: "first",
          tokenIds: body.return_token_ids === true,
          choice: (finish) => (finish === null ? {} : { stop_reason: null }),
          wholeChoice: {
            prompt_logprobs:
              promptTop === undefined ? null : silent ? [null] : promptLogprobs(said, promptTop),
            prompt_token_ids: body.return_token_ids === true ? said.prompt.map(({ id }) => id) : null,
          },
          body: { kv_transfer_params: null },
        };
        const answer = completionsAnswer(said, style, {
          logprobs: top ?? null,
          echo,
          includeUsage: wantsUsage(body),
          onlyEcho: echo && wish.maxTokens === 0,
        });
        return { answer, stream, framing: "sse" };
      },
    },
    modelsRoute(/^\/v1\/models$/, (id) => ({
      id,
      object: "model",
      created: CREATED,
      owned_by: "vllm",
      root: id,
      parent: null,
      max_model_len: 4096,
      permission: [],
    })),
    { method: "GET", path: /^\/version$/, reply: () => ({ json: { version: "0.16.0" } }) },
    { method: "GET", path: /^\/health$/, reply: () => ({ json: {} }) },
    {
      method: "POST",
      path: /^\/tokenize$/,
      async reply({ model, body }) {
        const { ids } = await model.tokenize(String(body.prompt), {
          addSpecial: body.add_special_tokens !== false,
          parseSpecial: true,
        });
        const strings = await Promise.all(Array.from(ids, async (id) => lossy(await model.detokenize([id]))));
        return {
          json: {
            count: ids.length,
            max_model_len: 4096,
            tokens: Array.from(ids),
            token_strs: body.return_token_strs === true ? strings : null,
          },
        };
      },
    },
    {
      method: "POST",
      path: /^\/detokenize$/,
      async reply({ model, body }) {
        return { json: { prompt: lossy(await model.detokenize(body.tokens as number[])) } };
      },
    },
  ]),
};

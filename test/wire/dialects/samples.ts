/** `n`: several answers to one request, their chunks mixed as they come, counted once. */
import type { WireAnswer, WireEvent } from "../answer.ts";
import { type Json, number, object } from "../pick.ts";
import type { Reply, Route } from "./dialect.ts";

/** Answer i is drawn with the seed plus i: vLLM, vllm/v1/engine/parallel_sampling.py. */
export function withSamples(routes: readonly Route[]): Route[] {
  return routes.map(sampling);
}

function sampling(route: Route): Route {
  return {
    ...route,
    async reply(call): Promise<Reply> {
      const n = number(call.body.n) ?? 1;
      if (n === 1 || call.misbehave.ignoresSamples) return route.reply(call);
      const replies: Reply[] = [];
      for (let i = 0; i < n; i++) {
        const seed = (number(call.body.seed) ?? 12345) + i;
        replies.push(await route.reply({ ...call, body: { ...call.body, seed } }));
      }
      const [first] = replies;
      if (!first || !("answer" in first)) return first!;
      return {
        ...first,
        answer: together(replies.flatMap((reply) => ("answer" in reply ? [reply.answer] : []))),
      };
    },
  };
}

function together(answers: readonly WireAnswer[]): WireAnswer {
  const bodies = answers.map(({ body }) => object(body));
  const events: WireEvent[] = [];
  const longest = Math.max(...answers.map(({ events }) => events.length));
  const counts: Json[] = [];
  let last: Json | null = null;
  for (let place = 0; place < longest; place++)
    for (const [i, { events: own }] of answers.entries()) {
      const event = own[place];
      if (!event || event.data === "[DONE]") continue;
      const data = event.data === undefined ? null : object(event.data);
      if (data && choicesOf(data).length === 0 && data.usage) {
        counts.push(object(data.usage));
        last = data;
      } else if (data && choicesOf(data).length > 0)
        events.push({ ...event, data: { ...data, choices: numbered(data, i) } });
      else if (i === 0) events.push(event);
    }
  if (last) events.push({ data: { ...last, usage: summed(counts) } });
  events.push({ data: "[DONE]" });
  const choices = bodies.flatMap((body, i) => numbered(body, i));
  const usage = summed(bodies.map((body) => object(body.usage)));
  return { body: { ...bodies[0], choices, usage }, events };
}

const choicesOf = (data: Json): Json[] => (Array.isArray(data.choices) ? data.choices.map(object) : []);
const numbered = (data: Json, index: number): Json[] =>
  choicesOf(data).map((choice) => ({ ...choice, index }));

/** The prompt is counted once. */
function summed(counts: readonly Json[]): Json {
  const completion = counts.reduce((sum, count) => sum + (number(count.completion_tokens) ?? 0), 0);
  const prompt = number(counts[0]?.prompt_tokens) ?? 0;
  return {
    ...counts[0],
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
  };
}

/** `evaluate` over a server, as over a model in this process. */
import { afterEach, expect, it } from "vitest";
import { type Corpus, evaluate } from "../src/evaluate/index.ts";
import { OpenAIModel } from "../src/models/openai/index.ts";
import { type FakeServer, startFakeServer } from "./wire/fake-server.ts";
import { plainModel } from "./wire/plain-model.ts";

const corpus: Corpus = {
  ...{ name: "texts", source: "texts", domain: null, rule: { name: "list", source: null } },
  async *documents() {
    for (let i = 0; i < 12; i++)
      yield { name: `${i}`, text: `Text ${i}: ${"more and more words, ".repeat(i)}` };
  },
};

let server: FakeServer | undefined;
afterEach(() => server?.close());

it.each(["vllm", "sglang"] as const)(
  "%s gives the totals of the model itself, several requests at a time",
  async (dialect) => {
    server = await startFakeServer({ dialect, model: plainModel() });
    const model = await OpenAIModel.open(server.url, { backoffMs: 1 });
    const run = await evaluate({
      models: [model],
      corpora: [corpus],
      recipe: "strided",
      context: 64,
      concurrency: 3,
    });
    const own = await evaluate({ models: [plainModel()], corpora: [corpus], recipe: "strided", context: 64 });
    const [there, here] = [run.results[0]!, own.results[0]!];
    expect(there).toMatchObject({ scored: here.scored, documents: 12, skipped: 0 });
    expect(there.nll).toBeCloseTo(here.nll!, 6);
  },
);

it("keeps what is done when the server goes away", async () => {
  server = await startFakeServer({ dialect: "vllm", model: plainModel() });
  const model = await OpenAIModel.open(server.url, { backoffMs: 1, attempts: 1 });
  const gone = server;
  const error = await evaluate({
    models: [model],
    corpora: [corpus],
    concurrency: 1,
    onDocument: ({ documentIndex }) => void (documentIndex === 2 && gone.close()),
  }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "SERVER_UNREACHABLE" });
});

it("keeps no secret of a model's address", async () => {
  server = await startFakeServer({ dialect: "vllm", model: plainModel() });
  const run = await evaluate({ models: [`${server.url}?api_key=s3cret#plain`], corpora: [corpus], limit: 2 });
  expect(run.results[0]!.documents).toBe(2);
  expect(JSON.stringify(run)).not.toContain("s3cret");
  expect(run.request.models).toEqual([`${server.url}#plain`]);
});

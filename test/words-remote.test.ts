/** Words of a server that scores texts: the sum rule as in process; the corrected one needs whole distributions. */
import { afterEach, expect, it } from "vitest";
import { scorePairs, scoreWords } from "../src/evaluate/index.ts";
import { OpenAIModel } from "../src/models/openai/index.ts";
import { type FakeServer, startFakeServer } from "./wire/fake-server.ts";
import { plainModel } from "./wire/plain-model.ts";

let server: FakeServer | undefined;
afterEach(() => server?.close());

it.each(["vllm", "sglang"] as const)("%s gives the sums of the model itself", async (dialect) => {
  server = await startFakeServer({ dialect, model: plainModel() });
  const model = await OpenAIModel.open(server.url, { backoffMs: 1 });
  const text = "It isn't so: well-known words.";
  for (const given of ["", "He said that"]) {
    const [there, here] = [
      await scoreWords(model, text, { given, bos: false }),
      await scoreWords(plainModel(), text, { given, bos: false, recipe: "strided" }),
    ];
    expect(there.words.map(({ word, tokens }) => [word, tokens])).toEqual(
      here.words.map(({ word, tokens }) => [word, tokens]),
    );
    for (const [i, { surprisalSum, surprisalCorrected }] of there.words.entries()) {
      const own = here.words[i]!.surprisalSum;
      expect(surprisalSum).toEqual(own === null ? null : expect.closeTo(own, 6));
      expect(surprisalCorrected).toBeNull();
    }
    expect(there.words.at(-1)!.surprisalSum).not.toBeNull();
    expect(there.notes).toContainEqual(expect.stringContaining("no whole distributions"));
  }
  await expect(scoreWords(model, text, { corrected: true })).rejects.toMatchObject({
    code: "UNSUPPORTED_CAPABILITY",
  });
  const pairs = [{ good: "So it is.", bad: "It is so.", given: "He said:" }];
  const [far] = await scorePairs(model, pairs);
  const [near] = await scorePairs(plainModel(), pairs);
  expect(far!.difference).toBeCloseTo(near!.difference!, 6);
});

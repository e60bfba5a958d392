/** A token across the border of context and continuation, scored by servers that take ids and by servers that take texts. */
import { afterEach, expect, it } from "vitest";
import { type FakeServerOptions, startFakeServer } from "../../../test/wire/fake-server.ts";
import { scoreOne } from "../test/_check.ts";
import { TableModel } from "../test/index.ts";
import { OpenAIModel } from "./index.ts";

const [BOS, EOS] = [256, 257];
const symbols = [...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)), "<s>", "</s>", "be"];
/** Printable text, in an order of its own after each token. */
const transitions = symbols.map((_, previous) => {
  const row = symbols.map((_, next) => {
    if (next === BOS) return 0;
    const readable = (next >= 32 && next < 127) || next === 258;
    return readable ? (1 + ((89 * next + 53 * previous) % 97)) ** -(0.6 + (previous % 5) / 4) : 1e-9;
  });
  const total = row.reduce((sum, weight) => sum + weight, 0);
  return row.map((weight) => weight / total);
});
const truth = new TableModel({ name: "plain", symbols, transitions, bos: BOS, eos: EOS });

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function open(dialect: FakeServerOptions["dialect"]): Promise<OpenAIModel> {
  const server = await startFakeServer({ dialect, model: truth });
  closing.push(() => server.close());
  return OpenAIModel.open(server.url, { backoffMs: 1 });
}

it.each(["vllm", "sglang", "tgi", "llama-cpp-python"] as const)("%s", async (dialect) => {
  const model = await open(dialect);
  const takesIds = dialect === "vllm" || dialect === "sglang";
  if (takesIds) expect(model.capabilities.score).toBe(true);
  if (!model.capabilities.score) return; // an echo that is a token late is not believed
  const plain = await scoreOne(model, "so be", " it");
  expect(plain.logprob).toBeCloseTo((await scoreOne(truth, "so be", " it")).logprob!, 4);
  expect(plain.border).toMatchObject({ rule: "whole", apart: false, lost: { bytes: 0 } });
  const theirs = await scoreOne(truth, "so b", "ey day", { border: "lm-eval" });
  const lmEval = await scoreOne(model, "so b", "ey day", { border: "lm-eval" }).catch(
    (error: { code: string }) => error.code,
  );
  if (typeof lmEval !== "string") expect(lmEval.border).toMatchObject({ lost: theirs.border!.lost });
  const whole = scoreOne(model, "so b", "ey day");
  if (!takesIds) {
    await expect(whole).rejects.toMatchObject({ code: "UNSUPPORTED_CAPABILITY" });
    return;
  }
  const expected = await scoreOne(truth, "so b", "ey day");
  expect((await whole).border).toEqual(expected.border);
  expect(expected.border!.apart).toBe(true);
  expect((await whole).logprob).toBeCloseTo(expected.logprob!, 4);
  expect([...(await whole).tokens.byteOffsets]).toEqual([...expected.tokens.byteOffsets]);
});

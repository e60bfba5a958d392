/** Runs over chats, and over corpora of which a part cannot be read. */
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { CorpusFolder } from "../../../test/corpus-folder.ts";
import type { ChatMessage, LanguageModel } from "../../models/index.ts";
import { TableModel } from "../../models/test/index.ts";
import { openCorpora } from "../corpora/index.ts";
import { readRun } from "../runs/index.ts";
import { scoreText } from "../scoring/index.ts";
import { evaluate, resumeEvaluation } from "./index.ts";

const folder = new CorpusFolder();
afterAll(() => folder.remove());

/** A model of bytes with a template, and an end-of-text token that stands in it. */
function chatModel(name: string, mark: string): LanguageModel {
  const model = TableModel.bytes();
  const eos = new TextDecoder().decode(model.vocabulary.piece(model.vocabulary.eos!));
  const applyChatTemplate = (messages: readonly ChatMessage[]) =>
    messages.map(({ role, content }) => `${mark}${role}\n${content}${eos}`).join("");
  return Object.assign(model, {
    identity: { ...model.identity, name },
    capabilities: { ...model.capabilities, chatTemplate: true },
    applyChatTemplate,
  });
}

const CHATS = Array.from({ length: 3 }, (_, i) => [
  { role: "user", content: `Question ${i}?` },
  { role: "assistant", content: "An answer.".repeat(i + 1) },
]);
const rows = CHATS.map((messages) => JSON.stringify({ messages })).join("\n");

describe("a corpus of chats", () => {
  it("is what each model's own template makes of it, its special tokens read", async () => {
    const path = folder.write(rows, "chats.jsonl");
    const [corpus] = await openCorpora(path);
    const models = [chatModel("one", "#"), chatModel("two", "@@@@")];
    const run = await evaluate({ models, corpora: [corpus!], recipe: "full" });
    for (const [i, model] of models.entries()) {
      let [nll, scored] = [0, 0];
      for (const messages of CHATS) {
        const text = model.applyChatTemplate(messages);
        const { sums, table } = await scoreText(model, text, { recipe: "full", parseSpecial: true });
        expect([...table.ids].filter((id) => id === model.vocabulary.eos)).toHaveLength(2);
        nll += sums.totalNll;
        scored += sums.scored;
      }
      expect(run.results[i]!.scored).toBe(scored);
      expect(run.results[i]!.nll! * scored).toBeCloseTo(nll, 6);
    }
    expect(run.corpora[0]!.rule.chat).toMatch(/template/);
    expect(run.results[0]!.parts).toBeNull(); // three chats: every model makes another text of them
  });

  it("is refused by a model without a template, and scored by the others", async () => {
    const [corpus] = await openCorpora(folder.write(rows, "again.jsonl"));
    const models = [TableModel.bytes(), chatModel("one", "#")];
    const run = await evaluate({ models, corpora: [corpus!] });
    expect(run.failures).toMatchObject([{ modelIndex: 0, code: "UNSUPPORTED_CAPABILITY" }]);
    expect(run.results).toHaveLength(1);
  });
});

describe("a run with what cannot be read left out", () => {
  const latin1 = Buffer.from([0x63, 0xe9]);

  it("says how much it was, leaves out corpora of which nothing is left, and goes on with the same", async () => {
    folder.write("good text", "mixed/one/a.txt");
    folder.write(latin1, "mixed/one/b.txt");
    folder.write(latin1, "mixed/bad.txt");
    const corpora = () => openCorpora(join(folder.path, "mixed"), { skipUnreadable: true });
    const options = { models: [TableModel.bytes()], folder: join(folder.path, "run") };
    const run = await evaluate({ ...options, corpora: await corpora() });
    expect(run.corpora.map(({ name }) => name)).toEqual(["one"]);
    expect(run.corpora[0]!.unreadable).toEqual({
      count: 1,
      parts: [{ name: "one/b.txt, byte 1", code: "INVALID_UTF8", reason: "The text is not valid UTF-8" }],
    });
    expect(run.notes).toContainEqual(expect.stringContaining("bad was left out"));
    expect(readRun(options.folder).corpora).toEqual(JSON.parse(JSON.stringify(run.corpora)));
    const again = await resumeEvaluation({ ...options, corpora: await corpora() });
    expect(again.results).toEqual(JSON.parse(JSON.stringify(run.results)));
  });

  it("is no run where nothing can be read", async () => {
    const corpora = await openCorpora(folder.write(latin1, "only.txt"), { skipUnreadable: true });
    await expect(evaluate({ models: [TableModel.bytes()], corpora })).rejects.toMatchObject({
      code: "EMPTY_INPUT",
      wayOut: expect.stringContaining("not valid UTF-8"),
    });
  });
});

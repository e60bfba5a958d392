/** `surprisal detect` without a process: lines, documents, what the terminal shows. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AnsweredToken } from "../src/cli/chat/answer.ts";
import { flagLine } from "../src/cli/chat/flags.ts";
import { AnswerFlags } from "../src/cli/chat/index.ts";
import { readContext } from "../src/cli/detect/context.ts";
import { type DetectItem, readDetectItems } from "../src/cli/detect/given.ts";
import { type DetectSetup, detect } from "../src/cli/detect/index.ts";
import { renderDetection } from "../src/cli/render/index.ts";
import { PerplexityMeter, SurprisalError } from "../src/core/index.ts";
import { retrievalLift, SIGNALS } from "../src/detect/index.ts";
import { markedPieces } from "../src/report/index.ts";
import { displayWidth, visible } from "../src/text/index.ts";
import { CopyingModel } from "./copying-model.ts";
import { detectionView, plainAnswer, towerAnswer } from "./detect-view.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-detect-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const fileOf = (name: string, content: string | Uint8Array): string => {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
};
const PLAIN = { maxMib: undefined, as: undefined, question: undefined };
const itemsIn = async (file: string, more: object = {}) => readDetectItems(file, { ...PLAIN, ...more });
const good = ({ item }: { item: DetectItem | SurprisalError }): DetectItem => {
  if (item instanceof SurprisalError) throw item;
  return item;
};

describe("what is read", () => {
  it("is one answer where it is a text", async () => {
    const [row, ...others] = await itemsIn(fileOf("a.txt", "The tower.\nIt stands.\n"), {
      question: "Where?",
    });
    expect(others).toEqual([]);
    expect(good(row!)).toMatchObject({
      answer: "The tower.\nIt stands.",
      question: "Where?",
      documents: [],
      correct: null,
    });
    // JSON that is no line of ours is a text, too.
    const [json] = await itemsIn(fileOf("b.txt", '{"colour": "red"}'));
    expect(good(json!).answer).toBe('{"colour": "red"}');
    const [forced] = await itemsIn(fileOf("c.txt", '{"answer": "red"}'), { as: "text" });
    expect(good(forced!).answer).toBe('{"answer": "red"}');
  });

  it("is lines, known by the name or by what the first has", async () => {
    const line = JSON.stringify({
      answer: "Paris.",
      question: "Capital?",
      knowledge: "Paris is the capital.",
    });
    for (const name of ["d.jsonl", "d.txt"]) {
      const [row] = await itemsIn(fileOf(name, `${line}\n`));
      expect(good(row!)).toMatchObject({
        answer: "Paris.",
        documents: [{ name: "knowledge", text: "Paris is the capital." }],
      });
    }
  });

  it("takes documents in every form that data sets have", async () => {
    const forms = [
      [
        { documents: ["a", "b"] },
        [
          { name: "document 1", text: "a" },
          { name: "document 2", text: "b" },
        ],
      ],
      [{ context: "a" }, [{ name: "context", text: "a" }]],
      [{ contexts: [{ title: "T", content: "a" }] }, [{ name: "T", text: "a" }]],
      [{ passages: [{ id: 7, page_content: "a" }] }, [{ name: "7", text: "a" }]],
      [{ documents: null, document: { name: "n", text: "" } }, [{ name: "n", text: "" }]],
      [{}, []],
    ] as const;
    const file = fileOf(
      "e.jsonl",
      forms.map(([given]) => JSON.stringify({ answer: "x", ...given })).join("\n"),
    );
    const rows = await itemsIn(file);
    expect(rows.map((row) => good(row).documents)).toEqual(forms.map(([, documents]) => documents));
  });

  it("knows labels both ways round", async () => {
    const labels = [
      { correct: true },
      { hallucination: "yes" },
      { hallucination: "no" },
      { hallucinated: true },
      {},
    ];
    const file = fileOf(
      "f.jsonl",
      labels.map((given) => JSON.stringify({ answer: "x", ...given })).join("\n"),
    );
    expect((await itemsIn(file)).map((row) => good(row).correct)).toEqual([true, false, true, false, null]);
  });

  it("keeps the good lines beside bad ones, and says where each bad one is", async () => {
    const file = fileOf(
      "g.jsonl",
      [
        '{"answer": "x"}',
        '{"answer": "x", "documents": [1]}',
        "nonsense",
        '{"answer": "x", "hallucination": "perhaps"}',
        '{"answer": " "}',
        '{"answer": "y"}',
      ].join("\n"),
    );
    const rows = await itemsIn(file);
    expect(rows.map(({ item }) => (item instanceof SurprisalError ? item.code : item.answer))).toEqual([
      "x",
      "INVALID_ARGUMENT",
      "INVALID_ARGUMENT",
      "INVALID_ARGUMENT",
      "EMPTY_INPUT",
      "y",
    ]);
    expect((rows[1]!.item as SurprisalError).where).toBe(`documents 1 of ${file}:2`);
  });

  it.each([
    ["an empty file", "h.txt", "", {}, "EMPTY_INPUT"],
    ["a question of lines", "i.jsonl", '{"answer": "x"}', { question: "?" }, "USAGE"],
    ["an empty question", "j.txt", "x", { question: " " }, "USAGE"],
    ["only bad lines", "k.jsonl", "[1]\nnull", {}, "INVALID_ARGUMENT"],
    ["no UTF-8", "l.txt", Uint8Array.of(0xff, 0xfe, 0x61), {}, "INVALID_UTF8"],
  ])("refuses %s", async (_, name, content, more, code) => {
    await expect(itemsIn(fileOf(name, content), more)).rejects.toMatchObject({ code });
  });
});

describe("documents", () => {
  it("are files, folders and patterns, each with a name of its own", async () => {
    mkdirSync(join(folder, "docs", "deep"), { recursive: true });
    writeFileSync(join(folder, "docs", "a.md"), "One.");
    writeFileSync(join(folder, "docs", "deep", "b.txt"), "Two.");
    writeFileSync(join(folder, "docs", "empty.txt"), " ");
    const alone = fileOf("a.md", "Three.");
    const { documents, notes } = await readContext([join(folder, "docs"), alone], undefined);
    expect(documents.map(({ text }) => text).sort()).toEqual(["One.", "Three.", "Two."]);
    expect(new Set(documents.map(({ name }) => name)).size).toBe(3);
    expect(notes.join()).toMatch(/empty\.txt is empty/);
  });

  it("say what is wrong with them", async () => {
    await expect(readContext([join(folder, "none.md")], undefined)).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
    });
    await expect(readContext([fileOf("blank.md", "\n")], undefined)).rejects.toMatchObject({
      code: "EMPTY_INPUT",
    });
  });
});

describe("marked pieces", () => {
  it("are the text again, and tear no character", () => {
    const text = "a👩‍💻e\u0301b";
    for (let start = 0; start <= text.length; start++)
      for (let end = start; end <= text.length; end++) {
        const pieces = markedPieces(text, [{ start, end }]);
        expect(pieces.map((piece) => piece.text).join("")).toBe(text);
        const marked = pieces.filter(({ mark }) => mark === 0).map((piece) => piece.text);
        expect(marked.length).toBeLessThanOrEqual(1);
        for (const part of ["👩", "\u0301"])
          if (marked.join("").includes(part)) expect(marked[0]).toMatch(/👩‍💻|e\u0301/u);
      }
  });

  it("are in order whatever the order of the places", () => {
    expect(
      markedPieces("abcd", [
        { start: 3, end: 4 },
        { start: 0, end: 1 },
      ]),
    ).toEqual([
      { text: "a", mark: 1 },
      { text: "bc", mark: null },
      { text: "d", mark: 0 },
    ]);
  });
});

const SETUP: DetectSetup = {
  ...{ model: null, signals: SIGNALS, documents: [], samples: 0, maxTokens: 8, temperature: 0 },
  ...{ sampleTemperature: 1, seed: 0, plain: false, system: undefined, contextTokens: undefined },
  ...{ byDocument: true, embedder: null, fusion: null, series: null },
};
const never = new AbortController().signal;
const itemOf = async (line: object): Promise<DetectItem> => {
  const [row] = await itemsIn(fileOf("one.jsonl", JSON.stringify(line)));
  return good(row!);
};

describe("one answer", () => {
  const DOCUMENTS = ["The tower was finished in 1889, says the guide.", "Bananas are yellow 🍌."];
  const answer = "The tower was finished in 1889 🍌.";

  it("is run once with documents, once without, and once without each, for all signals together", async () => {
    const model = new CopyingModel();
    const item = await itemOf({ question: "When?", answer, documents: DOCUMENTS });
    const found = await detect(item, { ...SETUP, model }, never);
    expect(model.contexts.length).toBe(4);
    expect(found.tokens.map(({ start, end }) => answer.slice(start, end)).join("")).toContain(
      "The tower was",
    );
    const lifts = found.tokens.map(({ lift }) => lift!);
    const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
    // The same as asked without the command.
    const documents = DOCUMENTS.map((text, i) => ({ name: `document ${i + 1}`, text }));
    const about = { question: "When?", answer, documents };
    const direct = await retrievalLift(new CopyingModel(), about, { leaveOneOut: true });
    expect(lifts).toEqual(direct.tokens.map(({ lift }) => lift));
    expect(sum(lifts)).toBeCloseTo(direct.answer.lift!, 9);
    expect(found.documents.map(({ support }) => support)).toEqual(direct.answer.byDocument);
    expect(found.examinations.find(({ signal }) => signal === "retrieval")!.price.tokensRun).toBe(
      direct.price.tokensRun,
    );
    // Anomalies are read from the same pass: the tokens of it are the answer.
    expect(found.examinations.find(({ signal }) => signal === "anomaly")!.reason).toBeUndefined();
    expect(found.numbersFrom).toBe("scored");
  });

  it("costs two passes without leaving documents out, one without documents, none where it has numbers", async () => {
    const passes = async (line: object, more: Partial<DetectSetup> = {}) => {
      const model = new CopyingModel();
      await detect(
        await itemOf({ question: "When?", ...line }),
        { ...SETUP, model, byDocument: false, ...more },
        never,
      );
      return model.contexts.length;
    };
    const tokens = [{ text: "So.", logprob: -1 }];
    expect(await passes({ answer, documents: DOCUMENTS })).toBe(2);
    expect(await passes({ answer })).toBe(1);
    expect(await passes({ answer, documents: DOCUMENTS }, { signals: ["anomaly"] })).toBe(1);
    expect(await passes({ answer: "So.", tokens })).toBe(0);
    expect(await passes({ answer }, { signals: ["patterns"] })).toBe(0);
  });

  it("says of each signal why it could not look", async () => {
    const { examinations, score } = await detect(await itemOf({ answer: "So." }), SETUP, never);
    expect(examinations.map(({ signal, reason }) => [signal, reason?.slice(0, 22)])).toEqual([
      ["anomaly", "The answer has no numb"],
      ["retrieval", "There are no documents"],
      ["consistency", "There are no samples: "],
      ["patterns", expect.anything()],
      ["series", "There is no detector o"],
    ]);
    expect(score).toBe(0);
  });

  it("says that numbers of another text are not used", async () => {
    const notes = async (line: object) => (await detect(await itemOf(line), SETUP, never)).notes.join(" ");
    const unused = /own numbers are not used/;
    expect(await notes({ answer: "One.", logprobs: [-1, -2] })).toMatch(unused);
    expect(await notes({ answer: "One.", tokens: [{ text: "Two.", logprob: -1 }] })).toMatch(unused);
    expect(await notes({ answer: "One.", tokens: [{ text: "One.", logprob: -1 }] })).not.toMatch(unused);
    expect(await notes({ answer: "One." })).not.toMatch(unused);
  });

  it("is not compared with itself where it is the first sample", async () => {
    const { samples, answerFrom } = await detect(
      await itemOf({ samples: ["A b.", "C d.", "E f."] }),
      SETUP,
      never,
    );
    expect([samples, answerFrom]).toEqual([2, "first sample"]);
  });

  it("needs a model where there is no answer", async () => {
    await expect(detect(await itemOf({ question: "When?" }), SETUP, never)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      what: expect.stringContaining("no model"),
    });
  });
});

describe("flags while an answer is written", () => {
  const reading = new PerplexityMeter().read();
  const token = (text: string, part: AnsweredToken["part"] = "answer"): AnsweredToken => ({
    ...{ record: { text, logprob: -0.1 }, part, text, bytes: new Uint8Array(), reading },
  });

  it("come when their sentence is over, numbered, with places in the answer alone", () => {
    const flags = new AnswerFlags("When?");
    expect(flags.observe(token("On 31 April 2000. ", "reasoning"))).toEqual([]);
    const found = ["It was", " 30 February", " 1999", ".", " Yes."].map((text) => flags.observe(token(text)));
    expect(found.map(({ length }) => length)).toEqual([0, 0, 0, 0, 1]);
    expect(flags.finish()).toEqual([]);
    const [flag] = flags.all;
    expect(flag).toMatchObject({ number: 1, signal: "patterns" });
    expect("It was 30 February 1999. Yes.".slice(flag!.start, flag!.end)).toBe(flag!.text);
    expect(flagLine({ ...flag!, because: "a\u001b[31m\u202e" })).not.toMatch(/[\u001b\u202e]/);
  });
});

const screen = (columns: number, colour: "none" | "truecolor" = "none") =>
  ({ colour, background: "dark", columns }) as const;

describe("the terminal", () => {
  it("marks spans without colours, numbers their reasons, and says what was not read", () => {
    const shown = renderDetection(towerAnswer("Ada"), "1 of 2", screen(100));
    expect(shown).toContain("finished in ⟦1899⟧₁.");
    expect(shown).toContain("⟦says Ada⟧₂.");
    expect(shown).toMatch(
      /^₁ {2}1899 {2}0\.92\n {3}– The context says 1889, not 1899 \(Ada\)\. {2}patterns, /m,
    );
    expect(shown).toContain("probability that it is made up 0.83");
    expect(shown).toContain("– Ada.md: Not read: from character 620 on.");
    expect(shown).toMatch(/\+3\.0 +██████ +\+0\.5 +Ada\.md +The tower/);
    expect(shown).toContain("– consistency: There are no samples (Ada).");
  });

  it("underlines spans where there are colours, and leaves their text alone", () => {
    const shown = renderDetection(towerAnswer("Ada"), "", screen(100, "truecolor"));
    expect(shown).toMatch(/\u001b\[4m\u001b\[48;2;[\d;]+m1899\u001b\[0m/);
    expect(shown).not.toContain("⟦");
  });

  it("fits 60 columns", () => {
    for (const answer of [towerAnswer("Ada"), towerAnswer("日本語の長い名前".repeat(9)), plainAnswer])
      for (const line of renderDetection(answer, "1 of 2", screen(60)).split("\n"))
        expect(displayWidth(line)).toBeLessThanOrEqual(60);
  });

  it("obeys no control of a text and hides nothing of it", () => {
    const hostile = "\u001b[31mred\u0007\u202eevil\u200b";
    const shown = renderDetection(detectionView(hostile).answers[0]!, hostile, screen(80));
    expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202e]/);
    expect(shown.replaceAll(/\s+/g, "")).toContain(visible("says \u001b[31mred").replaceAll(/\s+/g, ""));
  });

  it("says that nothing was found", () => {
    expect(renderDetection(plainAnswer, "", screen(120))).toBe(
      "Yes.\n\nno signal has a number · no span suspected · no numbers of tokens · 3 samples · right\n",
    );
  });
});

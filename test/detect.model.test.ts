/** `surprisal detect` and `surprisal chat --detect`: the commands as a person starts them, with mini and with a server on this machine. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "./cli-run.ts";
import { EVENT_STREAM, events, json, startRawServer } from "./wire/raw-server.ts";

let folder = "";
const path = (name: string) => join(folder, name);
const run = (...args: string[]) => runCommand(["detect", ...args], { folder });
const parsed = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
const lines = (rows: readonly unknown[]) =>
  `${rows.map((row) => (typeof row === "string" ? row : JSON.stringify(row))).join("\n")}\n`;
interface Row {
  type: string;
  answer: string;
  score: number;
  fusion: string;
  spans: { start: number; end: number; because: { kind: string }[] }[];
  tokens: { start: number; end: number; lift: number | null; surprisal: number }[];
  sentences: { lift: number }[];
  documents: { name: string; support: number | null; read: number }[];
  examinations: {
    signal: string;
    suspicion: number | null;
    reason?: string;
    price: { tokensRun: number };
  }[];
}
const rowsOf = (stdout: string): Row[] =>
  (parsed(stdout) as unknown as Row[]).filter(({ type }) => type === "answer");

const DOCUMENT = "The tower was built from 1887 to 1889. It is 330 metres tall.";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-detect-"));
  mkdirSync(path("docs"));
  writeFileSync(path("docs/tower.md"), DOCUMENT);
  writeFileSync(path("docs/fruit.txt"), "Bananas grow in warm countries.");
  writeFileSync(path("answer.txt"), "The tower was finished in 1899. It is 330 metres tall.\n");
  writeFileSync(
    path("mixed.jsonl"),
    lines([
      { id: "good", answer: "It is 330 metres tall.", documents: [DOCUMENT], correct: true },
      { id: "docs", answer: "x", documents: [7] },
      "nonsense",
      { id: "bad", answer: "It is 331 metres tall.", documents: [DOCUMENT], correct: false },
    ]),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("without a model", () => {
  it("marks what the documents have otherwise, and ends with 3 where that is too suspicious", async () => {
    const { stdout, stderr, code } = await run(
      ...["answer.txt", "--context", "docs", "--no-model", "--fail-above", "0.3", "--html", "page.html"],
    );
    expect(stderr).toBe("price: no model is run; 1 answer as it stands\n");
    expect(stdout).toContain("finished in ⟦1899⟧₁. It is 330 metres tall.");
    expect(stdout).toMatch(/1889.*\n?.*patterns, number-not-in-context/);
    expect(code).toBe(3);
    expect(readFileSync(path("page.html"), "utf8")).toContain('href="#why-0-0"');
    expect((await run("answer.txt", "--no-model", "--fail-above", "0.3", "-q")).code).toBe(0);
  });

  it("examines the good lines beside bad ones, and says how signals rank", async () => {
    const { stdout, stderr, code } = await run("mixed.jsonl", "--no-model", "--json");
    expect(code).toBe(1);
    expect(stderr).toMatch(/2 of 4 answers failed; the first with INVALID_ARGUMENT: A document has no text/);
    const all = parsed(stdout);
    expect(all.map(({ type, id }) => [type, id])).toEqual([
      ["plan", undefined],
      ["answer", "good"],
      ["error", "docs"],
      ["error", null],
      ["answer", "bad"],
      ["ranking", undefined],
      ["error", undefined],
    ]);
    const [good, bad] = rowsOf(stdout);
    expect(good!.spans).toEqual([]);
    expect(bad!.spans.map(({ start, end }) => bad!.answer.slice(start, end))).toEqual(["331 metres"]);
  });

  it("goes on with a file: what is there is kept, half a line and errors are tried again", async () => {
    writeFileSync(path("part.jsonl"), lines([{ answer: "One." }, "oops", { answer: "Three." }]));
    expect((await run("part.jsonl", "--no-model", "-o", "rows.jsonl", "-q")).code).toBe(1);
    const whole = readFileSync(path("rows.jsonl"), "utf8");
    expect(parsed(whole).map(({ type }) => type)).toEqual(["answer", "error", "answer"]);
    writeFileSync(path("rows.jsonl"), whole.slice(0, -40));
    const again = await run("part.jsonl", "--no-model", "-o", "rows.jsonl", "--resume");
    expect([again.code, again.stderr]).toEqual([
      1,
      expect.stringMatching(
        /^price: no model is run; 1 answer as it stands\n2 of 3 answers, in rows.jsonl\n/,
      ),
    ]);
    const untimed = (text: string) => text.replaceAll(/"ms":[\d.e-]+/g, "");
    expect(untimed(readFileSync(path("rows.jsonl"), "utf8"))).toBe(untimed(whole));
    // A line that was mended is done, and the rest kept; it was no model that failed.
    expect(again.stderr).toMatch(
      /1 of 2 answers failed; the first with INVALID_ARGUMENT.*\n.*\[CORPUS_MALFORMED\]/,
    );
    writeFileSync(path("part.jsonl"), lines([{ answer: "One." }, { answer: "Two." }, { answer: "Three." }]));
    const mended = await run("part.jsonl", "--no-model", "-o", "rows.jsonl", "--resume");
    expect([mended.code, mended.stderr]).toEqual([
      0,
      "price: no model is run; 1 answer as it stands\n3 of 3 answers, in rows.jsonl\n",
    ]);
    expect(rowsOf(readFileSync(path("rows.jsonl"), "utf8")).map(({ answer }) => answer)).toEqual([
      "One.",
      "Two.",
      "Three.",
    ]);
    // Another document is another question.
    writeFileSync(path("other.md"), "Two.");
    const other = await run("part.jsonl", "--no-model", "-o", "rows.jsonl", "--resume", "-c", "other.md");
    expect(other.stderr).toContain("[RUN_MISMATCH]");
  });

  it("fits a detector to labelled lines, and gives its probabilities", async () => {
    const labelled = Array.from({ length: 80 }, (_, i) => {
      const correct = i % 2 === 0;
      // One in ten is the other way round, so that nothing is certain.
      const shown = i % 10 === 0 || i % 10 === 1 ? !correct : correct;
      return {
        answer: `It is ${shown ? 330 : 331 + i} metres tall.`,
        documents: [DOCUMENT],
        correct,
        group: i >> 1,
      };
    });
    writeFileSync(path("labelled.jsonl"), lines(labelled));
    const fit = await run("labelled.jsonl", "--no-model", "--fit", "detector.json", "-o", "fit.jsonl");
    expect(fit.stderr).toMatch(/fusion fitted to 80 answers, 40 right and 40 wrong; AUROC 0\.\d+ /);
    expect(fit.code).toBe(0);
    const { stdout } = await run("mixed.jsonl", "--no-model", "--json", "-a", "detector.json");
    const [good, bad] = rowsOf(stdout);
    expect([good!.fusion, bad!.fusion]).toEqual(["fitted", "fitted"]);
    expect(bad!.score).toBeGreaterThan(0.6); // 36 of 40 with such a finding are wrong
    expect(good!.score).toBeLessThan(0.4);
  });

  it("fits a detector of series beside the fused one, and looks with it at numbers that lines have", async () => {
    const words = ["It", " is", " 330", " metres", " tall", "."];
    const tokens = (surprised: boolean, i: number) =>
      words.map((text, t) => ({ text, logprob: -0.1 - ((i * 7 + t * 3) % 5) / 10 - (surprised ? t : 0) }));
    const labelled = Array.from({ length: 80 }, (_, i) => {
      const correct = i % 2 === 0;
      // One in ten is the other way round, so that nothing is certain.
      const surprised = i % 20 < 2 ? correct : !correct;
      return { answer: words.join(""), tokens: tokens(surprised, i), correct, group: i >> 1 };
    });
    writeFileSync(path("series.jsonl"), lines(labelled));
    const fit = await run(
      ...["series.jsonl", "--no-model", "--fit-series", "series.json", "--fit", "both.json", "-o", "s.jsonl"],
    );
    expect(fit.stderr).toMatch(/series fitted to 80 answers, 40 right and 40 wrong; AUROC 0\.\d+ /);
    expect(fit.code).toBe(0);
    writeFileSync(
      path("seen.jsonl"),
      lines([
        { answer: words.join(""), tokens: tokens(false, 3) },
        { answer: words.join(""), tokens: tokens(true, 3) },
        { answer: "It has no numbers." },
      ]),
    );
    const { stdout, code } = await run("seen.jsonl", "--no-model", "--json", "-a", "series.json");
    expect(code).toBe(0);
    const said = rowsOf(stdout).map(
      ({ examinations }) => examinations.find(({ signal }) => signal === "series")!,
    );
    expect(said[0]!.suspicion).toBeLessThan(0.4);
    expect(said[1]!.suspicion).toBeGreaterThan(0.6);
    expect(said[2]).toMatchObject({ suspicion: null, reason: expect.stringContaining("no numbers") });
    // The fused detector takes what the series says, where it is given both; two of one kind are refused.
    const both = await run("seen.jsonl", "--no-model", "--json", "-a", "series.json", "-a", "both.json");
    expect(rowsOf(both.stdout).map(({ fusion }) => fusion)).toEqual(["fitted", "fitted", "fitted"]);
    const twice = await run("seen.jsonl", "--no-model", "-a", "series.json", "-a", "series.json");
    expect(twice.code).not.toBe(0);
    writeFileSync(path("broken.json"), readFileSync(path("series.json"), "utf8").slice(0, 300));
    const broken = await run("seen.jsonl", "--no-model", "-a", "broken.json");
    expect(broken.stderr).toContain("[DETECTOR_INVALID]");
  });

  it("lists its signals", async () => {
    const { stdout, code } = await run("--list");
    expect([code, stdout.split("\n").map((line) => line.split(" ")[0])]).toEqual([
      0,
      ["signal", "anomaly", "retrieval", "consistency", "patterns", "series", ""],
    ]);
  });

  it.each([
    [["answer.txt", "--signals", "pattern"], "Did you mean patterns"],
    [["answer.txt", "--no-model", "-m", "mini"], "not both"],
    [["answer.txt", "--no-model", "-n", "2"], "needs a model"],
    [["-c", "-", "--no-model"], "not both"],
    [["answer.txt", "--html", "answer.txt"], "names the file that is read"],
    [["answer.txt", "--html", "x", "--out", "x"], "another option writes"],
    [["answer.txt", "--resume"], "needs --out"],
    [["mixed.jsonl", "--question", "?"], "have their own"],
    [["answer.txt", "--fail-above", "2"], "from 0 to 1"],
  ])("refuses %j", async (args, words) => {
    const { stderr, code } = await run(...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
  });

  it("says what is wrong with files", async () => {
    writeFileSync(path("other.json"), "{}");
    const wrong = await run("answer.txt", "--no-model", "-a", "other.json", "--json");
    expect(wrong.code).toBe(1);
    expect(parsed(wrong.stdout)).toMatchObject([{ type: "error", code: "DETECTOR_INVALID" }]);
    expect((await run("answer.txt", "--no-model", "-c", "none")).stderr).toContain("[FILE_NOT_FOUND]");
  });
});

describe("with mini", () => {
  it("has the lift of tokens, sentences and documents from two passes and one for each document", async () => {
    const { stdout, code } = await run(
      ...["answer.txt", "-c", "docs", "-m", "mini", "--question", "When?", "--by-document", "--json", "-q"],
    );
    expect(code).toBe(0);
    const [plan] = parsed(stdout);
    expect(plan).toMatchObject({ passes: 4, signals: ["anomaly", "retrieval", "patterns"] });
    const [row] = rowsOf(stdout);
    const { tokens, sentences, documents, answer, examinations } = row!;
    const sum = (values: readonly (number | null)[]) => values.reduce<number>((all, one) => all + one!, 0);
    expect(tokens.map(({ start, end }) => answer.slice(start, end)).join("")).toBe(answer);
    expect(sum(tokens.map(({ lift }) => lift))).toBeCloseTo(sum(sentences.map(({ lift }) => lift)), 6);
    expect(documents.map(({ name, read }) => [name, read])).toEqual([
      ["fruit.txt", 1],
      ["tower.md", 1],
    ]);
    for (const { support } of documents) expect(typeof support).toBe("number");
    expect(examinations.map(({ signal }) => signal)).toEqual(["anomaly", "retrieval", "patterns"]);
  });

  it("has the numbers of an answer alone where there are no documents, and says the price before", async () => {
    const { stdout } = await run("answer.txt", "-m", "mini", "--json", "-q");
    const [plan] = parsed(stdout);
    expect(plan).toMatchObject({ passes: 1, signals: ["anomaly", "patterns"] });
    const [row] = rowsOf(stdout);
    expect(row!.tokens.every(({ lift, surprisal }) => lift === null && surprisal >= 0)).toBe(true);
    const dry = await run("answer.txt", "-m", "mini", "-n", "3", "--question", "When?", "--dry-run");
    expect(dry.stdout).toBe(
      "price: 1 answer; 3 samples to draw, 1 pass over answers · at most 768 tokens written\n",
    );
  });

  it("draws samples, and writes answers that are not there", async () => {
    writeFileSync(path("ask.jsonl"), lines([{ question: "The train was" }]));
    const { stdout, code } = await run(
      ...[
        "ask.jsonl",
        "-m",
        "mini",
        "-n",
        "2",
        "--max-tokens",
        "8",
        "--signals",
        "consistency",
        "--json",
        "-q",
      ],
    );
    expect(code).toBe(0);
    expect(parsed(stdout)[1]).toMatchObject({ answerFrom: "written", numbersFrom: "written", samples: 2 });
  });
});

describe("surprisal chat --detect", () => {
  const pieces = ["It was on", " 30 February", " 1999", ".", " Yes", "."];
  const choices = pieces.map((text, i) => ({
    choices: [
      {
        index: 0,
        delta: { content: text },
        logprobs: { content: [{ token: text, logprob: -0.1, bytes: null, top_logprobs: [] }] },
        finish_reason: i === pieces.length - 1 ? "stop" : null,
      },
    ],
  }));

  it("flags a date that cannot be as soon as its sentence is over", async () => {
    const server = await startRawServer((request, response) => {
      if (request.path.endsWith("/models"))
        return json(response, 200, { object: "list", data: [{ id: "m" }] });
      if (!request.path.endsWith("/chat/completions"))
        return json(response, 404, { error: { message: "no such route" } });
      response.writeHead(200, EVENT_STREAM);
      response.end(events(...choices, "data: [DONE]\n\n"));
    });
    const model = `${server.origin}/v1#m`;
    try {
      const { stdout, code } = await runCommand([
        "chat",
        "-m",
        model,
        "--once",
        "When?",
        "--detect",
        "--json",
      ]);
      expect(code).toBe(0);
      const all = parsed(stdout);
      const at = all.findIndex(({ type }) => type === "flag");
      expect(all[at]).toMatchObject({
        number: 1,
        signal: "patterns",
        text: expect.stringContaining("30 February"),
      });
      expect(all.slice(at).some(({ type }) => type === "token")).toBe(true);
      const words = await runCommand(["chat", "-m", model, "--once", "When?", "--detect", "-q"]);
      expect(words.stdout).toBe("It was on 30 February 1999. Yes.\n");
      expect(words.stderr).toMatch(/^₁ “.*30 February.*”: .*\(patterns, [a-z-]+\)\n/);
    } finally {
      await server.close();
    }
  });
});

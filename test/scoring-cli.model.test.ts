/** The command on what people score: files with a last line end, special tokens, damage, chats, comparisons with their ±. */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "./cli-run.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-scoring-"));
});
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
const run = (...args: string[]) => runCommand(args, { folder });
const json = async (...args: string[]) => JSON.parse((await run(...args, "--json")).stdout);
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const TEXT = "The cat sat on the mat, and nobody in the house knew why it would not come down. ".repeat(12);

describe("surprisal score", () => {
  it("takes one last line feed off a file under llama.cpp's recipe, and says so", async () => {
    write("file.txt", `${TEXT}\n\n`);
    const how = ["--recipe", "llama.cpp", "--context", "64"];
    const file = await json("score", "file.txt", ...how);
    expect(file.textSha256).toBe(sha256(`${TEXT}\n`));
    expect(file.notes).toContainEqual(expect.stringContaining("line feed taken off"));
    const string = await json("score", "--text", `${TEXT}\n`, ...how);
    expect(string.textSha256).toBe(file.textSha256);
    expect(string.perplexity).toBe(file.perplexity);
    expect(string.notes).not.toContainEqual(expect.stringContaining("line feed"));
    const ours = await json("score", "file.txt");
    expect(ours.textSha256).toBe(sha256(`${TEXT}\n\n`));
  });

  it("reads special tokens with --parse-special, as another recipe", async () => {
    const text = "One.<|endoftext|>Two.";
    const [plain, parsed] = [
      await json("score", "--text", text, "--tokens"),
      await json("score", "--text", text, "--tokens", "--parse-special"),
    ];
    const texts = (score: { tokenTable: { text: string }[] }) =>
      score.tokenTable.map(({ text: piece }) => piece);
    expect(texts(plain)).not.toContain("<|endoftext|>");
    expect(texts(parsed)).toContain("<|endoftext|>");
    expect([plain.recipe.parseSpecial, parsed.recipe.parseSpecial]).toEqual([false, true]);
    expect(parsed.recipe.id).not.toBe(plain.recipe.id);
  });
});

it("surprisal compare has the ± of surprisal score, and names its method", async () => {
  write("compared.txt", TEXT);
  const score = await json("score", "compared.txt");
  const { comparisons, corpora } = await json("compare", "-b", "mini", "-m", "mini", "compared.txt");
  const [{ measures }] = comparisons;
  expect(measures.standardErrorMethod).toBe(score.standardErrorMethod);
  expect(measures.perplexity.standardError / score.standardError).toBeCloseTo(1, 5);
  expect(corpora[0].rule.name).toBe("whole file");
  const { stdout } = await run("compare", "-b", "mini", "-m", "mini", "compared.txt");
  expect(stdout).toContain("± is one standard error: bootstrap over blocks of tokens;");
});

describe("surprisal eval --skip-unreadable", () => {
  it("goes on without what cannot be read, says how much it was, and can be resumed", async () => {
    mkdirSync(join(folder, "texts", "one"), { recursive: true });
    write("texts/one/a.txt", TEXT);
    write("texts/one/b.txt", Buffer.from([0x63, 0x61, 0x66, 0xe9]));
    write("texts/c.txt", TEXT);
    expect((await run("eval", "texts", "--run", "strict")).code).toBe(1);
    const { code, stdout } = await run("eval", "texts", "--run", "kept", "--skip-unreadable");
    expect(code).toBe(0);
    expect(stdout).toContain("one: left out as unreadable: 1 part, the first one/b.txt, byte 3");
    const kept = JSON.parse(readFileSync(join(folder, "kept", "run.json"), "utf8"));
    expect(kept.corpora.map(({ unreadable }: { unreadable: { count: number } }) => unreadable.count)).toEqual(
      [0, 1],
    );
    expect(kept.request.reading.skipUnreadable).toBe(true);
    expect((await run("eval", "--resume", "kept")).code).toBe(0);
  });

  it("refuses chats where the model has no template", async () => {
    write("chat.jsonl", `${JSON.stringify({ messages: [{ role: "user", content: "Hi." }] })}\n`);
    const { code, stderr } = await run("eval", "chat.jsonl");
    expect(code).toBe(1);
    expect(stderr).toContain("UNSUPPORTED_CAPABILITY");
  });
});

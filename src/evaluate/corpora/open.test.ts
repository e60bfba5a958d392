import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { CorpusFolder, documentsOf, readAll } from "../../../test/corpus-folder.ts";
import { LINUX_ONLY, needing } from "../../../test/needing.ts";
import { openCorpora } from "./open.ts";

const folder = new CorpusFolder();
afterAll(() => folder.remove());
const write = (content: string | Uint8Array, name: string): string => folder.write(content, name);
const inFolder = (name: string): string => join(folder.path, name);
const names = async (spec: string): Promise<string[]> =>
  (await openCorpora(spec)).map(({ name, domain }) => `${name} ${domain}`);

describe("a folder", () => {
  it("has a domain for each sub-folder, with all that lies below it", async () => {
    write("n2", "domains/news/2024/b.txt");
    write("n1", "domains/news/a.md");
    write('{"text":"n3"}\n', "domains/news/c.jsonl");
    write("l1", "domains/law/x.txt");
    write("hidden", "domains/law/.hidden.txt");
    write("hidden", "domains/.git/x.txt");
    const notes: string[] = [];
    write("about", "domains/README.md");
    write("about", "domains/law/licence.txt");
    write("about", "domains/manifest.jsonl");
    write("%PDF", "domains/law/y.pdf");
    const corpora = await openCorpora(inFolder("domains"), { onNote: (note) => notes.push(note) });
    expect(corpora.map(({ name, domain, source }) => ({ name, domain, source }))).toEqual([
      { name: "law", domain: "law", source: inFolder("domains/law/x.txt") },
      { name: "news", domain: "news", source: inFolder("domains/news") },
    ]);
    expect(await readAll(corpora[1]!)).toEqual([
      { name: "news/2024/b.txt", text: "n2" },
      { name: "news/a.md", text: "n1" },
      { name: "news/c.jsonl:1", text: "n3" },
    ]);
    expect(corpora[1]!.rule).toEqual({ name: "whole file and rows", source: null, column: "text" });
    expect(notes).toEqual([
      `${inFolder("domains")}: left out README.md, law/licence.txt, law/y.pdf, manifest.jsonl: by their names they are no texts, or about the folder.`,
    ]);
  });

  it("of files alone has a domain for each", async () => {
    for (const name of ["zh_classics.txt", "law.v2.txt", "news.txt.gz", "a.txt", "a.md"])
      write("x", `flat/${name}`);
    expect(await names(inFolder("flat"))).toEqual([
      "a.md a.md",
      "a.txt a.txt",
      "law law",
      "news news",
      "zh_classics zh_classics",
    ]);
  });

  it("without texts is refused", async () => {
    write("x", "empty/photo.jpg");
    await expect(openCorpora(inFolder("empty"))).rejects.toMatchObject({ code: "EMPTY_INPUT" });
  });

  it("that links to itself ends", async () => {
    write("x", "circle/a/x.txt");
    symlinkSync(inFolder("circle"), inFolder("circle/a/again"));
    symlinkSync(inFolder("circle/a/x.txt"), inFolder("circle/link.txt"));
    expect(await names(inFolder("circle"))).toEqual(["a a", "link link"]);
    const notes: string[] = [];
    await openCorpora(inFolder("circle"), { onNote: (note) => notes.push(note) });
    expect(notes).toEqual([expect.stringContaining("left out a/again/:")]);
  });
});

describe("a pattern", () => {
  it("is one corpus of the files that fit, sorted", async () => {
    for (const name of [
      "p/a.txt",
      "p/b.txt",
      "p/c.md",
      "p/q/a.txt",
      "p/q/r/b.txt",
      "p/.h/a.txt",
      "p/[x].txt",
    ])
      write(name, name);
    const fitting = async (pattern: string) =>
      (await documentsOf(inFolder(pattern)).catch((error) => [{ text: error.code }])).map(({ text }) => text);
    expect(await fitting("p/*.txt")).toEqual(["p/[x].txt", "p/a.txt", "p/b.txt"]);
    expect(await fitting("p/**/*.txt")).toEqual([
      "p/[x].txt",
      "p/a.txt",
      "p/b.txt",
      "p/q/a.txt",
      "p/q/r/b.txt",
    ]);
    expect(await fitting("p/**")).toHaveLength(6);
    expect(await fitting("p/**/q/**/b.txt")).toEqual(["p/q/r/b.txt"]);
    expect(await fitting("p/[ab].txt")).toEqual(["p/a.txt", "p/b.txt"]);
    expect(await fitting("p/[!a].txt")).toEqual(["p/b.txt"]);
    expect(await fitting("p/?.{txt,md}")).toEqual(["p/a.txt", "p/b.txt", "p/c.md"]);
    expect(await fitting("*/q/*.txt")).toEqual(["p/q/a.txt"]);
    expect(await fitting("p/.*/a.txt")).toEqual(["p/.h/a.txt"]);
    expect(await fitting("p/[x].txt")).toEqual(["p/[x].txt"]); // there is a file of that very name
    expect(await fitting("p/*.csv")).toEqual(["FILE_NOT_FOUND"]);
    expect(await fitting("p/[z-a].txt")).toEqual(["INVALID_ARGUMENT"]);
    const [corpus] = await openCorpora(inFolder("p/*.txt"));
    expect(corpus).toMatchObject({ name: inFolder("p/*.txt"), source: inFolder("p/*.txt"), domain: null });
  });

  it("takes files of any kind, and numbers rows per file", async () => {
    write("print(1)\n", "code/a.py");
    write('{"code":"x"}\n{"code":"y"}\n', "code/b.jsonl");
    expect(
      (await documentsOf(inFolder("code/*"))).map(
        ({ name, text }) => `${name.slice(folder.path.length)} ${text}`,
      ),
    ).toEqual(["/code/a.py print(1)\n", "/code/b.jsonl:1 x", "/code/b.jsonl:2 y"]);
  });
});

describe("what stands in a folder and cannot be read", () => {
  const links = () => {
    write("x", "odd/a/x.txt");
    symlinkSync("itself.txt", inFolder("odd/a/itself.txt"));
    symlinkSync("nothing", inFolder("odd/a/dead.txt"));
    symlinkSync("/dev/zero", inFolder("odd/a/endless.txt"));
    execFileSync("mkfifo", [inFolder("odd/a/pipe.txt")]);
    const latin = (name: string) => Buffer.concat([Buffer.from(inFolder(`odd/${name}`)), Buffer.of(0xe9)]);
    mkdirSync(latin("a/caf")); // a folder, and a file in it
    writeFileSync(Buffer.concat([latin("a/caf"), Buffer.from("/x.txt")]), "x");
    writeFileSync(Buffer.concat([latin("a/r"), Buffer.from(".txt")]), "x");
  };

  needing(LINUX_ONLY).it("is left out with a note", async () => {
    links();
    const left = ["caf\ufffd", "dead.txt", "endless.txt", "itself.txt", "pipe.txt", "r\ufffd.txt"];
    const reason = "links that lead nowhere, names that are not UTF-8, pipes, sockets or devices.";
    for (const [spec, leftOut] of [
      ["odd", left.map((name) => `a/${name}`)],
      ["odd/**/*.txt", left.map((name) => inFolder(`odd/a/${name}`))],
      ["odd/*/*.txt", left.slice(1).map((name) => inFolder(`odd/a/${name}`))],
    ] as const) {
      const notes: string[] = [];
      const [corpus] = await openCorpora(inFolder(spec), { onNote: (note) => notes.push(note) });
      expect((await readAll(corpus!)).map(({ text }) => text)).toEqual(["x"]);
      const more = leftOut.length > 5 ? ", and 1 more" : "";
      expect(notes).toEqual([
        `${inFolder(spec)}: left out ${leftOut.slice(0, 5).join(", ")}${more}: ${reason}`,
      ]);
    }
  });

  needing(LINUX_ONLY).it("is refused when it is named", async () => {
    await expect(openCorpora(inFolder("odd/a/pipe.txt"))).rejects.toMatchObject({
      code: "FILE_UNREADABLE",
      where: inFolder("odd/a/pipe.txt"),
      wayOut: expect.stringContaining("surprisal eval - < pipe"),
    });
    await expect(openCorpora(inFolder("odd/a/itself.txt"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });
});

describe("standard input", () => {
  it("is a text, or what it is said to be, and can be read again", async () => {
    const input = async function* () {
      yield Buffer.from('{"text":"a"}\n{"te');
      yield Buffer.from('xt":"b"}\n');
    };
    const [corpus] = await openCorpora("-", { input: input(), format: "jsonl" });
    expect(corpus).toMatchObject({ name: "stdin", source: "-" });
    const expected = [
      { name: "stdin:1", text: "a" },
      { name: "stdin:2", text: "b" },
    ];
    expect(await readAll(corpus!)).toEqual(expected);
    expect(await readAll(corpus!)).toEqual(expected);
    expect(await documentsOf("-", { input: input() })).toEqual([
      { name: "stdin", text: '{"text":"a"}\n{"text":"b"}\n' },
    ]);
  });
});

describe("several corpora", () => {
  it("keep their order, and get their sources for names where two have the same", async () => {
    const [one, two, three] = [write("1", "x/test.txt"), write("2", "y/test.txt"), write("3", "z.txt")];
    expect((await openCorpora([one, two, three])).map(({ name }) => name)).toEqual([one, two, "z.txt"]);
  });
});

describe("what cannot be read", () => {
  it("is named: no such file, near names of data sets", async () => {
    await expect(openCorpora(inFolder("nothing.txt"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    await expect(openCorpora("wikitext2")).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      wayOut: expect.stringContaining("Did you mean the data set wikitext-2 "),
    });
    await expect(openCorpora("")).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });

  it("is named: something that is no file", async () => {
    const socket = inFolder("socket.txt");
    const server = createServer().listen(socket);
    await once(server, "listening");
    await expect(documentsOf(socket)).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
    server.close();
  });

  it("is named: a file that went away after the corpus was opened", async () => {
    const path = write("a", "fleeting.txt");
    const [corpus] = await openCorpora(path);
    rmSync(path);
    await expect(readAll(corpus!)).rejects.toMatchObject({ code: "FILE_NOT_FOUND", where: "fleeting.txt" });
  });

  it("ends when it is aborted", async () => {
    const path = write("a\n".repeat(10), "aborted.txt");
    const controller = new AbortController();
    const [corpus] = await openCorpora(path, { split: "lines" });
    controller.abort();
    const documents = corpus!.documents({ signal: controller.signal });
    await expect(documents.next()).rejects.toMatchObject({ code: "ABORTED" });
  });

  it.each([
    ["no rule of ours", { rule: "wikitext" }],
    ["a filter on texts", { where: "a > 1" }],
  ])("%s is refused", async (_, options) => {
    await expect(openCorpora(write("a", "a.txt"), options)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });
});

describe("a file that changes while it is read", () => {
  it.each([
    ["grows", (path: string) => appendFileSync(path, "more\n")],
    ["is replaced", (path: string) => renameSync(write("a\nb\n", "other.txt"), path)],
    ["is written to in place", (path: string) => utimesSync(path, new Date(1), new Date(1))],
    ["is removed", (path: string) => rmSync(path)],
  ])("is an error: it %s", async (_, change) => {
    const path = write("a\nb\n", "changing.txt");
    const [corpus] = await openCorpora(path, { split: "lines" });
    const documents = corpus!.documents();
    expect((await documents.next()).value).toEqual({ name: "changing.txt:1", text: "a" });
    change(path);
    const rest = async () => {
      for await (const _document of documents);
    };
    await expect(rest()).rejects.toMatchObject({ code: "CORPUS_CHANGED", where: "changing.txt" });
  });

  it("is said to have changed, not to be damaged", async () => {
    const path = write('{"text":"a"}\n'.repeat(200_000), "damaged.jsonl"); // more than is read at once
    const [corpus] = await openCorpora(path);
    const documents = corpus!.documents();
    await documents.next();
    write("no JSON\n".repeat(300_000), "damaged.jsonl");
    const rest = async () => {
      for await (const _document of documents);
    };
    await expect(rest()).rejects.toMatchObject({ code: "CORPUS_CHANGED" });
  });
});

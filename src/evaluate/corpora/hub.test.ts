import { appendFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { documentsOf, readAll } from "../../../test/corpus-folder.ts";
import { addDataset, COMMIT } from "../../../test/dataset-hub.ts";
import { DownloadServer } from "../../../test/download-server.ts";
import { parquetBytes } from "../../../test/parquet-fixture.ts";
import { filesIn, TestMachine } from "../../../test/test-machine.ts";
import { type OpenCorporaOptions, openCorpora } from "./open.ts";

const column = (name: string, data: string[]): Buffer => parquetBytes([{ name, data, type: "STRING" }], 2);
const RAW = " \n = A = \n \n One @-@ two . \n";
const ROWS = ["", " = A = \n", "", " One @-@ two . \n"];
const jsonl = (rows: object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

describe("data sets of the hub:", () => {
  let machine: TestMachine;
  let server: DownloadServer;
  let storage: DownloadServer;
  beforeEach(async () => {
    machine = await TestMachine.start();
    ({ server } = machine);
    storage = await DownloadServer.start();
    addDataset(server, storage, {
      repository: "Salesforce/wikitext",
      files: {
        "README.md": Buffer.from("about"),
        "wikitext-103-raw-v1/test-00000-of-00001.parquet": column("text", [" = 103 = \n"]),
        "wikitext-103-raw-v1/train-00000-of-00002.parquet": column("text", ["a\n"]),
        "wikitext-103-raw-v1/train-00001-of-00002.parquet": column("text", ["b\n"]),
        "wikitext-2-raw-v1/test-00000-of-00001.parquet": column("text", ROWS),
        "wikitext-2-raw-v1/validation-00000-of-00001.parquet": column("text", ["", " = V = \n"]),
        "wikitext-2-v1/test-00000-of-00001.parquet": column("text", [" <unk> \n"]),
      },
    });
    addDataset(server, storage, {
      repository: "EleutherAI/wikitext_document_level",
      files: {
        "wikitext-2-raw-v1/wikitext-2-raw-v1-test.parquet": column("page", [" = A = \n \n One @-@ two . \n"]),
      },
    });
  });
  afterEach(async () => {
    await machine.stop();
    await storage.close();
  });

  const options = (more: OpenCorporaOptions = {}): OpenCorporaOptions => machine.options(more as never);
  const read = (spec: string, more?: OpenCorporaOptions) => documentsOf(spec, options(more));
  const texts = async (spec: string, more?: OpenCorporaOptions) =>
    (await read(spec, more)).map(({ text }) => text);

  describe("wikitext-2", () => {
    it("is the raw file, with its rule and the exact commit", async () => {
      const [corpus] = await openCorpora("wikitext-2", options());
      expect(corpus).toMatchObject({
        name: "wikitext-2",
        source: `hf:Salesforce/wikitext/wikitext-2-raw-v1@${COMMIT}#test`,
        domain: null,
        rule: { name: "wikitext-file", source: expect.stringContaining("get-wikitext-2.sh"), column: "text" },
      });
      expect(await readAll(corpus!)).toEqual([{ name: "wikitext-2", text: RAW }]);
      for (const name of ["wikitext-2-raw", "wikitext-2-raw-v1"]) expect(await texts(name)).toEqual([RAW]);
      expect(await texts("wikitext-2-v1")).toEqual([" <unk> \n"]);
      expect(await texts("wikitext-103")).toEqual([" = 103 = \n"]);
    });

    it("is what each recipe's tool makes of it", async () => {
      expect(await texts("wikitext-2", { recipe: "llama.cpp" })).toEqual([RAW]);
      expect(await texts("wikitext-2", { recipe: "hf-strided" })).toEqual([ROWS.join("\n\n")]);
      expect(await texts("wikitext-2", { recipe: "hf-evaluate" })).toEqual([
        " = A = \n",
        " One @-@ two . \n",
      ]);
      expect(await read("wikitext-2", { recipe: "lm-eval" })).toEqual([
        {
          name: "wikitext-2-raw-v1/wikitext-2-raw-v1-test.parquet:1",
          text: " = A =\n\nOne-two.\n",
          original: " = A = \n \n One @-@ two . \n",
        },
      ]);
      expect(await texts("wikitext-2", { rule: "wikitext-pages" })).toEqual([" = A =\n\nOne-two.\n"]);
    });

    it("has other splits, of several files too", async () => {
      const [corpus] = await openCorpora("wikitext-2#validation", options());
      expect(corpus).toMatchObject({ name: "wikitext-2#validation" });
      expect((await readAll(corpus!))[0]!.text).toBe(" \n = V = \n");
      expect(await texts("wikitext-103#train")).toEqual(["a\nb\n"]);
      await expect(read("wikitext-2#dev2")).rejects.toMatchObject({
        code: "CORPUS_UNAVAILABLE",
        what: expect.stringContaining("it has the splits test, validation; name one:"),
      });
    });
  });

  it("ptb comes from the hub's conversion, since the repository holds a script", async () => {
    addDataset(server, storage, {
      repository: "ptb-text-only/ptb_text_only",
      files: { "ptb_text_only.py": Buffer.from("import datasets") },
      converted: {
        "penn_treebank/test/0000.parquet": column("sentence", ["no it was n't", "black <unk>"]),
        "penn_treebank/validation/0000.parquet": column("sentence", ["v"]),
      },
    });
    expect(await texts("ptb")).toEqual(["no it was n't black <unk>"]);
    expect(await texts("ptb", { rule: "ptb-file" })).toEqual([" no it was n't \n black <unk> \n"]);
    expect(await texts("ptb#validation", { rule: "join-blank-line" })).toEqual(["v"]);
    expect(await texts("hf:ptb-text-only/ptb_text_only")).toEqual(["no it was n't", "black <unk>"]);
  });

  it("c4 is the first file of its validation split, found without a list of its files", async () => {
    const rows = [
      { text: "one , two", url: "u" },
      { text: "three", url: "v" },
    ];
    addDataset(server, storage, {
      repository: "allenai/c4",
      files: { "en/c4-validation.00000-of-00008.json.gz": gzipSync(jsonl(rows)) },
    });
    expect(await read("c4")).toEqual([
      { name: "en/c4-validation.00000-of-00008.json.gz:1", text: "one , two" },
      { name: "en/c4-validation.00000-of-00008.json.gz:2", text: "three" },
    ]);
    expect(await texts("c4", { rule: "c4-gptq" })).toEqual(["one , two three"]);
    expect(await texts("c4", { recipe: "lm-eval" })).toEqual(["one, two", "three"]);
    expect(await texts("c4", { where: "url = 'v'" })).toEqual(["three"]);
    expect(server.requests.some(({ path }) => path.includes("/tree/"))).toBe(false);
  });

  describe("any other", () => {
    beforeEach(() => {
      addDataset(server, storage, {
        repository: "owner/data",
        files: {
          "dataset_infos.json": Buffer.from("{}"),
          "de/train.jsonl": Buffer.from(jsonl([{ text: "de train" }])),
          "de/test.jsonl": Buffer.from(jsonl([{ text: "de test", n: 1 }])),
          "en/dev.csv": Buffer.from("id,body\n1,en dev\n"),
          "en/training.csv": Buffer.from("id,body\n1,en train\n"),
          "extra/a b/x.txt": Buffer.from("odd path"),
        },
        page: 2,
      });
    });

    it("is found by subset and split, however many pages its list has", async () => {
      expect(await texts("hf:owner/data/de")).toEqual(["de test"]);
      expect(await texts("hf:owner/data/de#train")).toEqual(["de train"]);
      expect(await texts("hf:owner/data/en", { column: "body" })).toEqual(["en dev"]);
      expect(await texts(`hf:owner/data/de@${COMMIT}#test`)).toEqual(["de test"]);
      expect(await texts("hf:owner/data@main/de#test")).toEqual(["de test"]);
      expect(await texts("hf:owner/data/de", { where: "n = 2" })).toEqual([]);
      await expect(read("hf:owner/data")).rejects.toMatchObject({
        code: "CORPUS_UNAVAILABLE",
        what: expect.stringContaining("it has the subsets de, en, extra; name one: hf:owner/data/de"),
      });
    });

    it("can be named by the path of a file", async () => {
      expect(await texts("hf:owner/data/extra/a b/x.txt")).toEqual(["odd path"]);
      await expect(read("hf:owner/data/none.jsonl")).rejects.toMatchObject({ code: "CORPUS_UNAVAILABLE" });
    });
  });

  describe("the cache", () => {
    it("is asked first, and enough without a network", async () => {
      expect(await texts("wikitext-2")).toEqual([RAW]);
      const asked = server.requests.length;
      expect(asked).toBeGreaterThan(0);
      expect(await texts("wikitext-2", { offline: true })).toEqual([RAW]);
      expect(await texts("wikitext-2", { environment: { HF_HUB_OFFLINE: "1" } })).toEqual([RAW]);
      expect(server.requests.length).toBe(asked);
      const file = `datasets/Salesforce/wikitext/${COMMIT}/wikitext-2-raw-v1/test-00000-of-00001.parquet`;
      const held = filesIn(machine.cache).map((path) => path.replaceAll("\\", "/"));
      expect(held.filter((path) => !/^datasets\/requests\/[\da-f]{16}\.json$|^digests/.test(path))).toEqual([
        file,
      ]);
      appendFileSync(join(machine.cache, file), "damage");
      expect(await texts("wikitext-2")).toEqual([RAW]);
      expect(machine.messages).toEqual([expect.stringContaining("was changed after its download")]);
    });

    it("that lacks it and no network are an error with the ways out", async () => {
      await expect(read("wikitext-2", { offline: true })).rejects.toMatchObject({
        code: "CORPUS_UNAVAILABLE",
        what: expect.stringContaining("offline"),
        where: "hf:Salesforce/wikitext/wikitext-2-raw-v1#test",
        wayOut: expect.stringContaining("Download the file by hand"),
      });
      expect(server.requests).toEqual([]);
    });

    it("keeps what an interrupted download brought", async () => {
      const large = Buffer.from(jsonl(Array.from({ length: 20_000 }, (_, i) => ({ text: `row ${i}` }))));
      addDataset(server, storage, { repository: "owner/large", files: { "test.jsonl": large } });
      const patience = { connectMs: 2000, stallMs: 2000, attempts: 1, backoffMs: 1 };
      // Another attempt follows as long as each brings something: so the second one brings nothing.
      let requests = 0;
      storage.handler = (_request, response, serve) =>
        ++requests === 1 ? serve({ cutAfter: 200_000 }) : void response.destroy();
      await expect(read("hf:owner/large", { patience })).rejects.toMatchObject({
        code: "CORPUS_UNAVAILABLE",
      });
      storage.handler = (_request, _response, serve) => serve();
      expect(await texts("hf:owner/large")).toHaveLength(20_000);
      expect(storage.requests.at(-1)!.headers.range).toMatch(/^bytes=[1-9]\d*-$/);
    });
  });

  it("a gated one says how to get in, and comes with the token", async () => {
    addDataset(server, storage, {
      repository: "owner/gated",
      files: { "test.jsonl": Buffer.from(jsonl([{ text: "g" }])) },
    });
    const inner = server.handler;
    server.handler = (request, response, serve) => {
      const locked =
        request.url?.includes("/resolve/") && request.headers.authorization !== "Bearer hf_token";
      if (locked) response.writeHead(401).end();
      else inner(request, response, serve);
    };
    await expect(read("hf:owner/gated")).rejects.toMatchObject({
      code: "CORPUS_UNAVAILABLE",
      what: expect.stringContaining("HTTP 401"),
      wayOut: expect.stringMatching(new RegExp(`${server.origin}/datasets/owner/gated.*HF_TOKEN`)),
    });
    expect(await texts("hf:owner/gated", { environment: { HF_TOKEN: "hf_token" } })).toEqual(["g"]);
    expect(storage.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });

  it("one that is not there, or whose server is not, is named", async () => {
    await expect(read("hf:owner/nothing")).rejects.toMatchObject({
      code: "CORPUS_UNAVAILABLE",
      what: expect.stringContaining("HTTP 404"),
      where: "hf:owner/nothing",
    });
    await expect(read("hf:owner")).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    const environment = { HF_ENDPOINT: "http://127.0.0.1:9" };
    await expect(read("wikitext-2", { environment })).rejects.toMatchObject({ code: "CORPUS_UNAVAILABLE" });
  });

  it("a list that leads out of the cache is refused", async () => {
    addDataset(server, storage, {
      repository: "owner/evil",
      files: { "../../test.jsonl": Buffer.from("{}") },
    });
    await expect(read("hf:owner/evil")).rejects.toMatchObject({ code: "CORPUS_UNAVAILABLE" });
    rmSync(machine.cache, { recursive: true, force: true });
  });
});

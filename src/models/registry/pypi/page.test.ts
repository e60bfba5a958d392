import { describe, expect, it } from "vitest";
import { readHtmlPage, readJsonPage } from "./page.ts";

const SHA = "ab".repeat(32);
const html = (body: string) => readHtmlPage(`<!DOCTYPE html><html><body>${body}</body></html>`);

describe("an index's page in HTML", () => {
  it("has a file per anchor", () => {
    const page = html(
      `<a href="../x/a-1.whl#sha256=${SHA.toUpperCase()}" data-requires-python="&gt;=3.9">a-1.whl</a><br/>
       <A data-yanked HREF='b.whl#egg=b&amp;sha256=${SHA}' >\n b.whl </A>
       <a title="a > b" href=c.whl><span>c</span>.whl</a>
       <!-- <a href="hidden.whl">hidden.whl</a> --> <a>no address</a>`,
    );
    expect(page).toEqual({
      base: undefined,
      files: [
        { filename: "a-1.whl", url: "../x/a-1.whl", sha256: SHA, bytes: null, yanked: false },
        { filename: "b.whl", url: "b.whl", sha256: SHA, bytes: null, yanked: true },
        { filename: "c.whl", url: "c.whl", sha256: undefined, bytes: null, yanked: false },
      ],
    });
  });

  it("has the base it names first", () => {
    expect(html('<base href="/one/"><base href="/two/">').base).toBe("/one/");
  });

  it("has characters for references to them, also where there is none", () => {
    const named = html('<a href="x">&amp;&#65;&#x42;&#99999999999;&#xD800;&#0;&constructor;&nbsp;&#abc;</a>')
      .files[0]?.filename;
    expect(named).toBe("&AB\ufffd\ufffd\ufffd&constructor;&nbsp;&#abc;");
  });

  // Each took minutes, or for ever, where it costs the square of its size.
  it.each([
    ["tags that do not end", "<a ".repeat(1e6)],
    ["ends that do not begin", "</a>".repeat(1e6)],
    ["anchors without addresses", "<a>x".repeat(1e6)],
    ["open anchors", '<a href="x">'.repeat(2e5)],
    ["spaces", `<a${" ".repeat(3e6)}>`],
    ["attributes", `<a ${"href ".repeat(5e5)}>x</a>`],
    ["quotes", `<a ${"'\"".repeat(1e6)}`],
    ["mixed quotes", `<a '" x="'>`.repeat(2e5)],
    ["comments", "<!--".repeat(1e6)],
    ["references", `<a href="x">${"&".repeat(2e6)}</a>`],
    ["digits", `<a href="x">&#${"1".repeat(3e6)}</a>`],
    ["less-than signs", `<a href="x">${"<".repeat(2e6)}</a>`],
  ])("is read in one pass: %s", (_, body) => {
    expect(html(body).files.length).toBeLessThan(1e6);
  });
});

describe("an index's page in JSON", () => {
  it("has the files that make sense", () => {
    const files = [
      { filename: "a.whl", url: "a", hashes: { sha256: SHA }, size: 7, yanked: "broken" },
      { filename: "b.whl", url: "b", hashes: { sha256: "short" }, size: -1 },
      { filename: "c.whl", url: "c", hashes: null, size: 1e300, yanked: false },
      { filename: 7, url: "d" },
      { filename: "e.whl" },
      null,
      "f.whl",
      ["g.whl"],
    ];
    expect(readJsonPage(JSON.stringify({ files })).files).toEqual([
      { filename: "a.whl", url: "a", sha256: SHA, bytes: 7, yanked: true },
      { filename: "b.whl", url: "b", sha256: undefined, bytes: null, yanked: false },
      { filename: "c.whl", url: "c", sha256: undefined, bytes: null, yanked: false },
    ]);
  });

  it.each(["null", "[]", "{}", '{"files":null}', '{"files":{}}', "7", '"files"', "{", ""])(
    "is refused: %s",
    (text) => {
      expect(() => readJsonPage(text)).toThrow();
    },
  );

  it("is refused when it holds more values than any page; commas in texts do not count", () => {
    expect(() => readJsonPage(`{"files":[${"{},".repeat(1_100_000)}{}]}`)).toThrow(
      /more than 2000000 values/,
    );
    expect(() => readJsonPage(`{"files":[${"7,".repeat(2_100_000)}7]}`)).toThrow(/more than 2000000 values/);
    expect(readJsonPage(`{"files":[],"x":"${",{[".repeat(1_100_000)}"}`).files).toEqual([]);
  });

  it("is refused when it is nested deeper than any page; brackets in texts do not count", () => {
    const deep = `{"files":${"[".repeat(100)}${"]".repeat(100)}}`;
    expect(() => readJsonPage(deep)).toThrow(/nested/);
    const filename = `${"[{".repeat(200)}\\" \\\\`;
    const text = `{"files":[{"filename":${JSON.stringify(filename)},"url":"u"}]}`;
    expect(readJsonPage(text).files[0]?.filename).toBe(filename);
  });
});

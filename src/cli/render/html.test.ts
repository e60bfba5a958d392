import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { madeUpView } from "../../../test/score-view.ts";
import { renderHtml } from "./html.ts";
import { visible } from "./visible.ts";

const block = (html: string, tag: string) => [
  ...html.matchAll(new RegExp(`<${tag}[^>]*>([\\s\\S]*?)</${tag}>`, "g")),
];
const dataOf = (html: string) => JSON.parse(block(html, "script")[0]![1]!);
const withoutEntities = (text: string) =>
  text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
/** The scored text as the page holds it, without markup. */
const textOf = (html: string) =>
  withoutEntities(html.match(/<div id="text"[^>]*>([\s\S]*?)<\/div>/)![1]!.replace(/<[^>]*>/g, ""));

const ATTACKS = [
  "</script><script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  '"><svg onload=alert(1)>',
  "<!--",
  "]]>",
  "&lt;b&gt;",
  "javascript:alert(1)",
];
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(...ATTACKS, "\u202e", "\u0000", "\u001b[1m", "\n", "\t", " "),
      fc.string({ unit: "binary", maxLength: 4 }),
    ),
  )
  .map((parts) => parts.join(""));

describe("renderHtml", () => {
  it("lets run its own style and script only, by their hashes, and asks for nothing", () => {
    const html = renderHtml(madeUpView("Some text."));
    const policy = html.match(/Content-Security-Policy" content="([^"]*)"/)![1]!;
    const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`style-src ${hash(block(html, "style")[0]![1]!)}`);
    expect(policy).toContain(`script-src ${hash(block(html, "script")[1]![1]!)}`);
    expect(html).not.toMatch(/\s(src|style|on\w+)=|https?:|url\(|@import/);
  });

  it("holds the text, its numbers and the alternatives", () => {
    const view = madeUpView("The train left.\n\nIt was\tlate.");
    const html = renderHtml(view);
    expect(textOf(html)).toBe("The train left.\n\nIt was\tlate.");
    const data = dataOf(html);
    expect(data.ranges).toBeNull();
    expect(data.k).toBe(5);
    expect(data.labels[data.ids[1]]).toBe("␣train");
    expect(data.alternatives).toHaveLength(5 * view.tokens);
    expect(data.own[0]).toBeNull();
    expect(data.bits[0]).toBe("–");
  });

  it("gives tokens of one character one span, and the script their range", () => {
    const view = madeUpView("a 🦔b", { bytewise: (token) => token === "🦔", bits: () => 3 });
    const html = renderHtml(view);
    expect(html).toContain('title="12.0 bits">🦔</span>');
    expect(dataOf(html).ranges).toEqual([0, 1, 1, 2, 2, 6, 6, 7]);
  });

  it("lets no text, token, file name or model name become markup", () => {
    fc.assert(
      fc.property(hostile, hostile, (text, name) => {
        const base = madeUpView(text);
        const view = {
          ...base,
          title: name,
          model: { ...base.model, name, source: name, quantisation: name },
          recipe: { ...base.recipe, name, id: name },
          settings: { [name]: name },
          notes: [name],
        };
        const harmless = renderHtml({ ...madeUpView("x y"), title: "x", notes: ["x"] });
        const html = renderHtml(view);
        const tags = (page: string) =>
          new Set(page.replace(/<script>[\s\S]*<\/script>/, "").match(/<\/?[a-z][^\s>]*/gi));
        const known = tags(harmless + renderHtml(madeUpView("a 🦔\n", { bytewise: () => true })));
        for (const tag of tags(html)) expect(known).toContain(tag);
        expect(block(html, "script")).toHaveLength(2);
        expect(html).not.toMatch(/<!--/);
        expect(html.match(/[\p{Bidi_Control}\u200B]|[^\P{Cc}\n\t]/gu)).toBeNull();
        const shown = text
          .split(/\r\n|\n|\t/)
          .map(visible)
          .join("");
        expect(
          textOf(html)
            .replace(/[\n\t]/g, "")
            .normalize(),
        ).toBe(shown.normalize());
      }),
      { numRuns: 100 },
    );
  });

  it("shows a text without numbers, without alternatives, and an empty one", () => {
    const none = renderHtml(madeUpView("a b", { bits: () => Number.NaN, alternatives: 0 }));
    expect(none).toContain("has no number for this text");
    expect(none).not.toContain("<table");
    expect(renderHtml(madeUpView(""))).toContain('<div id="text"');
  });

  it("stays small and quick for a long text", () => {
    const words = Array.from(
      { length: 20_000 },
      (_, i) => `w${"abcdefghij"[i % 10]}${"klmnopqrst"[(i >> 4) % 10]}`,
    );
    const html = renderHtml(madeUpView(words.join(" ")));
    expect(html.match(/<span class="s[0-7n]"/g)).toHaveLength(20_000);
    expect(html.length).toBeLessThan(6_000_000);
  });
});

import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { madeUpView } from "../../../test/score-view.ts";
import { visible } from "../../text/visible.ts";
import type { ScoreView } from "../score/index.ts";
import { scorePage } from "./score-page.ts";

const block = (html: string, tag: string) => [
  ...html.matchAll(new RegExp(`<${tag}[^>]*>([\\s\\S]*?)</${tag}>`, "g")),
];
const headings = (html: string) => block(html, "h2").map(([, heading]) => heading);
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

const tags = (page: string) =>
  new Set(page.replace(/<script>[\s\S]*<\/script>/, "").match(/<\/?[a-z][^\s/>]*/gi));

const HIDDEN = /[\p{Bidi_Control}\u200B]|[^\P{Cc}\n\t]/gu;
/** The pictures isolate names that are written from right to left. */
const withoutIsolates = (html: string) => html.replace(/\u2068([^\u2066-\u2069]*)\u2069/g, "$1");

/** The one address on the page, a name that nothing is asked of. */
const XMLNS = ' xmlns="http://www.w3.org/2000/svg"';

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

describe("scorePage", () => {
  it("lets run its own style and script only, by their hashes, and asks for nothing", async () => {
    const html = (await scorePage(madeUpView("Some text. ".repeat(20)))).replaceAll(XMLNS, "");
    const policy = html.match(/Content-Security-Policy" content="([^"]*)"/)![1]!;
    const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`style-src ${hash(block(html, "style")[0]![1]!)}`);
    expect(policy).toContain(`script-src ${hash(block(html, "script")[1]![1]!)}`);
    expect(html).not.toMatch(/\s(src|style|on\w+)=|https?:|url\(|@import/);
  });

  it("holds the text, its numbers and the alternatives", async () => {
    const view = madeUpView("The train left.\n\nIt was\tlate.");
    const html = await scorePage(view);
    expect(textOf(html)).toBe("The train left.\n\nIt was\tlate.");
    const data = dataOf(html);
    expect(data.ranges).toBeNull();
    expect(data.k).toBe(5);
    expect(data.labels[data.ids[1]]).toBe("␣train");
    expect(data.alternatives).toHaveLength(5 * view.tokens);
    expect(data.own[0]).toBeNull();
    expect(data.bits[0]).toBe("–");
  });

  it("gives tokens of one character one span, and the script their range", async () => {
    const view = madeUpView("a 🦔b", { bytewise: (token) => token === "🦔", bits: () => 3 });
    const html = await scorePage(view);
    expect(html).toContain('title="12.0 bits">🦔</span>');
    expect(dataOf(html).ranges).toEqual([0, 1, 1, 2, 2, 6, 6, 7]);
  });

  it("lets no text, token, file name or model name become markup", async () => {
    const plain = await Promise.all(
      [madeUpView("x y\n"), madeUpView("a 🦔\n".repeat(20), { bytewise: () => true })].map((view) =>
        scorePage({ ...view, title: "x", notes: ["x"] }),
      ),
    );
    const known = new Set(plain.flatMap((page) => [...tags(page)]));
    await fc.assert(
      fc.asyncProperty(hostile, hostile, async (text, name) => {
        const base = madeUpView(text);
        const view = {
          ...base,
          title: name,
          model: { ...base.model, name, source: name, quantisation: name },
          recipe: { ...base.recipe, name, id: name },
          settings: { [name]: name },
          notes: [name],
        };
        const html = await scorePage(view);
        for (const tag of tags(html)) expect(known).toContain(tag);
        expect(block(html, "script")).toHaveLength(2);
        expect(html).not.toMatch(/<!--/);
        expect(withoutIsolates(html).match(HIDDEN)).toBeNull();
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

  it("shows a text without numbers, without alternatives, and an empty one", async () => {
    const none = await scorePage(madeUpView("a b", { bits: () => Number.NaN, alternatives: 0 }));
    expect(none).toContain("has no number for this text");
    expect(none).not.toContain("<table");
    expect(await scorePage(madeUpView(""))).toContain('<div id="text"');
  });

  it("draws the tokens of a text that is long enough, with numbers that are those of the table", async () => {
    const view = madeUpView("The train left. ".repeat(20));
    const html = await scorePage(view);
    expect(headings(html)).toEqual([
      "Where the surprise lies",
      "The most surprising tokens",
      "Surprisal along the text",
      "How surprising the tokens were",
      "Calibration by rank",
      "Bits per byte, beside general-purpose compressors",
      "How this was measured",
    ]);
    expect(block(html, "svg").filter(([svg]) => svg.includes('role="img"'))).toHaveLength(6);
    expect(html).toContain(`${view.scored} tokens with a mean of ${view.bitsPerToken!.toFixed(1)} bits`);
    const ranks = [...view.table.ranks];
    const right = ranks.filter((rank) => rank === 1).length / view.scored;
    expect(html).toContain(`first choice was right ${Math.round(100 * right)}% of the time`);
    expect(
      block(html, "details")
        .at(-1)![1]!
        .match(/<th scope="row">/g),
    ).toHaveLength(5);

    const short = await scorePage(madeUpView("The train left."));
    expect(headings(short)).not.toContain("How surprising the tokens were");
    expect(short).not.toContain("<figure>");
  });

  it("draws what there are numbers for", async () => {
    const text = "The train left. ".repeat(20);
    const drawn = async (view: ScoreView) => headings(await scorePage(view)).slice(2, -2);
    const [along, distribution, calibration] = await drawn(madeUpView(text));
    expect(await drawn(madeUpView(text, { alternatives: 0 }))).toEqual([along, distribution]);
    expect(await drawn(madeUpView(text, { bits: () => Number.POSITIVE_INFINITY }))).toEqual([calibration]);
    expect(await drawn(madeUpView(text, { bits: () => Number.NaN }))).toEqual([]);
  });

  it("does not take the ranks of a server that gives them for first choices only", async () => {
    const view = madeUpView("The train left. ".repeat(20));
    const ranks = view.table.ranks.map((rank) => (rank === 1 ? 1 : 0));
    const some = await scorePage({ ...view, table: { ...view.table, ranks } });
    const calibration = (html: string) => html.match(/Calibration by rank<\/h2>[\s\S]*?<\/section>/)![0];
    expect(calibration(some)).toBe(calibration(await scorePage(view)));
    expect(calibration(some)).not.toContain("right 100%");
  });

  it("lets no model name into the pictures as markup", async () => {
    const view = madeUpView("The train left. ".repeat(20));
    const name = `${ATTACKS.join("")}\u202e\u0000\u05d0`;
    const [plain, html] = await Promise.all(
      [view, { ...view, model: { ...view.model, name } }].map((each) => scorePage(each)),
    );
    expect(tags(html!)).toEqual(tags(plain!));
    expect(block(html!, "script")).toHaveLength(2);
    expect(withoutIsolates(html!).match(HIDDEN)).toBeNull();
  });

  it("stays small and quick for a long text", async () => {
    const words = Array.from(
      { length: 20_000 },
      (_, i) => `w${"abcdefghij"[i % 10]}${"klmnopqrst"[(i >> 4) % 10]}`,
    );
    const html = await scorePage(madeUpView(words.join(" ")));
    expect(html.match(/<span class="s[0-7n]"/g)).toHaveLength(20_000);
    expect(html.length).toBeLessThan(6_000_000);
  });
});

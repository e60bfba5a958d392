import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { madeUpView } from "../../../test/score-view.ts";
import { decodeLossless, displayWidth, visible } from "../../text/visible.ts";
import { renderScore, type TerminalOptions } from "./terminal.ts";
import { renderTokens } from "./token-list.ts";

const SGR = /\u001b\[[0-9;]*m/g;
const plain = (text: string) => text.replace(SGR, "");
const squeeze = (text: string) => text.replace(/\s/gu, "");
const colours = ["none", "16", "256", "truecolor"] as const;
const options = (given: Partial<TerminalOptions> = {}): TerminalOptions => ({
  columns: 80,
  colour: "none",
  top: 3,
  ...given,
});
/** Bits of the words that are named, 0.5 of the others. */
const bitsOf = (named: Record<string, number>) => (token: string) => named[token.trim()] ?? 0.5;
/** Lines of the heat-mapped text: after the first blank line, up to the next one. */
const textLines = (output: string) => {
  const lines = output.split("\n");
  const start = lines.indexOf("") + 1;
  return lines.slice(start, lines.indexOf("", start));
};

/** Text that would do harm, in any mixture. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "\u001b[2J",
        "\u001b]0;x\u0007",
        "\u009b1A",
        "\u202e",
        "\u2066",
        "\u200b",
        "\u200d",
        "\r",
        "\t",
        "\b",
      ),
      fc.constantFrom(
        "word",
        " ",
        "\n",
        "\r\n",
        "é",
        "e\u0301",
        "日本",
        "👩",
        "👩‍💻",
        "\u0301",
        "می‌خ",
        "<b>",
        "\ufeff",
      ),
      fc.string({ unit: "binary", maxLength: 4 }),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(""));

describe("renderScore", () => {
  const text = "The train to Ljubljana left at noon.\nIt was late.\n";
  const view = () => madeUpView(text, { bits: bitsOf({ Ljubljana: 17.3, noon: 6 }) });

  it("starts with the number and its error, and puts bits per byte beside the compressors", () => {
    const output = renderScore(
      { ...view(), perplexity: 23.5912, standardError: 0.7243, bitsPerByte: 1.0241 },
      options(),
    );
    const [first, second] = output.split("\n");
    expect(first).toMatch(/^perplexity +23\.59 ± 0\.72$/);
    expect(second).toMatch(/^bits per byte +1\.024 \(gzip 4\.61, brotli 3\.55, xz 5\.12\)$/);
    expect(output).toContain("tokens          14 of 14 scored");
    expect(output.endsWith("\n")).toBe(true);
  });

  it("leaves out a compressor that is not there", () => {
    const output = renderScore({ ...view(), compression: { gzip: 4, brotli: 3, xz: null } }, options());
    expect(output).toContain("(gzip 4.00, brotli 3.00)");
  });

  it("draws bars beneath the text on a terminal without colours", () => {
    const output = renderScore(view(), options());
    expect(output).toContain(
      "The train to Ljubljana left at noon.↵\n             █████████         ▄▄▄▄\nIt was late.↵\n",
    );
    expect(output).toContain("█ 14+");
  });

  it("is the plain text in a pipe", () => {
    const output = renderScore(view(), options({ columns: null }));
    expect(output).toContain(`\n\n${text}\n`);
    expect(output).not.toContain("█");
  });

  it("colours the word and not the space before it, one sequence per run", () => {
    const output = renderScore(view(), options({ colour: "truecolor" }));
    expect(output).toContain("to \u001b[48;2;252;253;191;38;2;0;0;0mLjubljana\u001b[0m left");
    expect(renderScore(view(), options({ colour: "16" }))).toContain("\u001b[103;30mLjubljana\u001b[0m");
    expect(renderScore(view(), options({ colour: "256" }))).toContain(
      "\u001b[48;5;229;38;5;16mLjubljana\u001b[0m",
    );
    expect(renderScore(view(), options({ colour: "truecolor", background: "light" }))).toContain(
      "\u001b[48;2;59;15;112;38;2;255;255;255mLjubljana\u001b[0m",
    );
  });

  it("marks a token without a number, and says so in the legend", () => {
    const first = madeUpView(text, { bits: (_, i) => (i === 0 ? Number.NaN : 1) });
    expect(renderScore(first, options({ colour: "256" }))).toContain("\u001b[2mThe\u001b[0m train");
    expect(renderScore(first, options())).toContain("· none");
    expect(renderScore(view(), options())).not.toContain("· none");
  });

  it("lists the most surprising tokens with rank and expectation, counted from 1", () => {
    const output = renderScore(view(), options({ top: 1 }));
    expect(output).toMatch(/\n17\.3 {6}4 +[\d,]+ {2}The train to \[Ljubljana\] left at noon\./);
    expect(output).toMatch(/\n +expected \S+ \d+% · /);
    expect(output.match(/expected \S+ \d+%.*$/m)![0]).not.toContain("Ljubljana");
    expect(renderScore(view(), options({ top: 0 }))).not.toContain("Most surprising");
  });

  it("says which part of a character a token is", () => {
    const output = renderScore(
      madeUpView("a 🦔", { bytewise: (token) => token === "🦔", bits: (_, i) => i }),
      options({ top: 1 }),
    );
    expect(output).toMatch(/a \[🦔\]\n +of this: ⟨0x94⟩; expected /);
  });

  it("wraps after spaces by display width", () => {
    const output = renderScore(
      madeUpView("one two three 日本語日本語日本語 four", { bits: () => 0 }),
      options({ columns: 12 }),
    );
    expect(textLines(output)).toEqual(["one two ", "three ", "日本語日本", "語日本語 ", "four"]);
  });

  it("says what it was made with", () => {
    const output = renderScore(
      { ...view(), title: "trains.txt", notes: ["The tail was left out."] },
      options({ columns: 200 }),
    );
    expect(output).toMatch(/recipe +cached · id c4f1a2b0 · context 2048 · sinks 4 · step 512 · bos model\n/);
    expect(output).toMatch(
      /model +SmolLM2-135M-Instruct · Q4_1 · 135M parameters · 98\.2 MB · sha256 b179c952b179…/,
    );
    expect(output).toMatch(/text +trains\.txt · 50 B · sha256 0123456789ab…\n/);
    expect(output).toMatch(
      /time +842 ms in all · 210 ms loading · 597 ms in the model · 14 tokens run · 23 tokens\/s\n/,
    );
    expect(output).toMatch(/note +The tail was left out\.\n/);
  });

  it("shows a recipe with its window first, and nothing that is off or missing", () => {
    const recipe = {
      stride: null,
      sinks: 4,
      prefixIn: "every",
      parseSpecial: false,
      extendLast: true,
      context: 2048,
      method: "cached",
      notes: ["x"],
    };
    const shown = (name: string | null) =>
      renderScore({ ...view(), recipe: { id: "f78621f5", name, ...recipe } }, options({ columns: 200 }));
    expect(shown("cached")).toMatch(
      /recipe +cached · id f78621f5 · context 2048 · sinks 4 · prefix in every · extend last\n/,
    );
    expect(shown(null)).toMatch(/recipe +own · id f78621f5 · method cached · context 2048 · /);
  });

  it("cuts a long text and says so", () => {
    const output = renderScore(
      madeUpView("a b c d e f", { bits: () => 0 }),
      options({ textTokens: 4, top: 0 }),
    );
    expect(textLines(output)).toEqual(["a b c d", "… and 2 tokens more; the HTML page shows all of them."]);
  });

  it("shows a text without any number, and one without tokens", () => {
    for (const none of [madeUpView("a b", { bits: () => Number.NaN }), madeUpView("")])
      expect(renderScore(none, options())).toMatch(/^perplexity +–\n/);
  });

  it("writes no control characters but line breaks and its own colours, whatever the text and the names", () => {
    fc.assert(
      fc.property(
        hostile,
        hostile,
        fc.constantFrom(...colours),
        fc.boolean(),
        (text, name, colour, terminal) => {
          const base = madeUpView(text, { bytewise: (token) => token.length % 3 === 0 });
          const view = {
            ...base,
            title: name,
            model: { ...base.model, name, source: name },
            recipe: { ...base.recipe, name, id: name },
            settings: { [name]: name },
            notes: [name],
          };
          const output = renderScore(view, options({ colour, columns: terminal ? 80 : null }));
          if (colour === "none") expect(output).not.toContain("\u001b");
          const rest = plain(output);
          const controls = rest.match(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\u200B\u2060\uFEFF]/gu) ?? [];
          expect(controls.filter((control) => control !== "\n")).toEqual([]);
          expect(visible(rest.replaceAll("\n", " "))).toBe(rest.replaceAll("\n", " "));
        },
      ),
      { numRuns: 100 },
    );
  });

  it("shows all of the text, and keeps to the width", () => {
    fc.assert(
      fc.property(
        hostile,
        fc.constantFrom("16", "truecolor"),
        fc.integer({ min: 40, max: 100 }),
        (text, colour, columns) => {
          const view = madeUpView(text, { bytewise: (token) => token.length % 3 === 0 });
          const output = plain(renderScore(view, options({ colour: colour as "16", columns })));
          expect(squeeze(output)).toContain(squeeze(visible(decodeLossless(view.text))));
          for (const line of output.split("\n")) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("renderTokens", () => {
  it("is one line per token, its values without spaces", () => {
    const view = madeUpView("The train left.\nIt was\tlate.", { bits: (_, i) => (i === 0 ? Number.NaN : i) });
    const lines = renderTokens(view).trimEnd().split("\n");
    expect(lines).toHaveLength(view.tokens + 1);
    expect(lines[0]!.trim().split(/ +/)).toEqual([
      "token",
      "bits",
      "rank",
      "entropy,bits",
      "text",
      "expected",
    ]);
    for (const line of lines) expect(line.trim().split(/ +/)).toHaveLength(6);
    expect(lines[1]!.trim().split(/ +/)).toEqual(["1", "–", "–", "–", "The", "–"]);
    expect(lines[2]!.trim().split(/ +/).slice(0, 2)).toEqual(["2", "1.0"]);
  });

  it("shows the harmful as symbols", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const output = renderTokens(madeUpView(text));
        expect(output.replaceAll("\n", "").match(/[\p{Cc}\p{Bidi_Control}]/gu)).toBeNull();
      }),
    );
  });
});

/** Tables, page and screen of a small file in bytes mode, of one that a known model packed, and of nothing. */
import { beforeAll, describe, expect, it } from "vitest";
import { byteCoder } from "../../../test/byte-coder.ts";
import { renderExplanation } from "../../cli/render/index.ts";
import { explainPacked, type ModelCoder, memorySource, pack, yardsticks } from "../../compress/index.ts";
import { displayWidth } from "../../text/index.ts";
import { compressionPage } from "./page.ts";
import type { CompressionView } from "./view.ts";

const HOSTILE =
  "</script><script>window.harmed=1</script><img src=x>\u202e\u0007 日本語 It cost 3.50, said Mr. Fox.\n";
const PEERS = [
  { name: "gzip -9", bytes: 900, missing: null },
  { name: "xz -9e", bytes: null, missing: "it is not installed" },
];

async function viewOf(raw: Uint8Array, coder?: ModelCoder): Promise<CompressionView> {
  const parts: Uint8Array[] = [];
  for await (const part of pack([raw], { coder })) parts.push(Buffer.from(part));
  const source = memorySource(Buffer.concat(parts), HOSTILE);
  const explanation = await explainPacked(source, { coderFor: coder && (async () => coder) });
  const modelBytes = coder ? 5_000_000 : null;
  return { title: HOSTILE, explanation, modelBytes, ...yardsticks(explanation, PEERS, modelBytes) };
}

/** Bytes that nobody but the coder can guess. */
const secret = (place: number): number => (Math.imul(place + 1, 2654435761) >>> 28) + 97;
const knowing = byteCoder((place) => {
  const row = new Float32Array(256).fill(-9);
  row[secret(place)] = 0;
  return row;
}, 1);

const VIEWS: Record<string, CompressionView> = {};
beforeAll(async () => {
  VIEWS["bytes mode"] = await viewOf(Buffer.from(HOSTILE.repeat(8) + "Other words stood here. ".repeat(9)));
  VIEWS["a model"] = await viewOf(
    Uint8Array.from({ length: 3000 }, (_, i) => secret(i)),
    knowing,
  );
  VIEWS.nothing = await viewOf(new Uint8Array(0));
});

describe.each(["bytes mode", "a model", "nothing"])("what is shown of %s", (name) => {
  it.each([60, 80, 120])("fits %i columns, and obeys nothing of the text", (columns) => {
    const shown = renderExplanation(VIEWS[name]!, { columns, colour: false });
    for (const line of shown.split("\n")) expect(displayWidth(line)).toBeLessThan(columns);
    expect(shown).not.toMatch(/\u202e|\u0007/);
    expect(shown).toContain("xz -9e is left out: it is not");
    expect(shown).toContain("the file");
  });

  it("is the same page every time, and no script of a text", () => {
    const page = compressionPage(VIEWS[name]!);
    expect(compressionPage(VIEWS[name]!)).toBe(page);
    expect(page).not.toMatch(/<img|\u202e|\u0007|<script>window/);
    expect(page).toContain("Where the bits go");
  });
});

it("says from which length on a model pays for itself, and what its tokens cost", () => {
  const shown = renderExplanation(VIEWS["a model"]!, { columns: null, colour: false });
  expect(VIEWS["a model"]!.explanation.isAllModel).toBe(true);
  expect(shown).toMatch(/bits per token/);
  expect(shown).toMatch(
    /With the model's file, 5 MB, counted, it is smaller than gzip -9 from .* of such text on/,
  );
});

it("shows the text in colours, of bytes as of tokens", () => {
  for (const name of ["bytes mode", "a model"]) expect(compressionPage(VIEWS[name]!)).toContain('id="text"');
  expect(compressionPage(VIEWS.nothing!)).not.toContain('id="text"');
});

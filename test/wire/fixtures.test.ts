/** Every fixture, read as the client reads it, must come out as its manifest says; whole and streamed alike. */
import { describe, expect, it } from "vitest";
import type { TokenRecord } from "../../src/core/index.ts";
import { type Fixture, fixtureBytes, manifest, type Outcome } from "./fixtures.ts";
import { containerOf, perplexityOf, type Replay, replay, textOf } from "./replay.ts";

const { fixtures } = manifest();

const read = ({ file, format, choices }: Fixture, piece?: number): Promise<Replay> =>
  replay(fixtureBytes(file), format, containerOf(file), {
    alternatives: 2,
    ...(choices !== undefined && { choices }),
    ...(piece !== undefined && { piece }),
  });

describe("fixtures", () => {
  for (const fixture of fixtures) {
    const { outcome } = fixture;
    if (!outcome) continue;
    it(`${fixture.file}: ${fixture.about}`, async () => {
      const found = await read(fixture);
      expect(outcomeOf(found)).toEqual(rounded(outcome));
      if ("texts" in outcome) expect(textsOf(found.records)).toEqual(outcome.texts);
    });
  }
});

describe("the same answer, whole and streamed, gives the same records", () => {
  const names = new Set(fixtures.flatMap(({ pair }) => (pair === undefined ? [] : [pair])));
  for (const pair of names) {
    const [whole, streamed] = fixtures.filter((fixture) => fixture.pair === pair);
    it(pair, async () => {
      const [a, b] = [await read(whole!), await read(streamed!)];
      if (perplexityOf(a.records) === null) {
        // Without numbers there are no tokens, only text, in as many pieces as came.
        expect(textOf(b.records)).toBe(textOf(a.records));
        expect(b.records.every(({ logprob }) => logprob === null)).toBe(true);
      } else expect(b.records.map(comparable)).toEqual(a.records.map(comparable));
      expect(b.end).toEqual(a.end);
      expect(b.error?.code).toBe(a.error?.code);
    });
  }
});

describe("what a real Ollama answered", () => {
  it.each([
    ["generate.json", 6, 6],
    ["generate-stream.ndjson", 6, 6],
    ["generate-stream-zh.ndjson", 8, 12],
    ["chat-stream.ndjson", 8, 8],
  ])("%s: %i records of %i tokens", async (name, count, evaluated) => {
    const file = `ollama/${name}`;
    const { records, end, error } = await replay(fixtureBytes(file), "ollama", containerOf(file));
    const lines = new TextDecoder().decode(fixtureBytes(file)).trim().split("\n");
    const said = lines.map((line) => JSON.parse(line));
    const numbers = said.flatMap(({ logprobs = [] }) =>
      logprobs.map((entry: { logprob: number }) => entry.logprob),
    );
    expect(error).toBeNull();
    expect(numbers.length).toBe(count);
    expect(records.map(({ logprob }) => logprob)).toEqual(numbers);
    expect(textOf(records)).toBe(said.map(({ response, message }) => response ?? message.content).join(""));
    expect(end).toMatchObject({
      finishReason: "length",
      tokens: evaluated,
      scored: count,
      partial: count < evaluated,
      warnings: count < evaluated ? [`${count} of ${evaluated} tokens carry a number.`] : [],
    });
  });
});

it("the pieces that bytes arrive in change nothing", async () => {
  for (const fixture of fixtures.filter(({ file }) => containerOf(file) !== "json")) {
    const [small, large] = [await read(fixture, 1), await read(fixture, 1 << 20)];
    expect(large.records, fixture.file).toEqual(small.records);
    expect(large.end, fixture.file).toEqual(small.end);
    expect(large.error?.code, fixture.file).toBe(small.error?.code);
  }
});

function outcomeOf({ records, end, error }: Replay): Outcome {
  if (error) return { error: error.code, records: records.length };
  return rounded({
    text: textOf(records),
    scored: end!.scored,
    records: records.length,
    perplexity: perplexityOf(records),
    partial: end!.partial,
    finish: end!.finishReason,
  });
}

/** The text of each part. */
function textsOf(records: readonly TokenRecord[]): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const { part = "answer", text } of records) texts[part] = (texts[part] ?? "") + text;
  return texts;
}

/** Ten digits: sums in another order. */
function rounded(outcome: Outcome): Outcome {
  if ("error" in outcome) return outcome;
  const { texts: _, perplexity, ...rest } = outcome;
  return { ...rest, perplexity: perplexity === null ? null : Number(perplexity.toPrecision(10)) };
}

/** What a stream can say too: alternatives of a Responses stream have no bytes, for example, but the same texts. */
function comparable({ text, bytes, id, logprob, alternatives }: TokenRecord) {
  return { text, bytes: bytes && Array.from(bytes), id, logprob, alternatives: alternatives?.length };
}

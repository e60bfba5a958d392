import { describe, expect, it } from "vitest";
import {
  datasetReport,
  demonstrationReport,
  emptySample,
  refinedSample,
  sampleReport,
} from "../../../test/refine-report.ts";
import { displayWidth } from "../../text/index.ts";
import { renderRefinement } from "./refine.ts";

const HOSTILE = "\u001b[31m\u001b]0;title\u0007\u202e日本語的很长的名字 שלום\r\n\tend";
const CONTROL = /(?!\n)\p{Cc}/u;

const plain = (report: Parameters<typeof renderRefinement>[0], columns: number | null = 80) =>
  renderRefinement(report, { columns, colour: false });

describe("a refinement in a terminal", () => {
  it("shows each step with its bar, what became of it and why", () => {
    expect(plain(sampleReport("Ada"))).toBe(
      `Refined: Ada.jsonl · SPIRIT-FT with Ada

Ada · Ada.jsonl:1
steps       4 → 2 (1 removed, 1 merged)
tokens      38 → 24 (37% fewer)
perplexity  2.000 → 2.040 (1.020 times), of steps and answer
answer's    1.100 → 1.200
ended       without step 2, the least harmful, the perplexity is 1.5 times as
            high, more than 1.05
warning     The answer of Ada does not follow.

                 nats tokens  step
1 − ▒          −0.050      8  A week has 7 days, says Ada.
                              removed in round 1, at 0.950 times the full
                              chain's perplexity
2   ██████████ +0.400      9  There are 40 apples.
3 ~                 –     10  40-4=36
                              merged: written into the steps that use it in
                              round 2, at 1.020 times the full chain's
                              perplexity: what it computes stands now in the
                              steps that use it
4   ██████████     +∞     11  36*3/4=27
                            > (40-4)*3/4=27
                              kept, with another step in it: step 4 uses 27 of
                              it
− removed: the least harmful step of its round; ~ merged into others; > what
stands there now

round  steps  tokens  perplexity  times full                done
full       4      38       2.000       1.000  ███████████▊
1          3      30       1.900       0.950  ███████████▏  step 1 removed
2          2      24       2.040       1.020  ████████████  step 3 substituted

way                steps  tokens  perplexity
spirit                 2      24       2.040
full                   4      38       2.000
shortest               2      25       3.000
random, mean of 3    2.3      26       3.500
Random draws: 2.000 to 6.000, 1 of 3 as low as 2.040.

Importance: how much worse the model predicts the steps that are left and the
answer once this step alone is gone, as change of the mean -ln p per token,
nats. Above 0 the chain needs the step (+0.05 is about 5% more perplexity), at
0 nothing changes, below 0 the rest is easier without it.
A step's own tokens go with it, which shifts this mean whether or not the step
was needed.
Reconstructed, not the publication's:
– thresholds: ours, Ada
`.replace("███████████▊  \n", "███████████▊\n"),
    );
  });

  it("shows a data set: totals, their spread, other ways, what was not refined", () => {
    const shown = plain(datasetReport("Ada"));
    expect(shown.slice(0, shown.indexOf("\nAda · Ada.jsonl:1"))).toBe(`Refined: Ada.jsonl · SPIRIT-FT with Ada
samples     4, 2 weighed, 1 shorter, 1 left as it was, 1 left out
tokens      5,038 → 5,024 (0.28% fewer); of a sample 18% ± 2.0 on average
steps       5 → 3 (1 removed, 1 merged)
perplexity  1.020 times (ln +0.020 nats), of steps and answer
answer's    –

tokens saved  samples
nothing             1  ████████████████████████
0 to 10%            0
10 to 20%           0
20 to 30%           0
30 to 40%           1  ████████████████████████

way       steps  tokens  perplexity  worse by, nats  answer's  worse by
spirit      2.5      26       2.040               –     1.100         –
full        2.5      26       2.000  −0.020 ± 0.010     1.100     0.000
shortest    2.5      26       3.000  +0.386 ± 0.010     1.100     0.000
random      2.5      26       3.500  +0.540 ± 0.010     1.100     0.000
Means of 2 samples, random of 3 draws each, all with at least as many tokens as
the first; ± one standard error over samples.

2 samples not refined
2 no reasoning steps
– Ada.jsonl:3: written as it was. The chain has no steps (Ada) (EMPTY_INPUT)
– Ada.jsonl:4: left out. The chain has no steps (Ada) (EMPTY_INPUT)
`);
  });

  it("shows demonstrations; what the model cannot count is a dash, what is infinite is said", () => {
    const shown = plain(demonstrationReport("Ada"), 60);
    expect(shown).toContain("demonstrations  2, tried on 8 questions\n");
    expect(shown).toContain("tokens          – → – (–)\n");
    expect(shown).toContain("shortest               1       –           ∞\n");
    expect(shown).toContain("model predicts the\nquestions' steps and answers once");
    expect(shown).toContain("Random draws: 4.000 to 9.000, 1 of 2 as low as 4.500.\n");
  });

  const reports = [
    sampleReport(HOSTILE),
    datasetReport(HOSTILE),
    demonstrationReport(HOSTILE),
    { ...datasetReport("a"), samples: [emptySample(0)] },
    { ...datasetReport("a"), samples: [refinedSample("很".repeat(200))] },
  ];
  it.each([60, 80, 120])("fits into %i columns, wide characters too, and obeys no text", (columns) => {
    for (const report of reports) {
      const shown = plain(report, columns);
      for (const line of shown.split("\n")) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
      expect(shown).not.toMatch(CONTROL);
      expect(shown).not.toMatch(/\u202e|NaN|undefined/);
    }
  });

  it("breaks no line where there is no terminal, and colours only where colours are", () => {
    expect(plain(sampleReport("Ada"), null)).toContain(
      "merged: written into the steps that use it in round 2, at 1.020 times the full chain's perplexity: what it computes stands now in the steps that use it\n",
    );
    const coloured = renderRefinement(sampleReport(HOSTILE), { columns: 80, colour: true });
    expect(coloured).toContain("\u001b[1mRefined: ");
    // Bold and faint, and nothing else.
    expect(coloured.replaceAll(/\u001b\[[0-2]m/g, "")).toBe(plain(sampleReport(HOSTILE)));
  });

  it("shows the beginning of a step of 10,000 characters", () => {
    const shown = plain({ ...datasetReport("a"), samples: [emptySample(0)] });
    expect(shown.split("\n").filter((line) => line.includes("很长的推理")).length).toBe(4);
    expect(shown).toContain("很长的推理…\n");
  });

  it("does not put the ratio of what stands behind beside another perplexity", () => {
    const shown = plain({ ...sampleReport("Ada"), measure: "rest" }, 120);
    expect(shown).toContain(
      "2.000 → 2.040, of steps and answer (1.020 times of what stands behind what went)\n",
    );
    expect(shown).toContain("at 0.950 times the full chain's perplexity of what stands behind\n");
    expect(shown).toContain("times, behind");
  });
});

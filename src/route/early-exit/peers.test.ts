/** The numbers of DeepConf, EAT and DEER are those of their published code: tools/peers/record_early_exit.py. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { TokenRecord } from "../../core/index.ts";
import {
  DeepConfExit,
  deepConfVotes,
  EntropyExit,
  ExponentialVariance,
  groupConfidences,
  replayDeepConf,
  surestTraces,
  type TraceMeasure,
  tokenConfidence,
  traceConfidence,
  trialConfidence,
} from "./index.ts";

interface PeerVote {
  answer: string | null;
  num_votes: number;
}
interface Peers {
  window: number;
  topK: number;
  warmUp: number;
  traces: { answer: string | null; logprobs: number[][]; confs: number[]; groups: number[]; min: number }[];
  scores: Record<string, number>[];
  votes: Record<string, PeerVote>;
  elections: { answers: (string | null)[]; confs: number[][]; votes: Record<string, PeerVote | null> }[];
  filtered: Record<string, number[]>;
  online: {
    percentile: number;
    bar: number;
    stops: (number | null)[];
    answer: string;
    voting_answers: string[];
    voting_weights: number[];
    majority: string;
  }[];
  entropies: number[];
  settled: { alpha: number; delta: number; min_distance: number; variance: number[]; stop: number }[];
  trials: { logprobs: number[]; avg1: number; avg2: number }[];
}

const peers: Peers = JSON.parse(
  readFileSync(new URL("../fixtures/early-exit.json", import.meta.url), "utf8"),
);
const { window, topK } = peers;

const token = (logprobs: readonly number[]): TokenRecord => ({
  text: "x",
  logprob: logprobs[0]!,
  alternatives: logprobs.map((logprob, id) => ({ text: `${id}`, id, logprob })),
});
const tokens = peers.traces.map(({ logprobs }) => logprobs.map(token));

describe("facebookresearch/deepconf 675529d", () => {
  it("has our confidences of tokens, rounded to three digits", () => {
    for (const [t, { confs }] of peers.traces.entries())
      for (const [i, conf] of confs.entries())
        expect(Math.abs(tokenConfidence(tokens[t]![i]!, topK)! - conf)).toBeLessThanOrEqual(5e-4 + 1e-9);
  });

  it("has our groups, to the last digit where ours are rounded too", () => {
    for (const { confs, groups, min } of peers.traces) {
      const ours = groupConfidences(confs, { window, decimals: 3 });
      expect(ours).toHaveLength(groups.length);
      for (const [i, group] of groups.entries()) expect(ours[i]).toBeCloseTo(group, 12);
      expect(traceConfidence(confs, "lowest", { window, decimals: 3 })).toBeCloseTo(min, 12);
    }
  });

  it("has our scores of traces", () => {
    for (const [t, { confs }] of peers.traces.entries()) {
      const scores = peers.scores[t]!;
      expect(traceConfidence(confs, "mean")).toBeCloseTo(scores.mean!, 12);
      expect(traceConfidence(confs, "tail", { window })).toBeCloseTo(scores.tail!, 12);
      expect(traceConfidence(confs, "bottom", { window })).toBeCloseTo(scores.bottom!, 12);
      expect(traceConfidence(confs, "bottom", { window, bottom: 0.5 })).toBeCloseTo(
        scores["bottom half"]!,
        12,
      );
      expect(traceConfidence(confs, "lowest", { window })).toBeCloseTo(scores.lowest!, 12);
    }
  });

  const NAMES: Record<string, string> = {
    majority: "majority",
    mean: "mean_confidence_weighted",
    tail: "tail_confidence_weighted",
    bottom: "bottom_window_weighted",
    lowest: "min_window_weighted",
    "surest tenth by tail": "top10_tail_filtered",
    "surest tenth by bottom": "top10_bottom_window_filtered",
  };

  it("has our votes, which do not all agree", () => {
    let differing = 0;
    const own = {
      answers: peers.traces.map(({ answer }) => answer),
      confs: peers.traces.map(({ confs }) => confs),
    };
    for (const { answers, confs, votes } of [{ ...own, votes: peers.votes }, ...peers.elections]) {
      const traces = answers.map((answer, i) => ({ answer, confidences: confs[i]! }));
      const ours = deepConfVotes(traces, { window });
      for (const [name, theirs] of Object.entries(NAMES)) {
        expect([name, ours[name]!.answer]).toEqual([name, votes[theirs]!.answer]);
        expect([name, ours[name]!.votes]).toEqual([name, votes[theirs]!.num_votes]);
      }
      if (new Set(Object.values(ours).map(({ answer }) => answer)).size > 1) differing++;
    }
    expect(differing).toBeGreaterThan(5);
  });

  it("keeps the traces that we keep", () => {
    const measures: Record<string, TraceMeasure> = {
      mean: "mean",
      tail: "tail",
      bottom_window: "bottom",
      min_window: "lowest",
    };
    const traces = peers.traces.map(({ confs }, i) => ({ answer: "any", confidences: confs, i }));
    for (const [name, kept] of Object.entries(peers.filtered)) {
      const [measure, share] = name.split(" ") as [string, string];
      const ours = surestTraces(traces, measures[measure]!, Number(share), { window });
      expect([name, ours.map(({ i }) => i)]).toEqual([name, kept]);
    }
  });

  it.each(peers.online)(
    "stops the same traces at the same token, and votes the same ($percentile)",
    (online) => {
      for (const [t, trace] of tokens.entries()) {
        const exit = new DeepConfExit(online.bar, { window, topK });
        const at = trace.findIndex((each) => exit.observe(each).kind === "stop");
        expect(at < 0 ? null : at).toBe(online.stops[t]);
      }
      const traces = peers.traces.map(({ answer, confs }) => ({
        answer,
        confidences: confs,
        tokens: confs.length,
      }));
      const keep = online.percentile / 100;
      const result = replayDeepConf(traces, { warmUp: peers.warmUp, window, keep, consensus: null });
      expect(result.bar).toBeCloseTo(online.bar, 2);
      expect(result.answer).toBe(online.answer);
      expect(result.majority.answer).toBe(online.majority);
      expect(result.vote.votes).toBe(online.voting_answers.length);
      const stops = online.stops.slice(peers.warmUp).map((stop) => stop !== null);
      expect(result.traces.slice(peers.warmUp).map(({ stopped }) => stopped)).toEqual(stops);
      expect(result.tokens).toBe(
        peers.traces.reduce(
          (sum, { confs }, t) =>
            sum + (t < peers.warmUp || online.stops[t] === null ? confs.length : online.stops[t]! + 1),
          0,
        ),
      );
    },
  );
});

describe("xidulu/EAT 93a46f7", () => {
  it.each(peers.settled)(
    "has the variance of $alpha, and stops there: $delta after $min_distance",
    async (settled) => {
      const { alpha, delta, min_distance: warmUp, variance, stop } = settled;
      const running = new ExponentialVariance(alpha);
      for (const [i, entropy] of peers.entropies.entries())
        expect(running.push(entropy)).toBeCloseTo(variance[i]!, 12);
      let asked = 0;
      const exit = new EntropyExit({
        probe: {
          read() {},
          entropyAfter: async () => peers.entropies[asked++]!,
          trial: async () => ({ text: "", logprobs: [] }),
          async [Symbol.asyncDispose]() {},
        },
        delta,
        alpha,
        warmUp,
      });
      let at = -1;
      for (let i = 0; i < peers.entropies.length && at < 0; i++) {
        const verdict = await exit.observe({ text: `step ${i}\n\n`, logprob: -1 });
        if (verdict.kind === "stop") at = i;
      }
      // they drop the first variance and count from the second
      expect(at).toBe(stop < 0 ? -1 : stop + 1);
    },
  );
});

describe("iie-ycx/DEER c9dd19f", () => {
  it.each(peers.trials)("has our arithmetic and geometric means", ({ logprobs, avg1, avg2 }) => {
    // theirs are single precision
    expect(trialConfidence({ logprobs }).confidence).toBeCloseTo(avg1, 6);
    expect(trialConfidence({ logprobs }, { mean: "geometric" }).confidence).toBeCloseTo(avg2, 6);
  });
});

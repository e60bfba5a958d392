/** Estimators that compare answers: ten samples of 200 words, and what one more of them costs. */
import {
  degreeMatrix,
  eccentricity,
  jaccard,
  laplacianEigenvalues,
  pairwiseDisagreement,
  rouge,
  selfCheckNgram,
} from "../dist/uncertainty/samples/index.js";
import { readText, row, send } from "./_shared.mjs";

const SAMPLES = 10;
const WORDS = 200;

/** Answers to one question: the same two hundred words with some of them exchanged. */
const text = readText(200_000).split(/\s+/);
const answers = (seed) =>
  Array.from({ length: SAMPLES + 1 }, (_, sample) =>
    Array.from(
      { length: WORDS },
      (_, i) => text[seed + i + ((i * 7 + sample) % 5 === 0 ? 997 * sample : 0)],
    ).join(" "),
  );

/** Median milliseconds of an answer and its samples, from nothing to the number, once the code is warm. */
function milliseconds(estimator, rounds = 60) {
  const times = [];
  for (let round = 0; round < rounds; round++) {
    const texts = answers(round * 211);
    const start = performance.now();
    const running = estimator.start();
    for (const text of texts) running.observe({ text });
    running.estimate();
    times.push(performance.now() - start);
  }
  return times.slice(20).sort((a, b) => a - b)[(rounds - 20) >> 1];
}

const what = `${SAMPLES} samples of ${WORDS} words, ms`;
send([
  row(`SelfCheck unigram, ${what}`, milliseconds(selfCheckNgram()), "<=", 5),
  row(`SelfCheck 3-gram, ${what}`, milliseconds(selfCheckNgram({ n: 3 })), "<=", 15),
  row(
    `Jaccard of all pairs, ${what}`,
    milliseconds(pairwiseDisagreement({ similarity: jaccard() })),
    "<=",
    10,
  ),
  row(
    `ROUGE-L of all pairs, ${what}`,
    milliseconds(pairwiseDisagreement({ similarity: rouge("rouge-l") })),
    "<=",
    20,
  ),
  row(
    `degree matrix, eigenvalues and eccentricity by Jaccard, each, ${what}`,
    Math.max(
      ...[degreeMatrix, laplacianEigenvalues, eccentricity].map((make) =>
        milliseconds(make({ similarity: jaccard() })),
      ),
    ),
    "<=",
    15,
  ),
]);

/** The kernel's share: one row of logits, copied in and analysed. */
import { LogitKernel } from "../dist/core/index.js";
import { send } from "./_shared.mjs";

const rows = [];
for (const vocabulary of [49_152, 262_144]) {
  const kernel = await LogitKernel.create(vocabulary, 20);
  const logits = Float32Array.from(
    { length: vocabulary },
    (_, i) => 8 * Math.sin(i * 12.9898) + (i % 97) / 20,
  );
  for (const k of [0, 20]) {
    const nanoseconds = time(() => {
      kernel.row.set(logits);
      kernel.analyse(vocabulary >> 1, k);
    });
    rows.push({
      figure: `kernel, ${vocabulary.toLocaleString("en")} logits, top ${k}`,
      measured: `${(nanoseconds / 1e6).toFixed(3)} ms per row`,
      target: "-",
      ok: true,
    });
  }
}
send(rows);

/** Median of 20 samples of at least 20 ms, nanoseconds per call. */
function time(work) {
  const samples = [];
  for (let i = 0; i < 20; i++) {
    let calls = 0;
    const start = process.hrtime.bigint();
    let elapsed = 0n;
    do {
      work();
      calls++;
      elapsed = process.hrtime.bigint() - start;
    } while (elapsed < 20_000_000n);
    samples.push(Number(elapsed) / calls);
  }
  return samples.sort((a, b) => a - b)[10];
}

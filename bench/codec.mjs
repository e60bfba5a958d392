/**
 * The codec with mini: bits per byte of 16 pieces of mini-corpus test (where that and xz are there; a target is only known for that text), 16 parts side by side against one, packing and unpacking against the same decode calls without any coding. Speeds
 * are bytes per second of processor time, of one thread: other programs of the machine count less.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { modelCoder } from "../dist/compress/index.js";
import { packTokens } from "../dist/compress/model/lockstep-coder.js";
import { cutText } from "../dist/compress/model/segments.js";
import { resolve } from "../dist/index.js";
import { readText, row, send } from "./_shared.mjs";

const BYTES = 65_536;
const FEW = 6000; // for one part, which is slow
const PARTS = 16;
const SHAPE = { context: 1024, keep: 512 };

const model = await resolve("mini", { cpuBuild: "haswell", threads: 1, offline: true });
const split = testSplit();
const data = split ? spread(split) : Buffer.from(readText(BYTES));
const few = data.subarray(0, FEW);
const coder = await modelCoder(model, { sequences: PARTS });

/** mini-corpus test, `null`: it cannot be read here. */
function testSplit() {
  const file = fileURLToPath(new URL("../../shared/data/mini-corpus/test.txt.xz", import.meta.url));
  const { status, stdout } = spawnSync("xz", ["-dc", file], { maxBuffer: 2 ** 24 });
  return status === 0 && stdout.length > BYTES ? stdout : null;
}

/** As many pieces as there are parts, from everywhere in a text, each whole words. */
function spread(text) {
  const pieces = Array.from({ length: PARTS }, (_, i) => {
    const from = text.indexOf(" ", Math.floor((i * text.length) / PARTS));
    return text.subarray(from, text.indexOf(" ", from + BYTES / PARTS));
  });
  return Buffer.concat(pieces);
}

/** Seconds of processor time, and what the work gave. */
async function timed(work) {
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (user + system) / 1e6, result };
}

await coder.pack(few.subarray(0, 500)); // the first one loads what is needed
const packing = await timed(() => coder.pack(data));
const unpacking = await timed(() => coder.unpack(packing.result, data.length));
if (!data.equals(unpacking.result)) throw new Error("what was unpacked is not what was packed");

const texts = [];
for (const part of cutText(data, PARTS)) texts.push((await model.tokenize(part.toString("utf8"))).ids);
const start = coder.identity.start;
const reading = await timed(async () => {
  const rows = await model.lockstep({ sequences: PARTS, ...SHAPE, start });
  for (let place = 0; rows.live.length > 0; place++)
    await rows.step(Int32Array.from(texts, (ids) => ids[place] ?? -1));
});
const one = await modelCoder(model, { sequences: 1 });
const alone = await timed(() => one.pack(few));

const rows = await model.lockstep({ sequences: 1, ...SHAPE, start });
const [coded] = await packTokens(rows, [texts[0].subarray(0, 1500)], model.vocabulary.size);

const bitsPerByte = (8 * packing.result.length) / data.length;
const speed = data.length / packing.seconds;
const kbs = (value) => `${(value / 1000).toFixed(1)} kB/s`;
send([
  ...(split
    ? [row("codec, mini: bits per byte", bitsPerByte, "<=", 1.45, "mini-corpus test, 16 pieces of 4 kB")]
    : []),
  row(
    "codec, mini: 16 parts / one, speed",
    speed / (few.length / alone.seconds),
    ">=",
    4,
    `${kbs(speed)}, one ${kbs(few.length / alone.seconds)}`,
  ),
  row("codec, mini: packing / the same decode calls", packing.seconds / reading.seconds, "<=", 1.2),
  row("codec, mini: unpacking / the same decode calls", unpacking.seconds / reading.seconds, "<=", 1.2),
  row(
    "codec: coded bytes less ideal bits / 8 * 1.0005",
    coded.bytes.length - (coded.idealBits / 8) * 1.0005,
    "<=",
    8,
  ),
]);
process.exit(0);

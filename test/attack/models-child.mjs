/**
 * Loads and scores the model files it is told of, many in one process, and reports what became of each: the numbers, the
 * error, and the memory of the process. It dies of a file that kills it, which is the point.
 */
import { LlamaModel } from "../../dist/models/index.js";

const REQUESTS = [
  { context: "The cat", continuation: " and the hat\n" },
  { context: "In", continuation: " the beginning, é" },
];

process.on("message", async ({ path, cache }) => {
  process.send({ ...(await tryModel(path, cache)), residentBytes: process.memoryUsage.rss() });
});
process.once("disconnect", () => process.exit(0));
process.send("ready");

async function tryModel(path, cache) {
  let model;
  try {
    model = await LlamaModel.load(path, { cache });
    const logprobs = [];
    for await (const { logprob } of model.score(REQUESTS)) logprobs.push(logprob);
    return { result: "loaded", logprobs };
  } catch (error) {
    if (error?.name !== "SurprisalError") return { result: "failed", message: String(error?.stack) };
    const { code, what, where, wayOut } = error;
    return { result: "refused", code, what, where, wayOut };
  } finally {
    await model?.[Symbol.asyncDispose]();
  }
}

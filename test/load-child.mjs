/**
 * Loads the model files it is told of, one after another, and reports what became of each. It runs in a process of
 * its own because what is tested is that no file ends that process.
 */
import { LlamaModel } from "../dist/models/index.js";

process.on("message", async (path) => {
  process.send(await load(path));
});
process.send("ready");

async function load(path) {
  let model;
  try {
    model = await LlamaModel.load(path);
    const requests = [{ context: "The cat", continuation: " and the hat\n" }];
    for await (const { logprob } of model.score(requests)) {
      return Number.isFinite(logprob)
        ? { result: "loaded" }
        : { result: "failed", message: `logprob ${logprob}` };
    }
    return { result: "failed", message: "no answer" };
  } catch (error) {
    const { code, message, stack } = error;
    return code ? { result: "refused", code, message } : { result: "failed", message: stack };
  } finally {
    await model?.[Symbol.asyncDispose]();
  }
}

/** As load-child.mjs, for models that turn texts into vectors. */
import { LlamaEncoder } from "../dist/models/index.js";

process.on("message", async (path) => {
  process.send(await load(path));
});
process.send("ready");

async function load(path) {
  let model;
  try {
    model = await LlamaEncoder.load(path, { threads: 1 });
    const [{ vector }] = await model.embed(["the cat"]);
    return vector.every(Number.isFinite)
      ? { result: "loaded" }
      : { result: "failed", message: "a vector that is none" };
  } catch (error) {
    const { code, message, stack } = error;
    return code ? { result: "refused", code, message } : { result: "failed", message: stack };
  } finally {
    await model?.[Symbol.asyncDispose]();
  }
}

/** Ends its process with code 7 while a model loads: `node exit-child.mjs FILE exit|throw`. */
import { LlamaModel } from "../dist/models/index.js";

const [path, way] = process.argv.slice(2);
await LlamaModel.load(path, {
  onLoad: () => {
    if (way === "exit") process.exit(7);
    setImmediate(() => {
      throw new Error("uncaught while loading");
    });
  },
});

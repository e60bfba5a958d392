/** Gets a model in a process of its own: `node locate-child.mjs REFERENCE`, its cache and index from the environment. */
import { locate } from "../dist/models/index.js";

const report = (message) => process.send?.(message);
try {
  const model = await locate(process.argv[2], {
    onMessage: (text) => report({ message: text }),
    onProgress: ({ phase, bytes }) => report({ phase, bytes }),
  });
  report({ model });
} catch (error) {
  report({ error: { code: error.code, message: error.message } });
}
process.disconnect?.();

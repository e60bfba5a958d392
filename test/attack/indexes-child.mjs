/** Gets models and data sets for the attack on indexes, one after the other: what it is sent is what it asks for. */
import { locate, locateDataset } from "../../dist/models/index.js";

process.on("message", async ({ reference, dataset, options }) => {
  const answer = {};
  try {
    const asked = { ...options, onMessage: () => {} };
    answer.found = dataset ? await locateDataset(dataset, asked) : await locate(reference, asked);
  } catch (error) {
    const { code, what, where, wayOut, message, stack } = error;
    answer.error = { code, what, where, wayOut, message, stack };
  }
  // Of the whole life of this process, KiB.
  process.send({ ...answer, mostMemory: process.resourceUsage().maxRSS });
});
process.send("ready");

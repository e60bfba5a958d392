/** The smallest things that a run can be made of. */
import type { Corpus } from "../src/evaluate/corpora/index.ts";
import type { Task } from "../src/evaluate/tasks/index.ts";

/** One document of two words. */
export const CORPUS: Corpus = {
  name: "texts",
  source: "texts",
  domain: null,
  rule: { name: "list", source: null },
  async *documents() {
    yield { name: "texts:0", text: "one text" };
  },
};

/** One question of two choices. */
export const TASK: Task = {
  name: "task",
  source: "task",
  kind: "multiple-choice",
  form: { name: "choices", source: null },
  async *items() {
    yield { where: "task:1", context: "one", choices: ["a", "b"], label: 0, delimiter: " " };
  },
};

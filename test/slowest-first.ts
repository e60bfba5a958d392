/** The order of the test files: the long ones first, so that at the end no core waits for one of them. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Files that take long, longest first: which they are, every run says at its end. `npm run test:quick` leaves them out.
 * A new long file that is missing here costs time at the end of a run, and nothing else.
 */
export const SLOWEST: readonly string[] = [
  "test/recipes.model.test.ts",
  "test/queue.model.test.ts",
  "src/evaluate/queue/queue.test.ts",
  "src/evaluate/tasks/tasks.model.test.ts",
  "src/evaluate/compare/golden.model.test.ts",
  "test/charts.browser.test.ts",
  "test/eval.model.test.ts",
  "test/html.browser.test.ts",
  "test/chat.model.test.ts",
  "test/cli.model.test.ts",
  "test/generate.model.test.ts",
  "src/models/llama/model.model.test.ts",
  "test/cli.test.ts",
  "src/evaluate/recipes.model.test.ts",
  "src/problems/lab.model.test.ts",
  "src/evaluate/corpora/memory.test.ts",
  "test/docs.model.test.ts",
  "src/detect/fusion/fusion.test.ts",
  "src/core/kernel/kernel.test.ts",
  "src/compress/bytes/bytes.test.ts",
  "src/models/gguf/mutation.test.ts",
  "src/models/llama/quantize/options.model.test.ts",
  "test/notes.model.test.ts",
  "src/models/registry/download.test.ts",
  "test/wire/dialects.test.ts",
  "test/wire/conformance.test.ts",
  "src/evaluate/corpora/hub.test.ts",
  "src/evaluate/corpora/where.test.ts",
  "src/models/llama/robustness.test.ts",
  "test/bundles.test.ts",
  "test/exports.test.ts",
  "test/package.test.ts",
  "test/wire/mutations.test.ts",
  "test/wire/hostile.test.ts",
  "src/core/windows.test.ts",
  "src/core/kernel/divergence.test.ts",
  "src/models/remote/client.test.ts",
  "src/models/registry/processes.test.ts",
  "src/models/registry/locate.test.ts",
  "src/models/openai/model.test.ts",
  "src/evaluate/harness/failures.test.ts",
];

export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const index = SLOWEST.findIndex((file) => moduleId.endsWith(`/${file}`));
      return index < 0 ? SLOWEST.length : index;
    };
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}

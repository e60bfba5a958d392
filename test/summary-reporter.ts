/** What a person wants to know of a long run of tests: where the time went, and what was not tried, and why. */
import type { Reporter, TestCase, TestModule } from "vitest/node";

const SLOWEST_SHOWN = 10;

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    if (modules.length < 2) return; // one file says it all itself
    const files = modules.map((module) => ({
      name: module.relativeModuleId,
      seconds: module.diagnostic().duration / 1000,
    }));
    files.sort((a, b) => b.seconds - a.seconds);
    console.log("\nSlowest files:");
    for (const { name, seconds } of files.slice(0, SLOWEST_SHOWN))
      console.log(`${seconds.toFixed(1).padStart(7)} s  ${name}`);
    const skipped = new Map<string, number>();
    for (const module of modules)
      for (const test of module.children.allTests("skipped")) {
        const why = `${reasonOf(test)} [${module.relativeModuleId}]`;
        skipped.set(why, (skipped.get(why) ?? 0) + 1);
      }
    console.log(skipped.size > 0 ? "\nSkipped:" : "\nNothing was skipped.");
    for (const [why, count] of [...skipped].sort(([, a], [, b]) => b - a))
      console.log(`${String(count).padStart(7)}  ${why}`);
  }
}

/** What `context.skip(reason)` was told, or what stands in the name (see needing.ts). */
function reasonOf(test: TestCase): string {
  const result = test.result();
  const note = result.state === "skipped" ? result.note : undefined;
  return note ?? /\(skipped: (.*)\)/.exec(test.fullName)?.[1] ?? "no reason given";
}

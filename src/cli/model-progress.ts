/** Getting a model in front of a person: progress bars, messages, and the question whether terms are accepted. */
import { createInterface } from "node:readline/promises";
import type { ModelTerms, ResolveOptions, TransferProgress } from "../models/index.ts";
import { visible } from "../text/index.ts";
import { type Progress, startProgress } from "./render/index.ts";

export interface ModelReporter {
  options: Pick<ResolveOptions, "onProgress" | "onMessage" | "acceptTerms">;
  /** Removes what is left of a progress line. */
  end(): void;
}

/** What is said of each phase. */
export const PHASES: Readonly<Record<TransferProgress["phase"], string>> = {
  download: "downloading",
  unpack: "unpacking",
  verify: "reading",
};

/** @param quiet no progress; messages and questions stay. */
export function reportModel({ quiet, acceptTerms }: { quiet: boolean; acceptTerms: boolean }): ModelReporter {
  let line: Progress | null = null;
  let label = "";
  const onProgress = ({ phase, file, bytes, total }: TransferProgress) => {
    const wanted = `${PHASES[phase]} ${file}`;
    if (wanted !== label) {
      line?.end();
      line = startProgress({ label: wanted, unit: "bytes", resumedFrom: bytes });
      label = wanted;
    }
    line?.update({ done: bytes, total });
  };
  return {
    options: {
      onProgress: quiet ? undefined : onProgress,
      onMessage(message) {
        line?.end();
        process.stderr.write(`${visible(message)}\n`);
      },
      acceptTerms: acceptTerms || askForTerms,
    },
    end: () => line?.end(),
  };
}

async function askForTerms({ name, url }: ModelTerms): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false;
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(
      `This model is under the ${name} (${url}). Do you accept them? [y/N] `,
    );
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    prompt.close();
  }
}

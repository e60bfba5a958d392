/** What a benchmark adds to an answer's row: baselines, and numbers that the line has of other methods. */
import type { Item, Made } from "../confidence/index.ts";
import { BASELINES, type ChosenMethods } from "./methods.ts";

/** A number beside those of `surprisal confidence`. */
export interface MoreEstimate {
  name: string;
  uncertainty: number | null;
  reason?: string | undefined;
  tokensRead: number | null;
  tokensWritten: number | null;
  ms: number | null;
}

/** What a row has under "more". */
export interface More {
  estimates: MoreEstimate[];
}

const NOTHING = { tokensRead: 0, tokensWritten: 0, ms: 0 };

/** The hook for `Setup.more`. */
export function moreOf({ baselines, own }: ChosenMethods): (item: Item, made: Made) => Promise<More> {
  return async ({ documents, numbers }, { answer }) => {
    const texts = documents.map(({ text }) => text);
    return {
      estimates: [
        ...baselines.map((name) => baselineOf(name, answer, texts)),
        ...(own
          ? Object.entries(numbers).map(
              ([name, { uncertainty, tokensRead = null, tokensWritten = null, ms = null }]) => ({
                ...{ name, uncertainty, tokensRead, tokensWritten, ms },
              }),
            )
          : []),
      ],
    };
  };
}

/** A baseline's number of one answer. */
export function baselineOf(name: string, answer: string, documents: readonly string[]): MoreEstimate {
  const uncertainty = BASELINES[name]!(answer, documents);
  return {
    ...{ name, uncertainty },
    ...(uncertainty === null && { reason: "The line has no documents, or its answer no words." }),
    ...NOTHING,
  };
}

/** A model as judge of what follows from what, for the texts of one question. */
import type { LanguageModel } from "../../models/index.ts";
import { EntailmentTable, entailmentJudge, type JudgePairs } from "../../uncertainty/index.ts";

/** The judge of one question's texts. */
export interface QuestionJudge {
  /** Shared by all methods of the question. */
  table: EntailmentTable;
  verdicts: JudgePairs;
  /** Questions that the model was asked. */
  asked(): number;
}

/** @throws (when asked) SurprisalError UNSUPPORTED_CAPABILITY for a model that scores no texts. */
export function judgeOf(model: LanguageModel): (question: string | null) => QuestionJudge {
  return (question) => {
    const judge = entailmentJudge(model, { question: question ?? undefined });
    return {
      table: new EntailmentTable(judge.between, { atOnce: 4 }),
      verdicts: judge.verdicts,
      asked: () => judge.asked,
    };
  };
}

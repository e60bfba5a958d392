/** The fused detector as a method: each answer by a model that nothing of its fold was fitted to. */
import { SurprisalError } from "../../core/index.ts";
import { evaluateFusion, type LabelledExaminations } from "../../detect/index.ts";
import type { ConfidenceRow } from "../confidence/index.ts";
import type { Columns } from "./columns.ts";
import type { More } from "./more.ts";

/**
 * Adds the column "fused". Its price is the sum of the detectors' prices.
 * @returns the columns, and why there is none where it cannot be fitted.
 */
export function withFused(
  rows: readonly ConfidenceRow[],
  columns: Columns,
  { folds, seed }: { folds: number; seed: number | undefined },
): { columns: Columns; note: string | null } {
  const answers = rows.map((row, i): LabelledExaminations => {
    const { examinations = [] }: Partial<More> = row.more ?? {};
    return {
      id: String(i),
      correct: row.correct,
      ...(columns.groups && { group: String(columns.groups[i]!) }),
      examinations,
    };
  });
  if (answers.every(({ examinations }) => examinations.length === 0)) return { columns, note: null };
  try {
    const { heldOut } = evaluateFusion(answers, { folds, seed: seed ?? 0, resamples: 2 });
    const spent = answers.map(({ examinations }) => examinations.map(({ price }) => price));
    const mean = (of: (price: (typeof spent)[number][number]) => number) =>
      spent.reduce((sum, each) => sum + each.reduce((own, price) => own + of(price), 0), 0) / spent.length;
    return {
      columns: {
        ...columns,
        methods: { ...columns.methods, fused: answers.map(({ id }) => heldOut.get(id) ?? null) },
        families: { ...columns.families, fused: "detector" },
        prices: {
          ...columns.prices,
          fused: {
            tokensRead: mean(({ tokensRun }) => tokensRun),
            tokensWritten: mean(({ tokensWritten }) => tokensWritten),
            seconds: mean(({ ms }) => ms) / 1000,
          },
        },
      },
      note: null,
    };
  } catch (error) {
    if (!SurprisalError.isInstance(error)) throw error;
    return { columns, note: `There is no fused detector: ${error.what}.` };
  }
}

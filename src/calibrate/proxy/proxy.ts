/** An open model in the place of a closed one that gives no log-probabilities. */
import { bitsPerByte, type ResolvedRecipe, SurprisalError } from "../../core/index.ts";
import { ByteSurprisal, type ScoreTextOptions, scoreText } from "../../evaluate/scoring/index.ts";
import type { LanguageModel, ModelIdentity } from "../../models/index.ts";
import { applyProxyCalibration, type ProxyCalibration, type ProxyEstimate } from "./proxy-calibration.ts";

/** Options of `proxy`. */
export interface ProxyOptions extends Pick<ScoreTextOptions, "recipe" | "context" | "stride" | "sinks"> {
  /** From this proxy to the model it stands for: every score then carries an estimate. */
  calibration?: ProxyCalibration | undefined;
}

/** Options of `ProxyModel.score`. */
export interface ProxyScoreOptions {
  /**
   * What the text answers or goes on from; it is read but not counted. As plain text, directly in front: a chat is filled
   * in with `model.applyChatTemplate` first, and takes a recipe with `parseSpecial`. Default: nothing.
   */
  prompt?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** What a proxy says of a text. Tokenizers differ, so everything is per byte. */
export interface ProxyScore {
  /** The proxy. */
  model: ModelIdentity;
  /** How it read prompt and text. */
  recipe: ResolvedRecipe;
  /** UTF-8 bytes of the text. */
  bytes: number;
  /** Bytes whose token has a number; without a prompt and BOS the first token has none. */
  scoredBytes: number;
  /** Some bytes have no number and are in none of the sums. */
  partial: boolean;
  /** Σ -ln p over the scored bytes, nats; Infinity when a token had probability 0. */
  totalNll: number;
  /** nll / scoredBytes; `null` when there are none. */
  natsPerByte: number | null;
  /** natsPerByte / ln 2. */
  bitsPerByte: number | null;
  /** Surprisal of every stretch of the text, its bytes counted from 0. */
  surprisal: ByteSurprisal;
  /** What the other model would say, by the calibration; `null` without one, and where natsPerByte is not finite. */
  estimate: ProxyEstimate | null;
}

/** A model that stands for another one, whose numbers cannot be had: see `proxy`. */
export interface ProxyModel {
  readonly model: LanguageModel;
  /**
   * Scores a text that another model wrote, after the prompt that it was given.
   *
   * Prompt and text are encoded together. A token that reaches over the border between them is shared out by its bytes.
   * @throws SurprisalError as `scoreText`.
   */
  score(text: string, options?: ProxyScoreOptions): Promise<ProxyScore>;
}

/**
 * Lets an open model read what a closed one wrote. Its surprisal is its own, not that of the model that wrote: a proxy
 * ranks texts and finds spans that are hard to predict; numbers of the other model take a calibration
 * (`calibrateProxy`), and have an error that it states.
 */
export function proxy(model: LanguageModel, { calibration, ...recipe }: ProxyOptions = {}): ProxyModel {
  return {
    model,
    async score(text, { prompt = "", signal } = {}) {
      if (text === "")
        throw new SurprisalError({
          code: "EMPTY_INPUT",
          what: "The text is empty",
          wayOut: "Give a text of at least one character; the prompt is not counted.",
        });
      const whole = await scoreText(model, prompt + text, { ...recipe, signal });
      const bytes = new TextEncoder().encode(text).length;
      const surprisal = ByteSurprisal.fromTable(whole.table).slice(whole.text.length - bytes);
      const { nats, missing } = surprisal.known();
      const scoredBytes = bytes - missing;
      const natsPerByte = scoredBytes > 0 ? nats / scoredBytes : null;
      return {
        model: whole.model,
        recipe: whole.recipe,
        bytes,
        scoredBytes,
        partial: missing > 0,
        totalNll: nats,
        natsPerByte,
        bitsPerByte: scoredBytes > 0 ? bitsPerByte(nats, scoredBytes) : null,
        surprisal,
        estimate:
          calibration && natsPerByte !== null && natsPerByte < Infinity
            ? applyProxyCalibration(calibration, natsPerByte, { bytes: scoredBytes })
            : null,
      };
    },
  };
}

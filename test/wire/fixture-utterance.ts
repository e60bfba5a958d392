/** What the models of the written fixtures say: short, and with every trap that a wire format has. */
import { emptyTable } from "../../src/core/index.ts";
import { completeEnd, generationOf } from "../../src/models/generation.ts";
import type {
  GenerateOptions,
  Generation,
  Prompt,
  ScoredText,
  ScoreOptions,
  ScoreRequest,
  TokenizedText,
} from "../../src/models/index.ts";
import { TableModel } from "../../src/models/test/index.ts";
import { type SpokenAlternative, type SpokenToken, type Utterance, writtenBytes } from "./utterance.ts";

type Piece = string | readonly number[];

function alternative(id: number, piece: Piece, logprob: number): SpokenAlternative {
  const bytes = typeof piece === "string" ? new TextEncoder().encode(piece) : Uint8Array.from(piece);
  return { id, bytes, logprob };
}

function token(
  id: number,
  piece: Piece,
  logprob: number | null,
  rank: number,
  ...alternatives: SpokenAlternative[]
): SpokenToken {
  return { ...alternative(id, piece, logprob ?? 0), logprob, rank, alternatives };
}

/**
 * " Paris, 🙂!" after "The capital of France is". The face is two tokens, whose bytes are no text on their own; two of
 * the alternatives are undecodable alike; the comma is not the best of its place; "!" has id 0 and probability 1.
 */
const FIXTURE_UTTERANCE: Utterance = {
  model: "table",
  promptText: "The capital of France is",
  prompt: [
    token(464, "The", null, 0),
    token(3139, " capital", -9.25, 212, alternative(717, " first", -2.5), alternative(1266, " best", -3.125)),
    token(286, " of", -0.375, 1, alternative(286, " of", -0.375), alternative(318, " is", -2.25)),
    token(4881, " France", -2.625, 2, alternative(262, " the", -2.125), alternative(4881, " France", -2.625)),
    token(318, " is", -0.4375, 1, alternative(318, " is", -0.4375), alternative(11, ",", -2.375)),
  ],
  tokens: [
    token(6342, " Paris", -0.375, 1, alternative(6342, " Paris", -0.375), alternative(262, " the", -2.375)),
    token(11, ",", -1.5, 2, alternative(13, ".", -0.5), alternative(11, ",", -1.5)),
    token(
      12520,
      [0x20, 0xf0, 0x9f],
      -1.25,
      1,
      alternative(12520, [0x20, 0xf0, 0x9f], -1.25),
      alternative(12521, [0x20, 0xf0, 0x9e], -1.75),
    ),
    token(
      26,
      [0x99, 0x82],
      -0.0625,
      1,
      alternative(26, [0x99, 0x82], -0.0625),
      alternative(27, [0x98, 0x80], -3.5),
    ),
    token(0, "!", 0, 1, alternative(0, "!", 0), alternative(13, ".", -17.5)),
  ],
  endOfText: token(257, "</s>", -0.6875, 1, alternative(257, "</s>", -0.6875), alternative(198, "\n", -1)),
  finish: "stop",
};

/** A model that says this whatever it is asked: the fixtures are what the fake servers make of it. */
export class FixtureModel extends TableModel {
  readonly #known: readonly SpokenToken[];

  constructor() {
    // Only its name and its capabilities are used.
    super({
      name: FIXTURE_UTTERANCE.model,
      symbols: ["a", "b"],
      transitions: [
        [0.5, 0.5],
        [0.5, 0.5],
      ],
    });
    const { prompt, tokens, endOfText } = FIXTURE_UTTERANCE;
    this.#known = [...prompt, ...tokens, endOfText!];
    Object.defineProperty(this, "vocabulary", {
      value: { size: 50257, bos: null, eos: endOfText!.id, addsBos: false },
    });
  }

  override async tokenize(): Promise<TokenizedText> {
    const { prompt } = FIXTURE_UTTERANCE;
    const offsets = [0];
    for (const { bytes } of prompt) offsets.push(offsets.at(-1)! + bytes.length);
    return { ids: Int32Array.from(prompt, ({ id }) => id), byteOffsets: Uint32Array.from(offsets) };
  }

  override async detokenize(ids: ArrayLike<number>): Promise<Uint8Array> {
    const all = this.#known.flatMap((each) => [each, ...each.alternatives]);
    return writtenBytes(Array.from(ids, (id) => all.find((each) => each.id === id)!));
  }

  override generate(_prompt: Prompt, { alternatives = 0 }: GenerateOptions = {}): Generation {
    const { tokens } = FIXTURE_UTTERANCE;
    const provenance = { model: this.identity, probabilities: "raw" as const, eosCounted: false };
    return generationOf(
      (async function* () {
        for (const { id, bytes, logprob, rank, alternatives: others } of tokens)
          yield {
            text: "",
            id,
            bytes,
            logprob,
            rank,
            alternatives: others.slice(0, alternatives).map((other) => ({ text: "", ...other })),
          };
        return completeEnd("stop", tokens.length, provenance);
      })(),
    );
  }

  /** Numbers of the prompt's tokens and of the end-of-text token, which is all that servers ask for. */
  override async *score(
    requests: Iterable<ScoreRequest>,
    { alternatives = 0 }: ScoreOptions = {},
  ): AsyncGenerator<ScoredText> {
    let index = 0;
    for (const { continuation } of requests) {
      const ids = Int32Array.from(continuation as ArrayLike<number>);
      const table = emptyTable(ids, new Uint32Array(ids.length + 1), alternatives);
      for (const [i, id] of ids.entries()) {
        const known = this.#known.find((each) => each.id === id)!;
        table.logprobs[i] = known.logprob!;
        table.ranks[i] = known.rank;
        for (const [place, other] of known.alternatives.slice(0, alternatives).entries()) {
          table.alternatives!.ids[i * alternatives + place] = other.id;
          table.alternatives!.logprobs[i * alternatives + place] = other.logprob;
        }
      }
      yield {
        index: index++,
        logprob: null,
        greedy: null,
        tokens: table,
        tokensRun: 0,
        provenance: { model: this.identity, probabilities: "raw", eosCounted: false },
      };
    }
  }
}

/** Sizes in bits per byte, character, token and word, beside each other; and from which length on a model pays for itself. */
import type { Explanation } from "./explanation.ts";
import type { PeerSize } from "./peers.ts";

/** A way to write the text down, and what it takes. */
export interface Yardstick {
  name: string;
  /** "own": this file; "limit": what it could come to at best; "peer": another compressor; "code": a code of characters; "quoted": somebody's figure. */
  kind: "own" | "limit" | "peer" | "code" | "quoted";
  /** Bytes of it; `null`: not known. */
  bytes: number | null;
  bitsPerByte: number | null;
  bitsPerCharacter: number | null;
  /** Of this model's tokens, where it packed all of the text. */
  bitsPerToken: number | null;
  bitsPerWord: number | null;
  /** Bytes with the model's file beside; of peers, which have none, the same as `bytes`. */
  bytesWithModel: number | null;
  /** Why something is not known. */
  note: string | null;
}

/** From which length on the model's file and what it packs are smaller than what a peer makes. */
export interface BreakEven {
  /** The smallest of the peers. */
  peer: string;
  /** Bytes of text like this one; `null`: at no length, since the peer does better. */
  bytes: number | null;
}

/** What the programme that this package grew out of said of modern models; it names neither model nor text. */
const SEED_BITS_PER_TOKEN = 3.5;

/**
 * What was explained beside other compressors, codes of characters, and a figure that is quoted.
 * @param modelBytes of the model's file; `null`: no model, or its file is not at hand.
 */
export function yardsticks(
  found: Explanation,
  peers: readonly PeerSize[],
  modelBytes: number | null,
): { rows: Yardstick[]; breakEven: BreakEven | null } {
  const { bytes, characters, words, isAllModel, packedBytes } = found;
  const tokens = isAllModel ? found.tokens : null;
  const per = (bits: number | null, units: number | null) => (bits === null || !units ? null : bits / units);
  const row = (
    name: string,
    kind: Yardstick["kind"],
    size: number | null,
    { withModel = size, note = null }: { withModel?: number | null; note?: string | null } = {},
  ): Yardstick => {
    const bits = size === null ? null : 8 * size;
    return {
      name,
      kind,
      bytes: size,
      bitsPerByte: per(bits, bytes),
      bitsPerCharacter: per(bits, characters),
      bitsPerToken: per(bits, tokens),
      bitsPerWord: per(bits, words),
      bytesWithModel: withModel,
      note,
    };
  };
  const withModel = (size: number) => (modelBytes === null ? null : size + modelBytes);
  const surprisal = found.accounts.find(({ use }) => use === "surprisal")?.bits;
  const limit = isAllModel && surprisal !== undefined ? surprisal / 8 : null;
  const usesModel = found.tokens !== null;
  return {
    rows: [
      row("this file", "own", packedBytes, { withModel: usesModel ? withModel(packedBytes) : packedBytes }),
      ...(limit === null
        ? []
        : [row("the surprisal alone", "limit", limit, { withModel: withModel(limit) })]),
      ...peers.map(({ name, bytes, missing }) => row(name, "peer", bytes, { note: missing })),
      row("the text as it is", "code", bytes, { note: characters === null ? "no UTF-8" : "UTF-8" }),
      {
        ...row("ASCII", "code", null, { note: "8 bits a character" }),
        bitsPerCharacter: characters === null ? null : 8,
      },
      {
        ...row("modern models", "quoted", null, {
          note: "quoted: about 3.5 bits a token, of no named model or text",
        }),
        bitsPerToken: SEED_BITS_PER_TOKEN,
      },
    ],
    breakEven: usesModel && modelBytes !== null ? breakEven(found, peers, modelBytes) : null,
  };
}

/** Header and footer are left out: they do not grow with the text. */
function breakEven(
  { accounts, bytes, packedBytes }: Explanation,
  peers: readonly PeerSize[],
  modelBytes: number,
): BreakEven | null {
  const [best] = peers
    .filter((peer): peer is PeerSize & { bytes: number } => peer.bytes !== null)
    .sort((a, b) => a.bytes - b.bytes);
  if (!best || bytes === 0) return null;
  const fixed = accounts.reduce(
    (sum, { use, bits }) => (use === "header" || use === "footer" ? sum + bits / 8 : sum),
    0,
  );
  const saved = (best.bytes - (packedBytes - fixed)) / bytes;
  return { peer: best.name, bytes: saved > 0 ? Math.ceil((modelBytes + fixed) / saved) : null };
}

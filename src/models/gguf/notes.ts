/**
 * What a person should know about every number of a model: what its file lacks, what llama.cpp assumes in its place, and
 * what it warns of while it loads.
 * Source: src/llama-vocab.cpp (`llama_vocab::impl::load`), src/llama-model-loader.cpp, src/models/*.cpp.
 */
import { formatPlural } from "../../text/index.ts";
import { fileTypeOfId } from "./file-types.ts";
import { isEncoder } from "./pooling.ts";
import type { GgufFile } from "./types.ts";

/** @param warnings lines of llama.cpp's log, when the model is loaded; an encoder writes nothing, so that its ends of text are no matter. */
export function modelNotes(file: GgufFile, warnings: readonly string[] = []): string[] {
  const own = isEncoder(file) ? warnings.filter((line) => !/special_eog_ids|EOG/.test(line)) : warnings;
  return [...tokenizerNotes(file), ...typeNotes(file), ...architectureNotes(file), ...warningNotes(own)];
}

const BYTE_PAIR = new Set(["gpt2", "hybriddna", "whitespace"]);

/** Also of a file that is made of this one. */
export function tokenizerNotes({ metadata }: GgufFile): string[] {
  const text = (key: string) => {
    const entry = metadata.get(key);
    return entry?.type === "str" ? entry.value : "";
  };
  const notes: string[] = [];
  const kind = text("tokenizer.ggml.model");
  if (BYTE_PAIR.has(kind) && text("tokenizer.ggml.pre") === "")
    notes.push(
      "The file does not name its pre-tokenizer, so llama.cpp uses its default: texts may be cut into other tokens than the model was trained with. Get a newer conversion of the model.",
    );
  const merges = metadata.get("tokenizer.ggml.merges");
  const needsMerges = BYTE_PAIR.has(kind) && text("tokenizer.ggml.pre") !== "kimi-k2";
  if (needsMerges && (merges === undefined || (merges.type === "arr" && merges.length === 0)))
    notes.push(
      "The file has no merges, so texts are cut into single bytes: the model was trained with longer tokens. Get another conversion of the model.",
    );
  if ((kind === "llama" || kind === "t5") && !metadata.has("tokenizer.ggml.scores"))
    notes.push(
      "The file has no scores of its tokens, so texts are cut into other tokens than the model was trained with. Get another conversion of the model.",
    );
  if (kind !== "" && !metadata.has("tokenizer.ggml.token_type"))
    notes.push(
      "The file does not say which tokens are special, so <|...|> and the like in a prompt may be read as plain text.",
    );
  return notes;
}

/** "Q2_K" without one Q2_K tensor: rows that are no multiple of the format's block get another type. */
function typeNotes({ metadata, tensors }: GgufFile): string[] {
  const entry = metadata.get("general.file_type");
  const stated = entry?.type === "u32" ? fileTypeOfId(entry.value) : null;
  if (!stated || tensors.length === 0 || tensors.some(({ type }) => type === stated.tensorType)) return [];
  const counts = new Map<string, number>();
  for (const { type, shape } of tensors) if (shape.length > 1) counts.set(type, (counts.get(type) ?? 0) + 1);
  const found = [...counts].sort((a, b) => b[1] - a[1]).map(([type, count]) => `${count} ${type}`);
  return [
    `The file calls itself ${stated.name}, and not one of its tensors is ${stated.tensorType}: its matrices are ${found.join(", ")}.`,
  ];
}

function architectureNotes({ architecture }: GgufFile): string[] {
  if (architecture === "minimax-m3")
    return [
      "llama.cpp computes this architecture's sparse attention as dense attention here: numbers may differ from the model's own.",
    ];
  return [];
}

/** What llama.cpp warns of, in our words; several lines of a kind are one note. `null`: nothing that concerns a number. */
const KNOWN: readonly (readonly [pattern: RegExp, note: ((found: readonly string[]) => string) | null])[] = [
  [/missing pre-tokenizer|GENERATION QUALITY|CONSIDER REGENERATING|\*\*\*\*/, null], // said by tokenizerNotes
  [/mmap|prefetch|tensor overrides to CPU|newline token|Mask token|from EOG list/, null], // speed, or other kinds of models
  [
    /control-looking token: +\d+ '(.*)' was not control-type/,
    (found) =>
      `${formatPlural(found.length, "token")} that look${found.length === 1 ? "s" : ""} special ${found.length === 1 ? "is" : "are"} not marked so in the file, and taken for special: ${listed(found)}.`,
  ],
  [
    /setting token '(.*)' \(\d+\) attribute to USER_DEFINED/,
    (found) =>
      `llama.cpp reads ${formatPlural(found.length, "special token")} as plain ones: ${listed(found)}.`,
  ],
  [
    /empty token at index (\d+)/,
    (found) =>
      `${formatPlural(found.length, "token")} of the vocabulary ${found.length === 1 ? "is" : "are"} empty: ${listed(found)}.`,
  ],
  [
    /special token: '(.+?)' = (?:-?\d+)(?: out of vocab range|, using default)/,
    (found) =>
      `The file names tokens that do not exist, and llama.cpp does without or takes its default: ${listed(found)}.`,
  ],
  [
    /EOG token id (\d+) is out of range/,
    (found) => `The file names ends of text that are no tokens: ${listed(found)}.`,
  ],
  [
    /special_(e\w+)_id is not in special_eog_ids/,
    (found) =>
      `The tokenizer's ends of text do not fit together (${listed(found)}): what is written may not end where it should.`,
  ],
  [
    /override '(.+add_bos\w*)' to 'true'/,
    () =>
      "The file says that no beginning-of-sequence token is added, and llama.cpp adds one all the same, as the model needs it.",
  ],
  [
    /model has unused tensor (\S+)/,
    (found) =>
      `llama.cpp does not use ${formatPlural(found.length, "tensor")} of the file: ${listed(found)}.`,
  ],
  [
    /Phi SWA is currently disabled/,
    () =>
      "llama.cpp computes without this model's sliding-window attention: numbers may differ from the model's own.",
  ],
];

function warningNotes(warnings: readonly string[]): string[] {
  const notes: string[] = [];
  const lines = warnings.map((line) => line.trim()).filter((line) => line !== "");
  const known = new Set<string>();
  for (const [pattern, note] of KNOWN) {
    const found = lines.filter((line) => !known.has(line) && pattern.test(line));
    for (const line of found) known.add(line);
    if (note && found.length > 0) notes.push(note(found.map((line) => pattern.exec(line)?.[1] ?? "")));
  }
  for (const line of new Set(lines)) {
    const said = line.replace(/^\w+:\s*/, ""); // without the name of llama.cpp's function
    if (!known.has(line) && /\w{3}/.test(said)) notes.push(`llama.cpp: ${said}`);
  }
  return notes;
}

function listed(names: readonly string[]): string {
  const unique = [...new Set(names)];
  return `${unique.slice(0, 3).join(", ")}${unique.length > 3 ? ", ..." : ""}`;
}

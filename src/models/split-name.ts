/** Names of the files of a split model: "name-00001-of-00003.gguf". Source: llama.cpp, src/llama.cpp (`llama_split_path`). */

/** A file's place among the parts of a split model, as its name tells it. */
export interface SplitName {
  /** Which part, 1 ... count. */
  number: number;
  /** How many parts there are, at least 2. */
  count: number;
  /** Name of a part, with the folder that the name came with. @param number 1 ... count */
  part(number: number): string;
  /** Names of all parts, in order. */
  parts(): string[];
}

/** `null` for a name that is not of a part; also for "-00001-of-00001", which is a whole model. */
export function splitName(name: string): SplitName | null {
  const match = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/s.exec(name);
  if (!match) return null;
  const [, stem = "", digits = "", of = ""] = match;
  const [number, count] = [Number(digits), Number(of)];
  if (count < 2 || number < 1 || number > count) return null;
  const part = (index: number) => `${stem}-${String(index).padStart(5, "0")}-of-${of}.gguf`;
  return { number, count, part, parts: () => Array.from({ length: count }, (_, i) => part(i + 1)) };
}

/** Inputs of the tests and of the fixtures; made by integer arithmetic, so that they are the same everywhere. */

/** Whole numbers in [0, n), the same for the same seed: the generator of "Numerical Recipes", its upper bits. */
export function numbers(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(((state >>> 8) / 2 ** 24) * n);
  };
}

export function noise(length: number, seed: number): Uint8Array {
  const next = numbers(seed + 1000);
  return Uint8Array.from({ length }, () => next(256));
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

const PROSE =
  "The lighthouse keeper counted the ships that passed, and wrote their names down with the hour and the weather. " +
  "On some days there were none; then he counted the gulls instead, and when the fog came in he counted nothing at all.\n\n" +
  '"You will want to know," said his daughter, "why anybody needs the names of ships that did not stop here."\n\n' +
  "He did want to know. He had never asked himself, and he did not sleep that night.\n";

export const CASES: readonly { name: string; data: () => Uint8Array }[] = [
  { name: "nothing", data: () => new Uint8Array(0) },
  { name: "one byte", data: () => utf8("a") },
  { name: "one zero", data: () => new Uint8Array(1) },
  { name: "all byte values", data: () => Uint8Array.from({ length: 256 }, (_, i) => i) },
  { name: "prose", data: () => utf8(PROSE) },
  { name: "prose with CRLF", data: () => utf8(PROSE.replaceAll("\n", "\r\n")) },
  {
    name: "a byte order mark and white space",
    data: () => utf8("\ufeff \t\u00a0\u2003  \n\n\n\t\t  \r\r\n \v\f"),
  },
  { name: "Chinese", data: () => utf8("天地玄黃宇宙洪荒。日月盈昃辰宿列張。寒來暑往秋收冬藏。".repeat(9)) },
  {
    name: "JSON",
    data: () =>
      utf8(
        JSON.stringify(Array.from({ length: 60 }, (_, i) => ({ id: i, square: i * i, even: i % 2 === 0 }))),
      ),
  },
  {
    name: "invalid UTF-8",
    data: () =>
      join(utf8("caf"), Uint8Array.of(0xc3, 0x28, 0xff, 0xfe, 0xed, 0xa0, 0x80, 0xf8), utf8(" au lait")),
  },
  { name: "control characters", data: () => Uint8Array.from({ length: 700 }, (_, i) => (i * i) % 32) },
  { name: "a run of zeros", data: () => new Uint8Array(100_000) },
  { name: "a run of 255", data: () => new Uint8Array(5000).fill(255) },
  { name: "a run and a byte", data: () => join(new Uint8Array(40_000).fill(32), Uint8Array.of(33)) },
  { name: "a period of three", data: () => Uint8Array.from({ length: 70_000 }, (_, i) => i % 3) },
  { name: "noise", data: () => noise(4096, 1) },
  { name: "noise in the middle", data: () => join(utf8(PROSE), noise(9000, 2), utf8(PROSE)) },
  {
    name: "a repeat far away",
    data: () => join(noise(3000, 3), new Uint8Array(40_000), utf8(PROSE), noise(3000, 3)),
  },
  {
    name: "records",
    data: () => Uint8Array.from({ length: 6000 }, (_, i) => [i >> 9, 0, i & 15, 7][i & 3]!),
  },
  {
    name: "counting words",
    data: () => new Uint8Array(Uint16Array.from({ length: 3000 }, (_, i) => i).buffer),
  },
];

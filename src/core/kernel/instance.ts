/** An instance of the compiled kernel with memory of its own. Internal to this folder. */
import { KERNEL_WASM } from "./generated.ts";

/** The functions of kernel.assembly.ts. Addresses and sizes are in bytes. */
export interface KernelInstance {
  memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  argMax(row: number, bytes: number): number;
  accumulate(row: number, bytes: number, highest: number, threshold: number, sums: number): void;
  rootSums(row: number, bytes: number, highest: number, sums: number): void;
  selectTop(row: number, bytes: number, k: number, ids: number, logits: number): void;
  countAll(row: number, bytes: number, highest: number, scale: number, counts: number): number;
  countBelow(counts: number, n: number): number;
  findCount(counts: number, place: number): number;
  divergence(
    p: number,
    q: number,
    bytes: number,
    highestP: number,
    highestQ: number,
    shift: number,
    ratio: number,
  ): number;
}

/** The one function used of an object that every runtime has and no type library shared by all of them declares. */
declare const WebAssembly: {
  instantiate(bytes: Uint8Array): Promise<{ instance: { exports: unknown } }>;
};

/** As in kernel.assembly.ts: elements per block. */
const BLOCK = 64;
const PAGE = 65_536; // bytes

export async function instantiateKernel(): Promise<KernelInstance> {
  const bytes = Uint8Array.from(atob(KERNEL_WASM), (character) => character.charCodeAt(0));
  const { instance } = await WebAssembly.instantiate(bytes);
  return instance.exports as KernelInstance;
}

/** Elements of a row of V with its padding. */
export function paddedLength(vocabularySize: number): number {
  return Math.ceil(vocabularySize / BLOCK) * BLOCK;
}

/** Makes the memory at least `bytes` long. */
export function reserve({ memory }: KernelInstance, bytes: number): void {
  memory.grow(Math.max(0, Math.ceil((bytes - memory.buffer.byteLength) / PAGE)));
}

/** [V] a row at an address, its padding filled with -Infinity; views end where the memory grows. */
export function rowAt({ memory }: KernelInstance, address: number, vocabularySize: number): Float32Array {
  new Float32Array(memory.buffer, address, paddedLength(vocabularySize)).fill(Number.NEGATIVE_INFINITY);
  return new Float32Array(memory.buffer, address, vocabularySize);
}

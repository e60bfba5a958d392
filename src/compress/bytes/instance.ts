/** Instances of the model in WebAssembly: made, begun anew from a template, kept for the next use. Internal to this folder. */
import { BYTES_WASM } from "./generated.ts";
import { PRIMER, PRIMER_LENGTH } from "./primer.ts";

/** The functions of wasm/bytes.assembly.ts. Places are in the text, which begins with the primer; sizes are in bytes. */
export interface BytesInstance {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  /** Bytes of memory that are used. */
  readonly MEMORY: { readonly value: number };
  readonly CODED_AT: { readonly value: number };
  readonly TEXT_AT: { readonly value: number };
  readonly SMALL_END_AT: { readonly value: number };
  readonly DIRTY_AT: { readonly value: number };
  readonly SLOTS_AT: { readonly value: number };
  readonly SLOT_BYTES_ALL: { readonly value: number };
  readonly PAGE: { readonly value: number };
  readonly copyLength: { readonly value: number };
  readonly copyDistance: { readonly value: number };
  initialise(): void;
  setKind(kind: number): void;
  goTo(place: number): void;
  beginCoding(read: boolean): void;
  codedBytes(): number;
  codedSpread(): number;
  continueAt(next: number): void;
  endCoding(): void;
  codeModelled(n: number): void;
  codePlain(place: number, n: number): void;
  codeNumber(value: number, size: number): number;
  codeFlag(flag: number, bit: number): number;
  copyBytes(place: number, distance: number, n: number): void;
  passOver(n: number): void;
  forgetCopies(start: number): void;
  findCopy(start: number, from: number, end: number): number;
  looksRandom(place: number, n: number): number;
}

/** What is used of an object that every runtime has and no type library shared by all of them declares. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: unknown };
};

let module: object | undefined;
/** It has read the primer and nothing else; never used but to copy from. */
let template: BytesInstance | undefined;
/** Instances that are free; one is enough for those who work one after the other. */
const free: BytesInstance[] = [];
const MOST_FREE = 1;

/** Bytes of memory that one instance has; the template, of which there is one, touches 50 MiB of as much. */
export const BYTES_MEMORY: number = 1024 * 65_536;

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

export function instantiateBytes(): BytesInstance {
  module ??= new WebAssembly.Module(bytesOf(BYTES_WASM));
  return new WebAssembly.Instance(module).exports as BytesInstance;
}

function primed(): BytesInstance {
  const instance = instantiateBytes();
  instance.initialise();
  instance.setKind(0);
  new Uint8Array(instance.memory.buffer).set(bytesOf(PRIMER), instance.CODED_AT.value);
  instance.beginCoding(true);
  instance.goTo(0);
  instance.codeModelled(PRIMER_LENGTH);
  return instance;
}

/** An instance as new, its next place behind the primer. Give it back with `release`; one that is lost is freed in time. */
export function acquire(): BytesInstance {
  template ??= primed();
  const instance = free.pop();
  if (instance === undefined) return copyOf(template);
  restore(instance, template);
  return instance;
}

export function release(instance: BytesInstance): void {
  if (free.length < MOST_FREE) free.push(instance);
}

function copyOf(from: BytesInstance): BytesInstance {
  const instance = instantiateBytes();
  const target = new Uint8Array(instance.memory.buffer);
  const source = new Uint8Array(from.memory.buffer);
  const text = from.TEXT_AT.value;
  target.set(source.subarray(0, from.DIRTY_AT.value));
  const slots = from.SLOTS_AT.value;
  target.set(source.subarray(slots, slots + from.SLOT_BYTES_ALL.value), slots);
  target.set(source.subarray(text, text + PRIMER_LENGTH), text);
  return instance;
}

/** Copies what is small, and of the slots the pages that were written to. */
function restore(instance: BytesInstance, from: BytesInstance): void {
  const target = new Uint8Array(instance.memory.buffer);
  const source = new Uint8Array(from.memory.buffer);
  target.set(source.subarray(0, from.SMALL_END_AT.value));
  const [slots, page] = [from.SLOTS_AT.value, from.PAGE.value];
  const pages = from.SLOT_BYTES_ALL.value / page;
  const dirty = target.subarray(from.DIRTY_AT.value, from.DIRTY_AT.value + pages);
  for (let i = dirty.indexOf(1); i >= 0; i = dirty.indexOf(1, i + 1)) {
    const at = slots + i * page;
    target.set(source.subarray(at, at + page), at);
  }
  dirty.fill(0);
}

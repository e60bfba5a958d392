/**
 * What `llama_model_quantize` is given by address: lists of C structs that end with an empty one.
 * Source: include/llama.h (`llama_model_imatrix_data`, `llama_model_tensor_override`, `llama_model_kv_override`).
 */
import koffi from "koffi";
import type { Pointer } from "../layout.ts";
import type { ImportanceMatrix } from "./imatrix.ts";

/** A type for all tensors whose name matches: as `--tensor-type` of `llama-quantize`. */
export interface TensorTypeRule {
  /** Regular expression (ECMAScript), searched for in the name. In lower case, as `llama-quantize` makes it. */
  pattern: string;
  /** Id of a ggml type. */
  type: number;
}

/** Bytes of a pointer. */
const POINTER = koffi.sizeof("void *");
/** char[128], the terminating zero included. */
const KV_TEXT = 128;
/** struct llama_model_kv_override: tag, key, and a union that is aligned to 8 bytes. */
const KV = { bytes: 264, key: 4, value: 136, int: 0, text: 3 };

/** Memory that has to live as long as the call: keep the object until then. */
export class QuantizeMemory {
  readonly #kept: ArrayBuffer[] = [];
  readonly imatrix: Pointer;
  readonly tensorTypes: Pointer;
  readonly overrides: Pointer;

  constructor(imatrix: ImportanceMatrix | null, rules: readonly TensorTypeRule[]) {
    this.imatrix = imatrix && this.#imatrixData(imatrix);
    this.overrides = imatrix && this.#imatrixKeys(imatrix);
    this.tensorTypes = rules.length > 0 ? this.#rules(rules) : null;
  }

  /** Says that the call is over. The memory is this object's, which has to be reachable until then. */
  release(): void {
    this.#kept.length = 0;
  }

  #allocate(bytes: number): { view: DataView; address: bigint } {
    const buffer = new ArrayBuffer(Math.max(8, bytes));
    this.#kept.push(buffer);
    return { view: new DataView(buffer), address: koffi.address(buffer) };
  }

  #text(text: string): bigint {
    const bytes = Buffer.from(text);
    const { view, address } = this.#allocate(bytes.length + 1);
    bytes.copy(new Uint8Array(view.buffer));
    return address;
  }

  #imatrixData({ entries }: ImportanceMatrix): bigint {
    const { view, address } = this.#allocate((entries.size + 1) * 3 * POINTER);
    let at = 0;
    for (const [name, values] of entries) {
      const data = this.#allocate(values.byteLength);
      new Float32Array(data.view.buffer).set(values);
      for (const field of [this.#text(name), data.address, BigInt(values.length)]) {
        setPointer(view, at, field);
        at += POINTER;
      }
    }
    return address;
  }

  #rules(rules: readonly TensorTypeRule[]): bigint {
    const { view, address } = this.#allocate((rules.length + 1) * 2 * POINTER);
    for (const [i, { pattern, type }] of rules.entries()) {
      setPointer(view, 2 * i * POINTER, this.#text(pattern));
      view.setInt32((2 * i + 1) * POINTER, type, true);
    }
    return address;
  }

  /** The keys that `llama-quantize` adds, in its order, so that the file is the same byte for byte. */
  #imatrixKeys({ file, entries, dataset, chunks }: ImportanceMatrix): bigint {
    const keys: [string, Buffer | number][] = [
      ["quantize.imatrix.file", Buffer.from(file)],
      ...(dataset ? [["quantize.imatrix.dataset", dataset] satisfies [string, Buffer]] : []),
      ["quantize.imatrix.entries_count", entries.size],
      ...(chunks > 0 ? [["quantize.imatrix.chunks_count", chunks] satisfies [string, number]] : []),
    ];
    const { view, address } = this.#allocate((keys.length + 1) * KV.bytes);
    const bytes = new Uint8Array(view.buffer);
    for (const [i, [key, value]] of keys.entries()) {
      const at = i * KV.bytes;
      view.setInt32(at, typeof value === "number" ? KV.int : KV.text, true);
      bytes.set(Buffer.from(key), at + KV.key);
      if (typeof value === "number") view.setBigInt64(at + KV.value, BigInt(value), true);
      else bytes.set(value.subarray(0, KV_TEXT - 1), at + KV.value);
    }
    return address;
  }
}

function setPointer(view: DataView, at: number, value: bigint): void {
  if (POINTER === 8) view.setBigUint64(at, value, true);
  else view.setUint32(at, Number(value), true);
}

/** Making a smaller model file of another one, as llama.cpp's `llama-quantize` does, byte for byte. */
import { randomUUID } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import { isSameFile, writeFailure } from "../../files/index.ts";
import { call } from "./context.ts";
import { checkGguf, inspectGguf } from "./gguf.ts";
import { loadLlamaLibrary } from "./library.ts";
import { integer } from "./placement.ts";

/** enum llama_ftype by the names `llama-quantize` takes. */
const FILE_TYPES: Readonly<Record<string, number>> = {
  F32: 0,
  F16: 1,
  Q4_0: 2,
  Q4_1: 3,
  Q8_0: 7,
  Q5_0: 8,
  Q5_1: 9,
  Q2_K: 10,
  Q3_K_S: 11,
  Q3_K_M: 12,
  Q3_K_L: 13,
  Q4_K_S: 14,
  Q4_K_M: 15,
  Q5_K_S: 16,
  Q5_K_M: 17,
  Q6_K: 18,
  IQ4_NL: 25,
  IQ3_S: 26,
  IQ3_M: 27,
  IQ4_XS: 30,
  BF16: 32,
  TQ1_0: 36,
  TQ2_0: 37,
};

/** Options of `quantize`. */
export interface QuantizeOptions {
  /** Threads, at most 1024; 0 = all cores. Default 0. */
  threads?: number | undefined;
  /** Accept a model that is quantised already, whose weights lose twice. Default false. */
  allowRequantize?: boolean | undefined;
}

/** Names of the weight formats `quantize` can make. */
export const quantizationTypes: readonly string[] = Object.keys(FILE_TYPES);

/**
 * Writes `input`, with its weights in format `type`, to `output`. The file appears only when it is complete; until then
 * its bytes are in `<output>.<uuid>.partial`. A file that is there is replaced, unless it is the input.
 * @throws SurprisalError INVALID_ARGUMENT, GGUF_*, FILE_NOT_FOUND, FILE_UNWRITABLE, ENGINE_FAILED.
 */
export async function quantize(
  input: string,
  output: string,
  type: string,
  { threads = 0, allowRequantize = false }: QuantizeOptions = {},
): Promise<void> {
  const ftype = FILE_TYPES[type.toUpperCase()];
  if (ftype === undefined)
    throw new SurprisalError({
      code: "INVALID_ARGUMENT",
      what: `"${type}" is not a weight format that can be made`,
      wayOut: `Use one of ${quantizationTypes.join(", ")}.`,
    });
  integer("threads", threads, 0, 1024);
  checkGguf(await inspectGguf(input));
  if (isSameFile(input, output))
    throw invalidArgument(
      "The output is the input, whose weights would be lost",
      output,
      "Name another file.",
    );
  const { functions } = loadLlamaLibrary();
  const params = {
    ...functions.llama_model_quantize_default_params(),
    nthread: threads,
    ftype,
    allow_requantize: allowRequantize,
  };
  const temporary = `${output}.${randomUUID()}.partial`;
  try {
    await assertNoFolder(output);
    await (await open(temporary, "wx")).close();
    const status = await call<number>((done) =>
      functions.llama_model_quantize.async(input, temporary, params, done),
    );
    if (status !== 0)
      throw new SurprisalError({
        code: "ENGINE_FAILED",
        what: `llama.cpp could not write ${type} from this model`,
        where: input,
        wayOut: allowRequantize
          ? "Check the free space and that the folder can be written to; SURPRISAL_LLAMA_LOG=1 shows llama.cpp's own message."
          : "Check the free space; a model that is quantised already needs `allowRequantize: true` (--allow-requantize). SURPRISAL_LLAMA_LOG=1 shows llama.cpp's own message.",
      });
    await rename(temporary, output);
  } catch (error) {
    throw writeFailure(error, output);
  } finally {
    await rm(temporary, { force: true }).catch(() => {}); // why it could not be written is what counts
  }
}

/** Before the work, not after it. */
async function assertNoFolder(path: string): Promise<void> {
  if ((await stat(path).catch(() => null))?.isDirectory()) throw new Error("it is a folder");
}

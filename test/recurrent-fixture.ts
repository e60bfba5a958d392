/** A tiny Mamba model: a memory that is one state per sequence, which cannot be cut or shared in parts. */
import {
  encodeGguf,
  type FixtureModel,
  type FixtureTensor,
  randomNumbers,
  tinyModel,
} from "./gguf-fixture.ts";

const EMBEDDING = 64;
const INNER = 128;
const STATE = 8;
const RANK = 4;
const KERNEL = 4;
const VOCABULARY = 300;

export function recurrentModel(): Uint8Array {
  const tiny = tinyModel();
  const random = randomNumbers(9);
  const tensor = (name: string, shape: number[], value = () => random() - 0.5): FixtureTensor => {
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, value);
    return { name, shape, type: 0, data: new Uint8Array(values.buffer) };
  };
  const tensors = [
    tensor("token_embd.weight", [EMBEDDING, VOCABULARY]),
    tensor("output_norm.weight", [EMBEDDING], () => 1),
  ];
  for (const block of ["blk.0.", "blk.1."])
    tensors.push(
      tensor(`${block}attn_norm.weight`, [EMBEDDING], () => 1),
      tensor(`${block}ssm_in.weight`, [EMBEDDING, 2 * INNER]),
      tensor(`${block}ssm_conv1d.weight`, [KERNEL, INNER]),
      tensor(`${block}ssm_conv1d.bias`, [INNER]),
      tensor(`${block}ssm_x.weight`, [INNER, RANK + 2 * STATE]),
      tensor(`${block}ssm_dt.weight`, [RANK, INNER]),
      tensor(`${block}ssm_dt.bias`, [INNER]),
      tensor(`${block}ssm_a`, [STATE, INNER], () => -random() - 0.1),
      tensor(`${block}ssm_d`, [INNER]),
      tensor(`${block}ssm_out.weight`, [INNER, EMBEDDING]),
    );
  const metadata: FixtureModel["metadata"] = new Map();
  for (const [key, value] of tiny.metadata)
    if (!/^llama\.(rope|attention|feed)/.test(key)) metadata.set(key.replace(/^llama\./, "mamba."), value);
  metadata.set("general.architecture", { type: "str", value: "mamba" });
  metadata.set("mamba.attention.layer_norm_rms_epsilon", { type: "f32", value: 1e-5 });
  for (const [key, value] of Object.entries({
    feed_forward_length: 0,
    "attention.head_count": 0,
    "ssm.conv_kernel": KERNEL,
    "ssm.inner_size": INNER,
    "ssm.state_size": STATE,
    "ssm.time_step_rank": RANK,
  }))
    metadata.set(`mamba.${key}`, { type: "u32", value });
  return encodeGguf({ ...tiny, metadata, tensors }).bytes;
}

/**
 * What llama.cpp (the version that src/models/llama/layout.ts binds) knows about architectures, as data.
 * Source: src/llama-arch.cpp (names) and src/models/*.cpp (`load_arch_tensors`, the assertions of the graphs).
 */

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/** Architectures that predict the next token. */
export const GENERATIVE: ReadonlySet<string> = words(`
  llama llama4 deci falcon grok gpt2 gptneox mpt baichuan starcoder refact bloom stablelm qwen qwen2 qwen2moe qwen2vl
  qwen3 qwen3moe qwen3next qwen3vl qwen3vlmoe qwen35 qwen35moe qwen4exp phi2 phi3 phimoe plamo plamo2 plamo3 codeshell
  orion internlm2 minicpm minicpm3 gemma gemma2 gemma3 gemma3n gemma4 starcoder2 mamba mamba2 maple jamba falcon-h1
  xverse command-r cohere2 cohere2moe dbrx olmo olmo2 olmoe muse-glimmer openelm arctic deepseek deepseek2
  deepseek2-ocr deepseek32 deepseek4 chatglm glm4 glm4moe glm-dsa bitnet jais jais2 nemotron nemotron_h nemotron_h_moe
  exaone exaone4 exaone-moe rwkv6 rwkv6qwen2 rwkv7 arwkv7 granite granitemoe granitehybrid graniteswitch granite_swa
  chameleon plm bailingmoe bailingmoe2 bailingmoe3 dots1 dots3note arcee afmoe laguna ernie4_5 ernie4_5-moe hunyuan-moe
  hunyuan-dense hunyuan_vl hy_v3 hy_v4 smollm3 gpt-oss lfm2 lfm2moe smallthinker seed_oss grovemoe apertus minimax-01
  hrm_text minimax-m2 minimax-m3 cogvlm pangu-embedded mistral3 mistral4 paddleocr mimo2 step35 spark2_5 maincoder
  kimi-linear kimi-k3 talkie mellum nanbeige`);

/** Architectures that llama.cpp knows but that give no probability of a next token: encoders, diffusion, parts. */
export const NOT_GENERATIVE: ReadonlySet<string> = words(`
  clip bert modern-bert nomic-bert nomic-bert-moe neo-bert jina-bert-v2 jina-bert-v3 eurobert gemma-embedding
  llama-embed t5 t5encoder wavtokenizer-dec dream llada llada-moe rnd1 eagle3 dflash gemma4-assistant qwen3tts
  pockettts`);

/** Those of them that turn a whole text into vectors, every token seeing all others, without a cache of keys and values. */
export const ENCODERS: ReadonlySet<string> = words(`
  bert modern-bert nomic-bert nomic-bert-moe neo-bert jina-bert-v2 jina-bert-v3 eurobert gemma-embedding llama-embed`);

/** No attention at all, so no attention heads. */
export const ATTENTION_FREE: ReadonlySet<string> = words("mamba mamba2 rwkv6 rwkv6qwen2 rwkv7 arwkv7");

/** Head counts and the like may differ between layers, and may be 0 in layers without attention. */
export const VARIABLE_LAYERS: ReadonlySet<string> = words(`
  deci qwen3next plamo2 plamo3 gemma3n gemma4 jamba openelm nemotron_h nemotron_h_moe granite granitemoe granitehybrid
  graniteswitch granite_swa bailingmoe3 dots3note laguna hunyuan-moe lfm2 lfm2moe mimo2 step35 spark2_5 kimi-linear
  kimi-k3 falcon-h1`);

/** Keys and values of a head may differ in length (multi-head latent attention and a few others). */
export const UNEQUAL_HEADS: ReadonlySet<string> = words(`
  deepseek2 deepseek2-ocr deepseek32 deepseek4 glm-dsa minicpm3 plm bailingmoe3 dots3note hy_v4 mistral4 mimo2 step35
  kimi-linear kimi-k3 gemma4`);

/** The graph asserts that rotary embedding covers the whole head. */
export const FULL_ROTARY: ReadonlySet<string> = words(`
  llama llama4 deci falcon grok baichuan qwen2 qwen2moe qwen2vl qwen3 qwen3moe qwen3vl qwen3vlmoe plamo codeshell orion
  internlm2 minicpm starcoder2 xverse cohere2moe dbrx olmo olmo2 olmoe arctic deepseek jais2 exaone exaone4 exaone-moe
  granite granitemoe graniteswitch granite_swa chameleon dots1 arcee ernie4_5 ernie4_5-moe hunyuan-moe hunyuan-dense
  hunyuan_vl hy_v3 smollm3 smallthinker seed_oss grovemoe apertus cogvlm pangu-embedded mistral3 paddleocr maincoder
  talkie mellum`);

/** Rotary embedding over several axes; the kernel asserts that there are sections. */
export const SECTIONED_ROTARY: ReadonlySet<string> = words(`
  qwen2vl qwen3vl qwen3vlmoe qwen35 qwen35moe qwen4exp paddleocr`);

/** The loader asserts that there are experts, throws where there are none, or divides by the number used. */
export const MIXTURE_ONLY: ReadonlySet<string> = words(`
  bailingmoe bailingmoe2 cohere2moe glm4moe grovemoe lfm2moe llama4 maple mellum olmoe qwen2moe qwen3moe qwen3next
  qwen3vlmoe qwen35moe qwen4exp smallthinker`);

/**
 * The graph takes the number of experts used from each layer. All others route by the first layer's and add up by each layer's
 * own (`build_moe_ffn`): more are read beyond the tensor, fewer are left out in silence.
 */
export const EXPERTS_USED_BY_LAYER: ReadonlySet<string> = words("nemotron_h nemotron_h_moe");

/** Experts without a gate. For all others a missing gate is another model, which llama.cpp runs in silence. */
export const UNGATED_EXPERTS: ReadonlySet<string> = words("nemotron_h nemotron_h_moe");

/** Every tensor of the feed-forward part is optional to the loader, and a block without one is run in silence. */
export const OPTIONAL_FEED_FORWARD: ReadonlySet<string> = words("hy_v3 mimo2 step35");

/** Where there is one expert or none, the loader forgets both counts. In every other architecture they must agree. */
export const IGNORES_ONE_EXPERT: ReadonlySet<string> = words("hunyuan-dense hunyuan_vl");

/** State-space layers, alone or between layers of attention. */
export const STATE_SPACE: ReadonlySet<string> = words(`
  mamba mamba2 jamba falcon-h1 plamo2 granitehybrid nemotron_h nemotron_h_moe qwen3next qwen35 qwen35moe qwen4exp`);

/** Keys under the architecture's name that llama.cpp divides by in these architectures. Elsewhere 0 means unused. */
export const POSITIVE_KEYS: Readonly<Record<string, ReadonlySet<string>>> = {
  full_attention_interval: words("minimax-01 qwen3next qwen35 qwen35moe qwen4exp"),
  "wkv.head_size": words("rwkv6 rwkv6qwen2 rwkv7 arwkv7"),
  "ssm.conv_kernel": STATE_SPACE,
  "ssm.inner_size": STATE_SPACE,
  "ssm.state_size": STATE_SPACE,
  "ssm.time_step_rank": STATE_SPACE,
  "shortconv.l_cache": words("lfm2 lfm2moe"),
  "kda.head_dim": words("kimi-linear kimi-k3 bailingmoe3"),
  "attention.indexer.block_size": words("minimax-m3"),
  experts_per_group: words("grovemoe"),
  interleave_moe_layer_step: words("ernie4_5-moe"),
};

/** A rule between hyper-parameters that llama.cpp asserts. */
export interface Relation {
  architectures: ReadonlySet<string>;
  /** The key to complain about, after the architecture's name. */
  key: string;
  /** What its value must be. */
  rule: string;
  /** `value` gives a number or flag by its key, 0 when it is absent. */
  holds: (value: (key: string) => number) => boolean;
}

const GATED_DELTA = words("qwen3next qwen35 qwen35moe qwen4exp");

export const RELATIONS: readonly Relation[] = [
  {
    architectures: words("grovemoe"), // groups of experts share a further one, found by the number divided
    key: "experts_per_group",
    rule: "a divisor of the number of experts",
    holds: (value) => value("expert_count") % value("experts_per_group") === 0,
  },
  {
    // The loader asks only whether a layer comes after the dense ones, the graph for the step too, and then finds no weights.
    architectures: words("ernie4_5-moe"),
    key: "interleave_moe_layer_step",
    rule: "a divisor of the number of every layer after the dense ones",
    holds: (value) => {
      const step = value("interleave_moe_layer_step");
      const mixtures = value("block_count") - value("leading_dense_block_count");
      return mixtures <= 0 || step === 1 || (mixtures === 1 && value("block_count") % step === 0);
    },
  },
  {
    architectures: words("jamba granitehybrid"),
    key: "ssm.inner_size",
    rule: "twice the embedding length",
    holds: (value) => value("ssm.inner_size") === 2 * value("embedding_length"),
  },
  {
    architectures: GATED_DELTA,
    key: "ssm.inner_size",
    rule: "the state size times the time step rank",
    holds: (value) => value("ssm.inner_size") === value("ssm.state_size") * value("ssm.time_step_rank"),
  },
  {
    architectures: new Set([
      ...GATED_DELTA,
      "mamba2",
      "nemotron_h",
      "nemotron_h_moe",
      "falcon-h1",
      "granitehybrid",
    ]),
    key: "ssm.group_count",
    rule: "a divisor of the time step rank",
    holds: (value) =>
      value("ssm.group_count") > 0 && value("ssm.time_step_rank") % value("ssm.group_count") === 0,
  },
  {
    architectures: words("mamba2 nemotron_h nemotron_h_moe falcon-h1 granitehybrid plamo2"),
    key: "ssm.inner_size",
    rule: "a multiple of the time step rank",
    holds: (value) => value("ssm.inner_size") % value("ssm.time_step_rank") === 0,
  },
  {
    architectures: words("plamo2"),
    key: "ssm.group_count",
    rule: "0",
    holds: (value) => value("ssm.group_count") === 0,
  },
  {
    architectures: words("hrm_text"),
    key: "block_count",
    rule: "layers per stack x outer cycles x (inner cycles + 1)",
    holds: (value) =>
      value("block_count") ===
      value("hrm.layers_per_stack") * value("hrm.h_cycles") * (value("hrm.l_cycles") + 1),
  },
  {
    architectures: words("bailingmoe3"),
    key: "kda.safe_gate",
    rule: "true, with a lower bound below 0",
    holds: (value) => value("kda.safe_gate") === 1 && value("kda.gate_lower_bound") < 0,
  },
  {
    architectures: words(
      "deepseek2 deepseek32 glm-dsa mistral4 bailingmoe3 dots3note hy_v4 kimi-linear kimi-k3",
    ),
    key: "attention.key_length",
    rule: "the rank of the latent keys and values plus the rotary dimensions",
    holds: (value) =>
      value("attention.key_length_mla") === 0 || // written before latent attention was kept as such
      (value("attention.key_length") === value("attention.kv_lora_rank") + value("rope.dimension_count") &&
        value("attention.value_length") === value("attention.kv_lora_rank") &&
        value("attention.key_length_mla") > value("rope.dimension_count")),
  },
];

/**
 * Tensors an architecture cannot do without, with their shapes. A shape names hyper-parameters, fastest first:
 * E embedding, V vocabulary, C context, Q query heads x head, K key-value heads x head, W = Q + 2K, H head,
 * F feed-forward, G = 2F, X experts, M feed-forward of one expert, T kinds of tokens ("sentence A", "sentence B").
 */
export interface TensorLayout {
  /** Outside the blocks. */
  model: Readonly<Record<string, string>>;
  /** In each block, after `blk.N.`. */
  block: Readonly<Record<string, string>>;
  /** Outside the blocks, where they exist. */
  optional?: Readonly<Record<string, string>> | undefined;
  /** In each block where queries, keys and values are separate. */
  separate?: Readonly<Record<string, string>> | undefined;
  /** In each block of a model with experts, in place of `dense`. */
  experts?: Readonly<Record<string, string>> | undefined;
  /** In each block of a model without experts. */
  dense?: Readonly<Record<string, string>> | undefined;
  /** "fused": only `attn_qkv`; otherwise either `attn_qkv` or `attn_q`, `attn_k` and `attn_v`. */
  attention?: "fused" | undefined;
  /** Key of the normalisation's epsilon, after the architecture's name. */
  epsilon: string;
}

export const FUSED_ATTENTION: Readonly<Record<string, string>> = { "attn_qkv.weight": "E W" };
export const SEPARATE_ATTENTION: Readonly<Record<string, string>> = {
  "attn_q.weight": "E Q",
  "attn_k.weight": "E K",
  "attn_v.weight": "E K",
};

/** Where they exist, in an architecture without a layout of its own but with ordinary attention. */
export const ORDINARY_ATTENTION: Readonly<Record<string, string>> = {
  ...FUSED_ATTENTION,
  "attn_k.weight": "E K",
  "attn_output.weight": "Q E",
};

const RMS = "attention.layer_norm_rms_epsilon";
const EMBEDDING = { "token_embd.weight": "E V", "output_norm.weight": "E" };
const NORMS = { "attn_norm.weight": "E", "attn_output.weight": "Q E", "ffn_norm.weight": "E" };
const HEAD_NORMS = { "attn_q_norm.weight": "H", "attn_k_norm.weight": "H" };
const POST_NORMS = { "post_attention_norm.weight": "E", "post_ffw_norm.weight": "E" };
const GATED = { "ffn_gate.weight": "E F", "ffn_up.weight": "E F", "ffn_down.weight": "F E" };

const LLAMA: TensorLayout = {
  model: EMBEDDING,
  block: NORMS,
  dense: GATED,
  experts: {
    "ffn_gate_inp.weight": "E X",
    "ffn_gate_exps.weight": "E F X",
    "ffn_up_exps.weight": "E F X",
    "ffn_down_exps.weight": "F E X",
  },
  epsilon: RMS,
};
const DENSE: TensorLayout = { model: EMBEDDING, block: { ...NORMS, ...GATED }, epsilon: RMS };

/** The architectures that matter most. For the others llama.cpp itself compares the shapes, and refuses in words. */
export const TENSOR_LAYOUTS: Readonly<Record<string, TensorLayout>> = {
  llama: LLAMA,
  mistral3: LLAMA,
  smollm3: DENSE,
  qwen2: DENSE,
  qwen3: { ...DENSE, block: { ...NORMS, ...GATED, ...HEAD_NORMS } },
  qwen3moe: {
    model: EMBEDDING,
    block: {
      ...NORMS,
      ...HEAD_NORMS,
      "ffn_gate_inp.weight": "E X",
      "ffn_gate_exps.weight": "E M X",
      "ffn_up_exps.weight": "E M X",
      "ffn_down_exps.weight": "M E X",
    },
    epsilon: RMS,
  },
  gemma: DENSE,
  gemma2: { ...DENSE, block: { ...NORMS, ...GATED, ...POST_NORMS } },
  gemma3: { ...DENSE, block: { ...NORMS, ...GATED, ...POST_NORMS, ...HEAD_NORMS } },
  phi3: {
    model: EMBEDDING,
    block: { ...NORMS, "ffn_up.weight": "E G", "ffn_down.weight": "F E" },
    epsilon: RMS,
  },
  gpt2: {
    model: { ...EMBEDDING, "position_embd.weight": "E C", "output_norm.bias": "E" },
    block: {
      ...NORMS,
      "attn_norm.bias": "E",
      "attn_qkv.bias": "W",
      "attn_output.bias": "E",
      "ffn_norm.bias": "E",
      "ffn_up.weight": "E F",
      "ffn_up.bias": "F",
      "ffn_down.weight": "F E",
      "ffn_down.bias": "E",
    },
    attention: "fused",
    epsilon: "attention.layer_norm_epsilon",
  },
  // The graph adds biases without asking whether they are there.
  bert: {
    model: {
      "token_embd.weight": "E V",
      "position_embd.weight": "E C",
      "token_embd_norm.weight": "E",
      "token_embd_norm.bias": "E",
    },
    optional: { "token_types.weight": "E T" },
    block: {
      "attn_output.weight": "Q E",
      "attn_output.bias": "E",
      "attn_output_norm.weight": "E",
      "attn_output_norm.bias": "E",
      "ffn_up.weight": "E F",
      "ffn_up.bias": "F",
      "ffn_down.weight": "F E",
      "ffn_down.bias": "E",
      "layer_output_norm.weight": "E",
      "layer_output_norm.bias": "E",
    },
    separate: { "attn_q.bias": "Q", "attn_k.bias": "K", "attn_v.bias": "K" },
    epsilon: "attention.layer_norm_epsilon",
  },
};

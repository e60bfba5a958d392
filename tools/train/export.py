"""A run's weights as GGUF files that llama.cpp loads: python export.py configs/mini.toml RUN --to models/mini.gguf

Writes RUN/NAME-F16.gguf and RUN/NAME-Q8_0.gguf, copies the latter to --to, and records in --fixture what PyTorch says
about a text (token ids, log-probabilities in nats, perplexity), so that a test can compare the engine with it.
"""

import argparse
import hashlib
import json
import math
import platform
import shutil
import tomllib
from pathlib import Path

import gguf
import torch
from tokenizers import Tokenizer

from data import read_documents
from model import Llama, Shape
from tokenizer import END_OF_TEXT

# What llama.cpp calls each matrix of a block.
BLOCK_NAMES = {
    "attention_norm": "attn_norm",
    "attention.query": "attn_q",
    "attention.key": "attn_k",
    "attention.value": "attn_v",
    "attention.output": "attn_output",
    "feed_forward_norm": "ffn_norm",
    "feed_forward.gate": "ffn_gate",
    "feed_forward.up": "ffn_up",
    "feed_forward.down": "ffn_down",
}


def gguf_name(name: str) -> str:
    if name == "embedding.weight":
        return "token_embd.weight"  # llama.cpp uses it as the output matrix where output.weight is missing
    if name == "norm.weight":
        return "output_norm.weight"
    _, block, rest = name.split(".", 2)
    return f"blk.{block}.{BLOCK_NAMES[rest.removesuffix('.weight')]}.weight"


def load_run(run: Path) -> tuple[dict, Llama, Tokenizer]:
    """A run's last checkpoint, its weights in float32 on the CPU, its tokenizer."""
    state = torch.load(run / "checkpoint.pt", map_location="cpu", weights_only=True)
    model = Llama(Shape(**state["config"]["model"]))
    model.load_state_dict(state["model"])
    return state, model.eval(), Tokenizer.from_file(str(run / "tokenizer.json"))


def write_gguf(path: Path, kind: gguf.GGMLQuantizationType, config: dict, model: Llama, tokenizer: Tokenizer) -> None:
    """Matrices in `kind`, norms in float32."""
    shape = model.shape
    writer = gguf.GGUFWriter(path, "llama")
    about = config["export"]
    writer.add_name(config["name"])
    writer.add_description(about["description"])
    writer.add_license(about["licence"])
    writer.add_file_type({"F16": gguf.LlamaFileType.MOSTLY_F16, "Q8_0": gguf.LlamaFileType.MOSTLY_Q8_0}[kind.name])
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.key_heads)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(shape.norm_epsilon)

    vocabulary = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(vocabulary["vocab"], key=vocabulary["vocab"].get)
    # Ids that training never produced, when the text was too small for as many merges as asked for.
    tokens += [f"<|unused{i}|>" for i in range(len(tokens), shape.vocabulary)]
    special = [token == END_OF_TEXT or token.startswith("<|unused") for token in tokens]
    end = tokens.index(END_OF_TEXT)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")  # digits one by one, then GPT-2's expression: see tokenizer.py
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.CONTROL if s else gguf.TokenType.NORMAL for s in special])
    writer.add_token_merges([" ".join(pair) for pair in vocabulary["merges"]])
    writer.add_bos_token_id(end)
    writer.add_eos_token_id(end)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    if "chat_template" in about:
        writer.add_chat_template(about["chat_template"])

    for name, weight in model.state_dict().items():
        data = weight.float().numpy()
        if data.ndim == 1:
            writer.add_tensor(gguf_name(name), data)
        else:
            writer.add_tensor(gguf_name(name), gguf.quants.quantize(data, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@torch.no_grad()
def record(model: Llama, tokenizer: Tokenizer, text: str) -> dict:
    """What float32 PyTorch says about a text of at most one context: every token is predicted, the first from BOS."""
    ids = [tokenizer.token_to_id(END_OF_TEXT)] + tokenizer.encode(text, add_special_tokens=False).ids
    ids = ids[: model.shape.context]
    logits = model(torch.tensor([ids[:-1]]))[0].double()
    logprobs = logits.log_softmax(-1)[range(len(ids) - 1), ids[1:]]
    return dict(
        text=tokenizer.decode(ids[1:]),
        ids=ids[1:],
        logprobs=[round(value, 6) for value in logprobs.tolist()],
        perplexity=math.exp(-logprobs.mean().item()),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path, help="its [export] table names and describes the model")
    parser.add_argument("run", type=Path, help="folder of a run of train.py")
    parser.add_argument("--to", type=Path, help="where to copy the Q8_0 file")
    parser.add_argument("--fixture", type=Path, help="JSON file for what PyTorch says about --text")
    parser.add_argument("--text", type=Path, help="text for --fixture; a corpus' first document is used")
    options = parser.parse_args()
    if (options.fixture is None) != (options.text is None):
        parser.error("--fixture and --text go together")

    state, model, tokenizer = load_run(options.run)
    config = tomllib.loads(options.config.read_text())
    written = {}
    for kind in (gguf.GGMLQuantizationType.F16, gguf.GGMLQuantizationType.Q8_0):
        path = written[kind.name] = options.run / f"{config['name']}-{kind.name}.gguf"
        write_gguf(path, kind, config, model, tokenizer)
        print(f"{path}: {path.stat().st_size:,} bytes")
    if options.to:
        shutil.copyfile(written["Q8_0"], options.to)
    if options.fixture:
        fixture = dict(
            model=config["name"],
            step=state["step"],
            sha256={kind: hashlib.sha256(path.read_bytes()).hexdigest() for kind, path in written.items()},
            recorded_with=f"torch {torch.__version__}, float32, {platform.machine()}; tools/train/export.py",
            **record(model, tokenizer, read_documents(options.text)[0]),
        )
        options.fixture.write_text(json.dumps(fixture, ensure_ascii=False) + "\n")
        print(f"{options.fixture}: perplexity {fixture['perplexity']:.4f} over {len(fixture['ids'])} tokens")


if __name__ == "__main__":
    main()

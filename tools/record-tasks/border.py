"""Records where lm_eval cuts contexts from continuations, and what it does with texts that begin with BOS.

    python border.py MINI-F32.gguf ../../test/fixtures/tasks/border-mini.json

Per pair: the continuation's tokens as `loglikelihood` would score them (`None`: none are left, which ends its run), and
their log-likelihood. Per text: the tokens of `tok_encode`, and `loglikelihood_rolling`.
"""

import hashlib
import json
import sys
from pathlib import Path

import torch
import transformers
from gguf import GGUFReader
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from transformers import AutoModelForCausalLM

from record import tokenizer_of

PAIRS = [
    ("The capital of France is", " Paris"),
    ("What a beauti", "ful day"),
    ("Ans", "wer"),
    ("The children went to the be", "ach."),
    ("It was ", "cold"),
    ("It was\u00a0", "cold"),
    ("It was\x1c\x1f", "cold"),
    ("It was\ufeff", "cold"),
    ("It was\u0085 \u3000", "cold"),
    ("Question: is it so?\nAnswer:", " yes"),
    ("", "Once upon a time"),
    ("", "<|endoftext|>Once upon a time"),
    ("<|endoftext|>Once upon", " a time"),
    ("One<|endoftext|>", "Two"),
]
TEXTS = ["Once upon a time.", "<|endoftext|>Once upon a time.", " <|endoftext|>Once upon", "Once<|endoftext|> upon"]


def main(path: Path, out: Path) -> None:
    tokenizer, _ = tokenizer_of(GGUFReader(path))
    network = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).eval()
    # add_bos_token=None: the tokenizer's own, which adds BOS; then tok_encode looks for it in the text.
    model = HFLM(pretrained=network, tokenizer=tokenizer, batch_size=1, device="cpu")

    def ask(kind: str, *arguments: str):
        return getattr(model, kind)([Instance(kind, doc={}, arguments=arguments, idx=0)], disable_tqdm=True)[0]

    pairs = []
    for context, continuation in PAIRS:
        if context == "":
            ids = model.tok_encode(continuation, add_special_tokens=False)
            ids = ids[1:] if ids[0] == model.prefix_token_id else ids
        else:
            _, ids = model._encode_pair(context, continuation)
        known = ask("loglikelihood", context, continuation) if ids else None
        pairs.append(
            {
                "context": context,
                "continuation": continuation,
                "ids": ids,
                "logprob": known and known[0],
                "greedy": known and bool(known[1]),
            }
        )
    texts = []
    for text in TEXTS:
        answer = ask("loglikelihood_rolling", text)
        texts.append(
            {
                "text": text,
                "ids": model.tok_encode(text),
                "loglikelihood": answer[0] if isinstance(answer, tuple) else answer,
            }
        )
    recorded = {
        "made_by": "tools/record-tasks/border.py",
        "lm_eval": "0.4.13",
        "transformers": transformers.__version__,
        "torch": torch.__version__.split("+")[0],
        "model": {"name": "mini", "dtype": "float32", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()},
        "pairs": pairs,
        "texts": texts,
    }
    out.write_text(json.dumps(recorded, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

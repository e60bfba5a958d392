"""Records what lm_eval's rolling and Hugging Face's strided windows give on a text, with a GGUF model in float32 on the CPU.

    python windows.py MODEL-F32.gguf TEXT.txt OUT.json

Windows of 1,024 tokens. The strided ones are those of Hugging Face's page "Perplexity of fixed-length models" with a stride of
512, their sums taken window by window: [begin, end, tokens scored, Σ -ln p].
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

LENGTH, STRIDE = 1024, 512


def rolling(network, tokenizer, text: str) -> dict:
    model = HFLM(pretrained=network, tokenizer=tokenizer, batch_size=1, max_length=LENGTH, add_bos_token=False, device="cpu")
    request = Instance("loglikelihood_rolling", doc={}, arguments=(text,), idx=0)
    answer = model.loglikelihood_rolling([request])[0]
    return {"loglikelihood": answer[0] if isinstance(answer, tuple) else answer, "prefix_token": model.prefix_token_id}


def strided(network, ids: list[int]) -> dict:
    windows, previous, forwarded = [], 0, 0
    for begin in range(0, len(ids), STRIDE):
        end = min(begin + LENGTH, len(ids))
        count = min(end - previous, end - begin - 1)
        with torch.no_grad():
            logits = network(torch.tensor([ids[begin:end]])).logits[0].log_softmax(-1)
        nll = -sum(logits[i - begin - 1, ids[i]].item() for i in range(end - count, end))
        windows.append([begin, end, count, nll])
        forwarded += end - begin
        previous = end
        if end == len(ids):
            break
    scored = sum(count for _, _, count, _ in windows)
    total = sum(nll for *_, nll in windows)
    perplexity = torch.tensor(total / scored, dtype=torch.float64).exp().item()
    return {"nll_sum": total, "tokens_scored": scored, "ppl": perplexity, "forwarded": forwarded, "windows": windows}


def main(path: Path, source: Path, out: Path) -> None:
    text = source.read_bytes().decode()
    tokenizer, _ = tokenizer_of(GGUFReader(path))
    network = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).eval()
    ids = tokenizer(text, add_special_tokens=False).input_ids
    recorded = {
        "made_by": "tools/record-tasks/windows.py",
        "lm_eval": "0.4.13",
        "transformers": transformers.__version__,
        "torch": torch.__version__.split("+")[0],
        "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "bytes": len(text.encode()),
        "tokens": len(ids),
        "first_ids": ids[:20],
        "rolling_1024": rolling(network, tokenizer, text),
        "strided_1024_512": strided(network, ids),
    }
    out.write_text(json.dumps(recorded, indent=1) + "\n")


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:4]))

"""Records what lm_eval says about the items of test/fixtures/tasks with a GGUF model in transformers, float32, CPU.

    pip install -r requirements.txt
    python record.py MODEL-F32.gguf ../../test/fixtures/tasks NAME [ITEMS]

Writes lm-eval-NAME.json: for each task the metrics, and per item the prompt's sha256 and each choice's log-likelihood. The
token rule of llama.cpp (mean log-probability after the choices' common beginning) is computed here from the tokens'
own log-probabilities, since lm-eval has no such metric.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("DISABLE_MULTIPROC", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import lm_eval
import torch
import transformers
from gguf import GGUFReader
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

BATCH = 4


def tokenizer_of(reader: GGUFReader) -> tuple[PreTrainedTokenizerFast, bool]:
    """The GGUF's own tokens and merges, split as llama.cpp's `smollm`; and whether it adds BOS."""
    field = lambda key: reader.fields[f"tokenizer.ggml.{key}"].contents()
    tokens = field("tokens")
    merges = [tuple(merge.split(" ")) for merge in field("merges")]
    tokenizer = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    bos = tokens[field("bos_token_id")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A", pair=f"{bos} $A $B", special_tokens=[(bos, field("bos_token_id"))]
    )
    eos = tokens[field("eos_token_id")]
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=bos, eos_token=eos, pad_token=eos)
    return fast, bool(field("add_bos_token"))


def task(folder: Path, name: str, file: str, kind: str, text: str, target: str, **more) -> dict:
    metrics = ["acc", "acc_norm", "acc_bytes"] if kind == "multiple_choice" else ["perplexity", "acc"]
    return {
        "task": name,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"validation": str(folder / file), "train": str(folder / "hellaswag-examples.jsonl")}}
        if kind == "multiple_choice"
        else {"data_files": {"validation": str(folder / file)}},
        "validation_split": "validation",
        "training_split": "train" if kind == "multiple_choice" else None,
        "output_type": kind,
        "doc_to_text": text,
        "doc_to_target": target,
        "metric_list": [{"metric": m} for m in metrics],
        **more,
    }


def token_rule(model: HFLM, context: str, choices: list[str]) -> tuple[list[float], list[int]]:
    """llama.cpp, tools/perplexity/perplexity.cpp, hellaswag_score: mean ln p after the common beginning."""
    sequences = [model.tok_encode(f"{context} {choice}") for choice in choices]
    common = 0
    while all(len(s) > common and s[common] == sequences[0][common] for s in sequences):
        common += 1
    means, counts = [], []
    for sequence in sequences:
        with torch.no_grad():
            logits = model.model(torch.tensor([sequence])).logits[0].log_softmax(-1)
        own = [logits[i - 1, sequence[i]].item() for i in range(common, len(sequence))]
        means.append(sum(own) / len(own))
        counts.append(len(own))
    return means, counts


def main(path: Path, folder: Path, name: str, limit: int | None) -> None:
    tokenizer, adds_bos = tokenizer_of(GGUFReader(path))
    network = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).eval()
    model = HFLM(pretrained=network, tokenizer=tokenizer, batch_size=BATCH, add_bos_token=adds_bos, device="cpu")
    choice = dict(file="hellaswag-50.jsonl", kind="multiple_choice", text="{{ctx}}", target="{{label}}", doc_to_choice="{{endings}}")
    last = dict(
        file="last-words-50.jsonl",
        kind="loglikelihood",
        text="{{text.split(' ')[:-1]|join(' ')}}",
        target="{{' '+text.split(' ')[-1]}}",
    )
    tasks = {
        "hellaswag": task(folder, "hellaswag_50", **choice),
        "hellaswag-3-shot": task(folder, "hellaswag_50_3_shot", num_fewshot=3, **choice),
        "last-words": task(folder, "last_words_50", **last),
    }
    recorded = {}
    for key, config in tasks.items():
        if key == "hellaswag-3-shot" and name != "mini":
            continue
        answer = lm_eval.simple_evaluate(
            model=model, tasks=[config], log_samples=True, bootstrap_iters=100000, task_manager=TaskManager(), limit=limit
        )
        label = config["task"]
        items = []
        for sample in answer["samples"][label]:
            context = sample["arguments"][0][0] if isinstance(sample["arguments"], list) else sample["arguments"]["gen_args_0"]["arg_0"]
            item = {
                "prompt_sha256": hashlib.sha256(context.encode()).hexdigest(),
                "logprobs": [float(r[0]) for r in sample["filtered_resps"]],
                "greedy": [bool(r[1]) for r in sample["filtered_resps"]],
            }
            for metric in ("acc", "acc_norm", "acc_bytes"):
                if metric in sample:
                    item[metric] = sample[metric]
            if key == "hellaswag":
                item["token_means"], item["token_counts"] = token_rule(model, context, sample["doc"]["endings"])
            items.append(item)
        metrics = {k.removesuffix(",none"): v for k, v in answer["results"][label].items() if isinstance(v, float)}
        recorded[key] = {"metrics": metrics, "items": items}
        print(key, metrics)
    out = {
        "made_by": "tools/record-tasks/record.py",
        "lm_eval": lm_eval.__version__ if hasattr(lm_eval, "__version__") else "0.4.13",
        "transformers": transformers.__version__,
        "torch": torch.__version__.split("+")[0],
        "model": {"name": name, "dtype": "float32", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()},
        "tasks": recorded,
    }
    (folder / f"lm-eval-{name}.json").write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]).resolve(), sys.argv[3], int(sys.argv[4]) if len(sys.argv) > 4 else None)

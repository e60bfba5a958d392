"""Records what lm_eval's own task definitions ask about the rows of rows.py, and what a model answers.

    python forms.py prompts MODEL.gguf ../../test/fixtures/tasks
    python forms.py numbers MODEL-F32.gguf ../../test/fixtures/tasks NAME [TASK...]
    python forms.py long MODEL-F32.gguf ../../test/fixtures/tasks NAME

prompts writes forms.json: every context and continuation, as they are, with examples, and in the model's chat template. Examples
are drawn from the same rows, which are lm_eval's train split here.
numbers writes forms-NAME.json: every log-likelihood and the metrics, with the GGUF in transformers (float32, CPU), of all tasks
or of those named; and in the chat template, where the model has one. long writes the same of ARC's questions that go
beyond the model's context, with the rows, to forms-long-NAME.json.
"""

import hashlib
import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("DISABLE_MULTIPROC", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import lm_eval
import torch
import transformers
from gguf import GGUFReader
from importlib.metadata import version
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from transformers import AutoModelForCausalLM

from record import tokenizer_of
from rows import LONG, ROWS

SEED = 1234  # simple_evaluate's fewshot_random_seed


def tasks_in(folder: Path, manager: TaskManager) -> dict:
    """lm_eval's definitions with our rows in place of the published ones."""
    made = {}
    for name, rows in ROWS.items():
        file = folder / f"{name}.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        files = {split: str(file) for split in ("train", "validation", "test", "dev")}
        overrides = {"dataset_path": "json", "dataset_name": None, "dataset_kwargs": {"data_files": files}}
        entry = manager.task_index[name]
        made[name] = manager._factory.build(entry, overrides=overrides, registry=manager.task_index)
        made[name] = made[name][name] if isinstance(made[name], dict) else made[name]
    return made


def requests_of(task, template, shots: int, chat: bool, multiturn: bool = False) -> list:
    """Per row the [context, continuation] of every request."""
    task.set_config(key="num_fewshot", value=shots)
    task.set_fewshot_seed(seed=SEED)
    task.build_all_requests(
        apply_chat_template=chat,
        fewshot_as_multiturn=multiturn,
        chat_template=template if chat else None,
        tokenizer_name="",
    )
    by_row: dict[int, list] = {}
    for instance in task.instances:
        by_row.setdefault(instance.doc_id, []).append(list(instance.args))
    return [by_row[i] for i in sorted(by_row)]


def prompts(tasks: dict, template) -> dict:
    recorded = {}
    for name, task in tasks.items():
        config = task.config
        ways = {"plain": (0, False), "chat": (0, True)}
        if config.num_fewshot != 0 and len(ROWS[name]) > 2:
            ways |= {"two-shot": (2, False), "two-shot-chat": (2, True), "two-shot-multiturn": (2, True, True)}
        recorded[name] = {
            "rows": ROWS[name],
            "metrics": [metric["metric"] for metric in config.metric_list],
            "requests": {way: requests_of(task, template, *how) for way, how in ways.items()},
        }
    return recorded


def numbers(tasks: dict, model: HFLM, manager: TaskManager, chat: bool) -> dict:
    recorded = {}
    for name, task in tasks.items():
        task.set_config(key="num_fewshot", value=0)
        task.set_fewshot_seed(seed=SEED)
        answer = lm_eval.evaluate(lm=model, task_dict={name: task}, log_samples=True, bootstrap_iters=0, apply_chat_template=chat)
        samples = sorted(answer["samples"][name], key=lambda sample: sample["doc_id"])
        items = [
            {
                "logprobs": [float(r[0]) for r in sample["filtered_resps"]],
                **{metric: sample[metric] for metric in ("acc", "acc_norm") if metric in sample},
            }
            for sample in samples
        ]
        metrics = {k.removesuffix(",none"): v for k, v in answer["results"][name].items() if k.endswith(",none") and isinstance(v, float)}
        recorded[name] = {"metrics": metrics, "items": items}
        print(name, metrics)
    return recorded


def tokenizer_with_template(reader: GGUFReader):
    """The tokenizer, and whether it adds BOS. What the template writes for a turn are tokens of their own, as on the hub."""
    tokenizer, adds_bos = tokenizer_of(reader)
    if "tokenizer.chat_template" in reader.fields:
        tokenizer.chat_template = reader.fields["tokenizer.chat_template"].contents()
    turns = [token for token in ("<|im_start|>", "<|im_end|>") if token in tokenizer.get_vocab()]
    tokenizer.add_special_tokens({"additional_special_tokens": turns})
    return tokenizer, adds_bos


def main(what: str, path: Path, folder: Path, name: str = "", *only: str) -> None:
    tokenizer, adds_bos = tokenizer_with_template(GGUFReader(path))
    made_by = {
        "made_by": f"tools/record-tasks/forms.py {what}",
        "lm_eval": version("lm_eval"),
        "transformers": transformers.__version__,
        "torch": torch.__version__.split("+")[0],
        "model": {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()},
    }
    manager = TaskManager()
    if what == "long":
        ROWS.clear()
        ROWS["arc_easy"] = LONG
    with TemporaryDirectory() as temporary:
        tasks = tasks_in(Path(temporary), manager)
        if what == "prompts":
            holder = SimpleNamespace(tokenizer=tokenizer, chat_template_args={})
            template = lambda history, add_generation_prompt=True: HFLM.apply_chat_template(holder, history, add_generation_prompt)
            recorded, file = {"tasks": prompts(tasks, template)}, "forms.json"
        else:
            network = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).eval()
            model = HFLM(pretrained=network, tokenizer=tokenizer, batch_size=1, add_bos_token=adds_bos, device="cpu")
            tasks = {key: task for key, task in tasks.items() if not only or key in only}
            ways = {"plain": numbers(tasks, model, manager, False)}
            if tokenizer.chat_template:
                ways["chat"] = numbers(tasks, model, manager, True)
            recorded, file = {"ways": ways}, f"forms-{name}.json"
            if what == "long":
                recorded, file = {"max_length": model.max_length, "rows": LONG, **recorded}, f"forms-long-{name}.json"
        (folder / file).write_text(json.dumps({**made_by, **recorded}, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]).resolve(), *sys.argv[4:])

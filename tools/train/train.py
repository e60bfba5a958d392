"""Trains one model from its configuration: python train.py configs/mini.toml --data DIR --out DIR

The folder --out holds checkpoint.pt (weights, optimizers, step), tokenizer.json and log.jsonl. Run the same command
again and it goes on where the last checkpoint left it: batches depend on seed and step alone and the log is cut back
to the checkpoint, so a run cut anywhere ends with the same weights and the same log (its times aside).
"""

import argparse
import json
import math
import os
import signal
import time
import tomllib
from pathlib import Path

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # CUDA's products come out the same each time

import torch

from data import Batches, cached_stream, inputs_and_targets, opening, read_documents, token_bytes
from model import Llama, Shape
from optimizer import make_optimizers
from tokenizer import load_or_train


def rate(step: int, schedule: dict) -> float:
    """The share of the peak learning rate: up over `warm_up`, held, down over the last `decay` steps to `floor`.

    With decay = steps - warm_up and shape = "cosine" it is nanoGPT's schedule.
    """
    if step < schedule["warm_up"]:
        return (step + 1) / schedule["warm_up"]
    left = (schedule["steps"] - step) / max(1, schedule["decay"])
    if left >= 1:
        return 1.0
    share = 0.5 - 0.5 * math.cos(math.pi * left) if schedule["shape"] == "cosine" else left
    return schedule["floor"] + (1 - schedule["floor"]) * share


class Log:
    """One JSON object a line. `cut(step)` forgets what a later checkpoint never saw.

    A line's number may be a tensor. Reading it makes a GPU wait, so up to `keep` lines are written together.
    """

    def __init__(self, path: Path, keep: int):
        self.path, self.keep, self.kept = path, keep, []

    def cut(self, step: int) -> None:
        if not self.path.exists():
            return
        lines = self.path.read_text().splitlines(keepends=True)
        # A line without its end is one that a crash cut short.
        kept = [line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= step]
        partial = self.path.with_suffix(".partial")
        partial.write_text("".join(kept))
        os.replace(partial, self.path)

    def write(self, record: dict) -> None:
        self.kept.append(record)
        if len(self.kept) >= self.keep:
            self.flush()

    def flush(self) -> None:
        with self.path.open("a") as file:
            for record in self.kept:
                file.write(json.dumps(record, default=lambda tensor: tensor.item()) + "\n")
        self.kept.clear()


@torch.no_grad()
def validate(model: Llama, stream, length: int, batch: int, device: str, autocast) -> float:
    """Mean nats per target over a stream of a whole number of windows (and one token), each read by itself."""
    model.eval()
    inputs, targets = (ids.view(-1, length).to(device) for ids in inputs_and_targets(stream))
    total = 0.0
    for start in range(0, len(inputs), batch):
        with autocast():
            total += model.loss(inputs[start : start + batch], targets[start : start + batch], "sum").item()
    model.train()
    return total / (targets >= 0).sum().item()


def save(path: Path, state: dict) -> None:
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder that the configuration's paths start from")
    parser.add_argument("--out", type=Path, required=True, help="folder of checkpoint, tokenizer and log")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--precision", choices=["bfloat16", "float32"], default="bfloat16")
    parser.add_argument("--no-compile", action="store_true", help="plain PyTorch, without torch.compile")
    parser.add_argument("--stop-after", type=int, help="stop after this step, to try resuming")
    options = parser.parse_args()

    cuda = options.device.startswith("cuda")
    config = tomllib.loads(options.config.read_text())
    schedule, batch, logging = config["schedule"], config["batch"], config["log"]
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config["seed"])
    # Or compiled kernels on several threads would add up the embedding's gradient in any order.
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # a help for debugging that costs time

    documents = {split: read_documents(options.data / config["data"][split]) for split in ("train", "valid")}
    if "train_characters" in config["data"]:
        documents["train"] = opening(documents["train"], config["data"]["train_characters"])
    tokenizer = load_or_train(options.out / "tokenizer.json", documents["train"], config["model"]["vocabulary"])
    prompt_ends = config["data"].get("prompt_ends", [])
    streams = {
        split: cached_stream(options.out / "tokens", split, tokenizer, texts, prompt_ends)
        for split, texts in documents.items()
    }
    rows = min(config["log"]["validation_tokens"], len(streams["valid"]) - 1) // config["batch"]["length"]
    validated = streams["valid"][: rows * config["batch"]["length"] + 1]
    bytes_per_token = token_bytes(tokenizer)[validated[1:][validated[1:] >= 0]].mean()

    model = Llama(Shape(**config["model"])).to(options.device)
    optimizers = make_optimizers(model, config["optimizer"])
    loss_of = model.loss if options.no_compile else torch.compile(model.loss)
    autocast = lambda: torch.autocast(torch.device(options.device).type, torch.bfloat16, enabled=options.precision == "bfloat16")
    batches = Batches(streams["train"], batch["length"], batch["micro"], config["seed"])
    log = Log(options.out / "log.jsonl", keep=20 if cuda else 1)

    checkpoint, first = options.out / "checkpoint.pt", 0
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=options.device, weights_only=True)
        model.load_state_dict(state["model"])
        for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        first = state["step"]
    log.cut(first if checkpoint.exists() else -1)  # killed before the first checkpoint, a run begins again

    stopped = []
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopped.append(True))

    def save_at(step: int) -> None:
        log.flush()
        state = dict(model=model.state_dict(), optimizers=[o.state_dict() for o in optimizers], step=step)
        save(checkpoint, state | dict(config=config))

    def place(tensor):
        """On the device; without waiting for it where that is a GPU."""
        return (tensor.pin_memory() if cuda else tensor).to(options.device, non_blocking=cuda)

    def validation(step: int) -> None:
        loss = validate(model, validated, batch["length"], batch["micro"], options.device, autocast)
        bits = loss / math.log(2) / bytes_per_token
        log.write(
            dict(step=step, split="valid", loss=loss, perplexity=math.exp(loss), bits_per_byte=bits, tokens=step * tokens)
        )
        print(f"step {step} valid loss {loss:.4f} bits/byte {bits:.4f}", flush=True)

    if batch["sequences"] % batch["micro"] != 0:
        raise ValueError(f"[batch] sequences = {batch['sequences']} is no multiple of micro = {batch['micro']}")
    micro_steps = batch["sequences"] // batch["micro"]
    tokens = batch["sequences"] * batch["length"]
    parameters = sum(weight.numel() for weight in model.parameters())
    print(f"{config['name']}: {parameters:,} parameters, {len(streams['train']):,} training tokens, from step {first}")
    if first == 0:
        validation(0)

    last = min(schedule["steps"], options.stop_after or schedule["steps"])
    started, done = time.monotonic(), 0
    for step in range(first + 1, last + 1):
        share = rate(step - 1, schedule)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak_lr"] * share
        total = torch.zeros((), device=options.device)
        for k in range(micro_steps):
            inputs, targets = batches.at(((step - 1) * micro_steps + k) * batch["micro"])
            with autocast():
                loss = loss_of(place(inputs), place(targets)) / micro_steps
            loss.backward()
            total += loss.detach()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), config["optimizer"]["clip"])
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        done += tokens
        speed = done / (time.monotonic() - started)
        log.write(
            dict(
                step=step,
                split="train",
                loss=total,
                tokens=step * tokens,
                epoch=round(step * micro_steps * batch["micro"] / batches.per_epoch, 4),
                learning_rate=share * config["optimizer"]["adam_lr"],
                gradient_norm=norm,
                tokens_per_second=round(speed),
            )
        )
        if step % 20 == 0:
            print(f"step {step}/{last} loss {total:.4f} {speed:.0f} tokens/s", flush=True)
        if step % logging["validate_every"] == 0 or step == schedule["steps"]:
            validation(step)
        if step % logging["checkpoint_every"] == 0 or step == last or stopped:
            save_at(step)
        if stopped:
            print(f"stopped after step {step}; the same command goes on from here")
            return


if __name__ == "__main__":
    main()

"""Documents to token streams, and token streams to batches whose order depends on seed and step alone."""

import hashlib
import lzma
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from tokenizer import END_OF_TEXT

SEPARATOR = f"\n{END_OF_TEXT}\n"


def read_documents(path: Path) -> list[str]:
    """Documents of a .txt, .txt.xz (separated by lines holding only the end-of-text mark)."""
    data = path.read_bytes()
    text = (lzma.decompress(data) if path.suffix == ".xz" else data).decode("utf-8")
    return text.removesuffix("\n").split(SEPARATOR)


def opening(documents: list[str], limit: int) -> list[str]:
    """The first documents, cut where they reach `limit` characters in all: a small corpus out of a large one."""
    kept = []
    for document in documents:
        kept.append(document[: max(0, limit)])
        limit -= len(document)
    return [document for document in kept if document]


def encode(tokenizer: Tokenizer, documents: list[str], prompt_ends: list[str] = []) -> np.ndarray:
    """One stream of ids: the end-of-text id before every document and after the last.

    What stands up to and with the first of `prompt_ends` in a document is its prompt, to be read and not to be
    learnt: token `id` of it stands in the stream as -1 - id.
    """
    end = tokenizer.token_to_id(END_OF_TEXT)
    ids: list[int] = [end]
    encodings = (
        encoding
        for start in range(0, len(documents), 64)
        for encoding in tokenizer.encode_batch(documents[start : start + 64], add_special_tokens=False)  # all cores
    )
    for document, encoding in zip(documents, encodings, strict=True):
        begins = min((at + len(mark) for mark in prompt_ends if (at := document.find(mark)) >= 0), default=0)
        ids += [-1 - id if first < begins else id for id, (first, _) in zip(encoding.ids, encoding.offsets)]
        ids.append(end)
    return np.array(ids, dtype=np.int32)


def token_bytes(tokenizer: Tokenizer) -> np.ndarray:
    """Bytes that each id stands for, [V]; none for the end-of-text id. A byte-level token has a character a byte."""
    lengths = np.zeros(tokenizer.get_vocab_size(), dtype=np.int64)
    for token, id in tokenizer.get_vocab().items():
        lengths[id] = 0 if token == END_OF_TEXT else len(token)
    return lengths


def inputs_and_targets(ids: np.ndarray) -> tuple[Tensor, Tensor]:
    """A stretch of a stream, [..., T+1], as inputs and next tokens, [..., T] each; -1 is no target."""
    ids = ids.astype(np.int64)
    inputs = np.where(ids < 0, -1 - ids, ids)[..., :-1]
    targets = np.where(ids < 0, -1, ids)[..., 1:]
    return torch.from_numpy(inputs), torch.from_numpy(targets)


def cached_stream(
    folder: Path, name: str, tokenizer: Tokenizer, documents: list[str], prompt_ends: list[str] = []
) -> np.ndarray:
    """Encodes once per tokenizer, text and prompt ends; all are part of the file's name."""
    digest = hashlib.sha256("\n".join([tokenizer.to_str(), *prompt_ends]).encode())
    for document in documents:
        digest.update(hashlib.sha256(document.encode()).digest())
    path = folder / f"{name}-{digest.hexdigest()[:16]}.npy"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial.npy")
        np.save(partial, encode(tokenizer, documents, prompt_ends))
        partial.replace(path)
    return np.load(path)


class Batches:
    """Windows of `length` tokens. Each epoch starts them at another offset, shuffles them and uses each once."""

    def __init__(self, stream: np.ndarray, length: int, batch: int, seed: int):
        self.stream, self.length, self.batch, self.seed = stream, length, batch, seed
        # One token is the last target and up to length - 1 are given to the epoch's offset.
        self.per_epoch = (len(stream) - length) // length
        if self.per_epoch < 1:
            raise ValueError(f"{len(stream)} tokens are too few for windows of {length}")
        self._epoch, self._starts = -1, np.empty(0, dtype=np.int64)

    def _start(self, window: int) -> int:
        epoch, index = divmod(window, self.per_epoch)
        if epoch != self._epoch:
            random = np.random.default_rng([self.seed, epoch])
            offset = int(random.integers(self.length))
            self._starts = offset + self.length * random.permutation(self.per_epoch)
            self._epoch = epoch
        return int(self._starts[index])

    def at(self, first_window: int) -> tuple[Tensor, Tensor]:
        """Inputs and targets [batch, length], the windows numbered from `first_window` since the run began."""
        starts = [self._start(first_window + k) for k in range(self.batch)]
        return inputs_and_targets(np.stack([self.stream[s : s + self.length + 1] for s in starts]))

"""What simple methods make of the corpus, to compare a model with: python baselines.py configs/mini.toml RUN --data DIR

Prints one Markdown table of bits per byte, and the same as JSON with --json. RUN is the folder of a run of train.py;
only its tokenizer is used.

- gzip -9, xz -9e: the compressed file over the file, 8 * compressed bytes / bytes, each split's file on its own.
- xz -9e after train: how much longer xz makes train + split than train alone (train fits in its dictionary of 64 MiB).
- Kneser-Ney: n-grams of RUN's tokens, counted in all of train (kneser_ney.py). The surprisal of the documents' tokens
  over the documents' bytes. Every document begins with no context but its boundary; neither boundaries nor the lines
  that separate the documents are counted.
"""

import argparse
import gzip
import hashlib
import json
import lzma
import time
import tomllib
from pathlib import Path

from tokenizers import Tokenizer

from data import SEPARATOR, cached_stream, read_documents
from kneser_ney import KneserNey
from tokenizer import END_OF_TEXT

SPLITS = ("valid", "test")


def file_of(documents: list[str]) -> bytes:
    """The corpus file that read_documents reads."""
    return (SEPARATOR.join(documents) + "\n").encode()


def gzip_9(data: bytes) -> int:
    return len(gzip.compress(data, compresslevel=9, mtime=0))


def xz_9e(data: bytes) -> int:
    return len(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))


def measure(name: str, bits: dict[str, float], byte_counts: dict[str, int], seconds: float) -> dict:
    """`bits` in all per split, `byte_counts` what they describe."""
    per_byte = {split: bits[split] / byte_counts[split] for split in SPLITS}
    return dict(name=name, bits_per_byte=per_byte, bits=bits, bytes=byte_counts, seconds=round(seconds, 1))


def compressor(name: str, size, files: dict[str, bytes]) -> dict:
    started = time.monotonic()
    bits = {split: 8 * size(files[split]) for split in SPLITS}
    return measure(name, bits, {s: len(files[s]) for s in SPLITS}, time.monotonic() - started)


def markdown(rows: list[dict]) -> str:
    lines = ["| bits per byte | valid | test |", "|---|---|---|"]
    for row in rows:
        lines.append(f"| {row['name']} | " + " | ".join(f"{row['bits_per_byte'][s]:.4f}" for s in SPLITS) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path, help="its [data] table names train, valid and test")
    parser.add_argument("run", type=Path, help="folder of a run of train.py")
    parser.add_argument("--data", type=Path, required=True, help="folder that the configuration's paths start from")
    parser.add_argument("--orders", type=int, nargs="*", default=[3, 4, 5], help="lengths of n-grams")
    parser.add_argument("--after-train", action="store_true", help="also xz after train (minutes)")
    parser.add_argument("--json", type=Path, help="file for the same figures as JSON")
    options = parser.parse_args()

    paths = tomllib.loads(options.config.read_text())["data"]
    documents = {split: read_documents(options.data / paths[split]) for split in ("train", *SPLITS)}
    files = {split: file_of(texts) for split, texts in documents.items()}
    tokenizer = Tokenizer.from_file(str(options.run / "tokenizer.json"))
    streams = {
        split: cached_stream(options.run / "tokens", split, tokenizer, texts) for split, texts in documents.items()
    }
    boundary = tokenizer.token_to_id(END_OF_TEXT)
    document_bytes = {split: sum(len(d.encode()) for d in texts) for split, texts in documents.items()}
    token_counts = {split: int((stream != boundary).sum()) for split, stream in streams.items()}

    rows = [compressor("gzip -9", gzip_9, files), compressor("xz -9e", xz_9e, files)]
    if options.after_train:
        alone = xz_9e(files["train"])
        rows.append(compressor("xz -9e after train", lambda data: xz_9e(files["train"] + data) - alone, files))
    for order in options.orders:
        started = time.monotonic()
        model = KneserNey(streams["train"], tokenizer.get_vocab_size(), order, boundary)
        bits = {split: model.bits_of_documents(streams[split]) for split in SPLITS}
        row = measure(f"Kneser-Ney {order}-gram", bits, {s: document_bytes[s] for s in SPLITS}, time.monotonic() - started)
        row["perplexity"] = {split: 2 ** (bits[split] / token_counts[split]) for split in SPLITS}  # per token
        row["ngrams"] = [len(one.keys) for one in model.orders]
        rows.append(row)

    print(markdown(rows))
    if options.json:
        data = {
            split: dict(
                sha256=hashlib.sha256(files[split]).hexdigest(),
                bytes=len(files[split]),
                documents=len(documents[split]),
                document_bytes=document_bytes[split],
                tokens=token_counts[split],
            )
            for split in documents
        }
        vocabulary = tokenizer.get_vocab_size()
        options.json.write_text(json.dumps(dict(data=data, vocabulary=vocabulary, baselines=rows), indent=1) + "\n")


if __name__ == "__main__":
    main()

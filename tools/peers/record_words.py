"""Word scores of minicons with mini in transformers, for test/fixtures/words/minicons-mini.json.

    pip install minicons==0.3.39 transformers==5.24.0 torch==2.15.0 gguf==0.19.0
    PYTHONPATH=tools/record-tasks python tools/peers/record_words.py MINI-F32.gguf > test/fixtures/words/minicons-mini.json

MINI-F32.gguf is the file that test/mini.ts makes. Recorded with Python 3.11 on the CPU in float32. A word is what stands between spaces
(`tokenize_function`: str.split). Words with BOS are those of `word_score_tokenized` and `conditional_word_score_tokenized`.
Without BOS `word_score_tokenized` takes the numbers of the tokens one place too far to the right (the first token has none, and is
not counted), so the tokens are recorded, `token_score`, whose first is 0.0 for "none". Behind a context it takes a first word to have as
many tokens as at the beginning of a text, so first words were chosen of which that holds. Numbers are surprisals in nats.
"""

import hashlib
import json
import sys
from pathlib import Path

import torch
import transformers
from gguf import GGUFReader
from minicons import scorer
from transformers import AutoModelForCausalLM

from record import tokenizer_of

TEXTS = [
    "The keys to the cabinet are on the table.",
    "While the man hunted, the deer ran into the woods.",
    "It isn't the captain's unbelievably well-known parrot, said Mr. Jones; \"no!\"",
    "Once upon a time there was a little girl who lived in a village near the forest",
    "Zyxwvut 1923 naïve café.",
    "One",
]
GIVEN = [
    ("The keys to the cabinet", "in the old house are on the table."),
    ("\"Where have you been?\" said the old woman.", "in the house there was nothing at all"),
]
PAIRS = [
    ("The cats sleep on the mat.", "The cats sleeps on the mat."),
    ("No man has ever seen it.", "Some man has ever seen it."),
    ("She saw herself in the glass.", "She saw himself in the glass."),
    ("The children of the king were happy.", "The children of the king was happy."),
]


def words_of(text: str) -> list[str]:
    return text.split()


def main(path: Path) -> None:
    tokenizer, _ = tokenizer_of(GGUFReader(path))
    tokenizer._tokenizer.post_processor = None  # minicons puts BOS in front itself, where it is asked to
    network = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).eval()
    model = scorer.IncrementalLMScorer(network, device="cpu", tokenizer=tokenizer)
    assert model.is_bow_tokenizer and model.bow_symbol == "Ġ"
    texts = []
    for text in TEXTS:
        entry = {"text": text}
        for name, corrected in (("sum", False), ("corrected", True)):
            common = dict(surprisal=True, bow_correction=corrected)
            entry[name] = model.word_score_tokenized(text, words_of, bos_token=True, **common)[0]
            without = None
            if len(tokenizer(text, add_special_tokens=False).input_ids) > 1:
                without = model.token_score(text, bos_token=False, decode=True, **common)[0]
            entry[f"{name}_tokens_without_bos"] = without
        texts.append(entry)
    given = []
    for prefix, text in GIVEN:
        entry = {"context": prefix, "text": text}
        for name, corrected in (("sum", False), ("corrected", True)):
            entry[name] = model.conditional_word_score_tokenized(
                [prefix], [text], words_of, surprisal=True, bow_correction=corrected, bos_token=True
            )[0]
        total = model.conditional_score([prefix], [text], reduction=lambda x: x.sum(0).item(), bos_token=True)
        entry["logprob"] = total[0]
        given.append(entry)
    pairs = []
    for good, bad in PAIRS:
        total = lambda text: model.sequence_score([text], reduction=lambda x: x.sum(0).item(), bos_token=True)[0]
        mean = lambda text: model.sequence_score([text], bos_token=True)[0]
        pairs.append({"good": good, "bad": bad, "sum": [total(good), total(bad)], "mean": [mean(good), mean(bad)]})
    out = {
        "made_by": "tools/peers/record_words.py",
        "minicons": "0.3.39",
        "transformers": transformers.__version__,
        "torch": torch.__version__.split("+")[0],
        "model": {"name": "mini", "dtype": "float32", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()},
        "texts": texts,
        "given": given,
        "pairs": pairs,
    }
    lists = ("texts", "given", "pairs")
    line = lambda value: json.dumps(value, ensure_ascii=False)
    print("{")
    for key in out:
        if key not in lists:
            print(f" {line(key)}: {line(out[key])},")
    for key in lists:
        print(f" {line(key)}: [\n  " + ",\n  ".join(map(line, out[key])) + "\n ]" + ("," if key != lists[-1] else ""))
    print("}")


main(Path(sys.argv[1]))

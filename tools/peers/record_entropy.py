"""Records entropies of counts and of blocks from other packages, for src/entropy/fixtures/peers.json.

python3 -m venv venv && venv/bin/pip install -r tools/peers/record_entropy.txt
venv/bin/python tools/peers/record_entropy.py > src/entropy/fixtures/peers.json
"""

import json
from importlib.metadata import version
from itertools import islice

import antropy
import infomeasure
from numpy.random import default_rng

RANDOM = default_rng(24)
SEQUENCES = {
    "three zeros": [0, 0, 0],
    "all different": [0, 1, 2, 3, 4],
    "one of them twice": [0, 1, 0, 2, 3],
    "a die": RANDOM.integers(0, 6, 60).tolist(),
    "many faces, few throws": RANDOM.integers(0, 200, 120).tolist(),
    "geometric": (RANDOM.geometric(0.2, 300) - 1).tolist(),
}
MOTIFS = ["ab" * 40, "aab" * 30, "the cat sat on the mat and the cat sat on the hat again"]


def blocks(text, order):
    return ["".join(islice(text, i, i + order)) for i in range(len(text) - order + 1)]


def entropies(values):
    numbers = {value: number for number, value in enumerate(dict.fromkeys(values))}
    data = [numbers[value] for value in values]
    names = {"plugin": "discrete", "miller-madow": "miller_madow", "chao-shen": "chao_shen"}
    return {
        ours: float(infomeasure.entropy(data, approach=theirs, base="e"))
        for ours, theirs in names.items()
    }


print(
    json.dumps(
        {
            "madeBy": f"infomeasure {version('infomeasure')}, antropy {version('antropy')}",
            "counts": [
                {"name": name, "values": values, "entropy": entropies(values)}
                for name, values in SEQUENCES.items()
            ],
            "blocks": [
                {"text": text, "order": order, "entropy": entropies(blocks(text, order))}
                for text in MOTIFS
                for order in (1, 2, 3, 5)
            ],
            "lz76": [
                {"text": text, "phrases": int(antropy.lziv_complexity(text, normalize=False))}
                for text in [*MOTIFS, "01011010001101110010", "0" * 20, "ab"]
            ],
        }
    )
)

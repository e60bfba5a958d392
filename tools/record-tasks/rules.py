"""Records what lm_eval's HellaSwag preparation and Python's random.sample do.

    python rules.py ../../test/fixtures/tasks/rules.json
"""

import json
import random
import sys
from importlib.metadata import version
from pathlib import Path

from lm_eval.tasks.hellaswag.utils import process_docs

ROWS = [  # in the data set's form, written for this test
    {"activity_label": "Removing ice from car", "ctx_a": "Then, the man writes over the snow.", "ctx_b": "then", "endings": [", he [step] wipes.", "a  man  [substeps] goes [title] On."], "label": "1"},
    {"activity_label": "Home and Garden", "ctx_a": "[header] How to plant an oak [title] Choose a spot. [step] It needs light.", "ctx_b": "", "endings": [" ends here. ", "[title] Starts [a]b[c]."], "label": 0},
    {"activity_label": "Ironing", "ctx_a": "He runs.", "ctx_b": "He shows Tom the NASA logo", "endings": ["x [un\nclosed] y", "   three   spaces   "], "label": 0},
    {"activity_label": "École", "ctx_a": "Voilà.", "ctx_b": "élan VITAL ΣΑΣ", "endings": ["ßa [x]", "\u3000wide\x85"], "label": "0"},
    {"activity_label": "Maß", "ctx_a": "Eins.", "ctx_b": "ßtraße İstanbul", "endings": ["\x1cseparated\x1f", "\ufeffmarked "], "label": "1"},
    {"activity_label": "Emoji", "ctx_a": "One.", "ctx_b": "😀 SMILES", "endings": ["[[nested] brackets]", "no ] open ["], "label": "1"},
]


class Rows(list):
    """The one method of datasets.Dataset that process_docs calls."""

    def map(self, function):
        return [function(row) for row in self]


def samples(seed: int) -> list[list[int]]:
    generator = random.Random(seed)
    draw = lambda n, k: generator.sample(range(n), k)
    return [draw(100, 5), draw(39905, 6), draw(10, 10), draw(30, 8), draw(1, 1), draw(300, 100)[:5], draw(64, 6), draw(5, 0)]


if __name__ == "__main__":
    recorded = {
        "made_by": "tools/record-tasks/rules.py",
        "lm_eval": version("lm_eval"),
        "python": sys.version.split()[0],
        "hellaswag": [{"row": row, **doc} for row, doc in zip(ROWS, process_docs(Rows(ROWS)))],
        "samples": [{"seed": seed, "drawn": samples(seed)} for seed in (0, 1, 1234, -7, 2**40 + 7)],
    }
    Path(sys.argv[1]).write_text(json.dumps(recorded, indent=1) + "\n")

"""Chooses the items of test/fixtures/tasks: 50 HellaSwag questions, 10 to draw examples from, and 50 passages whose
last word is to be guessed.

    python items.py HELLASWAG.jsonl FICTION.txt ../../test/fixtures/tasks
"""

import json
import re
import sys
from pathlib import Path

QUESTIONS, EXAMPLES, PASSAGES = 50, 10, 50


def hellaswag(path: Path) -> list[dict]:
    """Every 165th question, so that ActivityNet's and WikiHow's both occur."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return rows[::165][: QUESTIONS + EXAMPLES]


def passages(path: Path) -> list[dict]:
    """As LAMBADA's: some sentences of a novel, about 60 words, without what stands after the last word."""
    found = []
    for paragraph in path.read_text().split("\n\n")[::9]:
        sentences = re.split(r"(?<=[.!?]) ", paragraph)
        text = ""
        for sentence in sentences:
            text = f"{text} {sentence}".strip()
            if len(text.split()) >= 45:
                break
        text = re.sub(r"[^\w]+$", "", text)
        words = text.split(" ")
        if 45 <= len(words) <= 80 and words[-1].isalpha() and "\n" not in text:
            found.append({"text": text})
    return found[:PASSAGES]


def write(path: Path, rows: list[dict]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


if __name__ == "__main__":
    source, fiction, folder = map(Path, sys.argv[1:4])
    rows = hellaswag(source)
    write(folder / "hellaswag-50.jsonl", rows[:QUESTIONS])
    write(folder / "hellaswag-examples.jsonl", rows[QUESTIONS:])
    write(folder / "last-words-50.jsonl", passages(fiction))

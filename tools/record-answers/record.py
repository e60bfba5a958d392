"""What other tools read out of the same texts: test/fixtures/answers/peers.json.

python record.py ../../test/fixtures/answers/peers.json --uqlm UQLM_SOURCE --truthtorchlm TRUTHTORCHLM_SOURCE

lm_eval and Math-Verify are run as installed. Of uqlm and TruthTorchLM, which need PyTorch, only the method that parses is
taken out of a checkout and run.
"""

import argparse
import ast
import importlib.metadata as metadata
import json
import math
from pathlib import Path

import numpy as np
import yaml
from lm_eval.filters.extraction import RegexFilter
from math_verify import ExprExtractionConfig, LatexExtractionConfig, StringExtractionConfig, parse, verify

ANSWERS = [
    "#### 42",
    "The total is 40 + 2 = 42.\n#### 42",
    "#### 1,234",
    "#### -7",
    "The answer is 42.",
    "She has 3 apples and 4 pears, so 7 in all.",
    "It costs $18.50.",
    "The answer is $1,234.50.",
    "Final answer: \\boxed{\\frac{3}{4}}",
    "So we get \\boxed{\\boxed{42}}.",
    "The answer is \\boxed{1{,}234}.",
    "**42**",
    "Answer: 50%",
    "The answer is 1/2",
    "no number here",
    "Answer: 1.5e3",
    "The final answer is $\\frac{1}{2}$. I hope it is correct.",
    "Answer: <number>",
    "Answer: 3.0",
    "The answer is 7 dollars.",
    "答案是 42。",
]
VERIFIED = [
    ("0.5", "\\frac{1}{2}"),
    ("50%", "0.5"),
    ("50%", "50"),
    ("0.333333", "1/3"),
    ("0.33", "1/3"),
    ("1,234", "1234"),
    ("1000001", "1000000"),
    ("3", "3.0"),
    ("-5", "5"),
    ("42", "43"),
]
LETTERS = ["The answer is B.", "(C)", "Final answer: D", "B", "Answer: **A**", "I pick option C because B is wrong.", "Paris"]
CONFIDENCES = ["85", "85.5", "90/100", "85%", "0.9", "Confidence: 80", "150", "I am not sure", "100", "80-90", "9 out of 10"]


def method_of(path, cls, name, scope):
    tree = ast.parse(Path(path).read_text())
    [owner] = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == cls]
    [function] = [node for node in owner.body if isinstance(node, ast.FunctionDef) and node.name == name]
    exec(compile(ast.Module([function], []), str(path), "exec"), scope)
    return scope[name]


def number(value):
    return None if value is None or (isinstance(value, float) and math.isnan(value)) else float(value)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--uqlm", required=True)
    parser.add_argument("--truthtorchlm", required=True)
    arguments = parser.parse_args()

    import lm_eval

    task = Path(lm_eval.__file__).parent / "tasks/gsm8k/gsm8k.yaml"
    filters = {}
    for entry in yaml.safe_load(task.read_text())["filter_list"]:
        [regex] = [f for f in entry["filter"] if f["function"] == "regex"]
        made = RegexFilter(regex["regex_pattern"], regex.get("group_select", 0))
        filters[entry["name"]] = [made.apply([[text]], [{}])[0][0] for text in ANSWERS]

    targets = [LatexExtractionConfig(), ExprExtractionConfig()]
    parsed = [[str(value) for value in parse(text, targets)] for text in ANSWERS]
    verified = [[given, gold, verify(parse(f"${gold}$" if "\\" in gold else gold), parse(given))] for given, gold in VERIFIED]
    letters = [[str(value) for value in parse(text, [StringExtractionConfig()])] for text in LETTERS]

    class Judge:
        scoring_template = "continuous"

    from typing import Dict, List, Optional, Tuple, Union

    scope = {"np": np, "Union": Union, "Tuple": Tuple, "List": List, "Dict": Dict, "Optional": Optional}
    judge = method_of(Path(arguments.uqlm) / "uqlm/judges/judge.py", "LLMJudge", "_extract_score_from_text", scope)
    torch = method_of(
        Path(arguments.truthtorchlm) / "src/TruthTorchLM/truth_methods/verbalized_confidence.py",
        "VerbalizedConfidence",
        "extract_confidence",
        scope,
    )
    out = {
        "versions": {
            "lm_eval": metadata.version("lm_eval"),
            "math-verify": metadata.version("math-verify"),
            "uqlm": "7bd5ed4",
            "TruthTorchLM": "b433074",
        },
        "answers": [
            {"text": text, **{name: filters[name][i] for name in filters}, "math-verify": parsed[i]}
            for i, text in enumerate(ANSWERS)
        ],
        "verified": verified,
        "letters": [{"text": text, "math-verify": found} for text, found in zip(LETTERS, letters)],
        "confidences": [
            {"text": text, "uqlm": number(judge(Judge(), text)), "TruthTorchLM": number(torch(None, text) / 100)}
            for text in CONFIDENCES
        ],
    }
    Path(arguments.out).write_text(json.dumps(out, ensure_ascii=False, indent=1) + "\n")


main()

"""Records what other libraries say of small answers: the fixture of src/uncertainty/one-pass's tests.

    python3 -m venv peers-venv && peers-venv/bin/pip install --no-deps -r tools/peers/record_confidence.txt
    peers-venv/bin/pip install "numpy<2" scipy
    peers-venv/bin/python tools/peers/record_confidence.py > src/uncertainty/one-pass/fixtures/peers.json

Each number comes from the library's own function; its modules are loaded one by one, since the packages as a whole need torch.
"""
import importlib
import json
import sys
import types
import warnings
from importlib.metadata import distribution, version
from pathlib import Path
from types import SimpleNamespace

import numpy as np

warnings.filterwarnings("ignore")


SITE = Path(next(file for file in distribution("uqlm").files if str(file) == "uqlm/__init__.py").locate()).parent.parent


def package(name):
    """A package without its __init__, which would load everything."""
    module = types.ModuleType(name)
    module.__path__ = [str(SITE.joinpath(*name.split(".")))]
    sys.modules[name] = module


def stub(name, **members):
    """A module of which only these members are needed, for the annotations of what is not called."""
    module = types.ModuleType(name)
    vars(module).update(members)
    sys.modules[name] = module


for name in ["lm_polygraph", "lm_polygraph.estimators", "lm_polygraph.stat_calculators", "uqlm", "uqlm.white_box",
             "TruthTorchLM", "TruthTorchLM.scoring_methods", "deepconf"]:
    package(name)
stub("lm_polygraph.utils")
stub("lm_polygraph.utils.common", polygraph_module_init=lambda init: init)
stub("lm_polygraph.utils.model", WhiteboxModel=object, Model=object)

load = importlib.import_module


def polygraph(module, name):
    return getattr(load(f"lm_polygraph.estimators.{module}"), name)()


entropy_of = load("lm_polygraph.stat_calculators.entropy").EntropyCalculator()
single = load("uqlm.white_box.single_logprobs").SingleLogprobsScorer
top = load("uqlm.white_box.top_logprobs").TopLogprobsScorer
length_normalized = load("TruthTorchLM.scoring_methods.length_normalized_scoring").LengthNormalizedScoring()
log_prob = load("TruthTorchLM.scoring_methods.log_prob_scoring").LogProbScoring()
deepconf = load("deepconf.utils")

random = np.random.default_rng(18)
known = lambda value: None if value is None or np.isnan(value) else float(value)


def rows(n, vocabulary, sharpness):
    """ln p of n next-token distributions over a vocabulary."""
    logits = random.normal(size=(n, vocabulary)) * sharpness
    return np.round(logits - np.log(np.exp(logits).sum(-1, keepdims=True)), 9)


def whole(name, logprobs):
    """An answer of which the whole distributions are known: white box."""
    chosen = [int(random.choice(len(row), p=np.exp(row) / np.exp(row).sum())) for row in logprobs]
    stats = {
        "greedy_log_likelihoods": [np.array([row[i] for row, i in zip(logprobs, chosen)])],
        "greedy_log_probs": [[np.array(row) for row in logprobs]],
    }
    stats["entropy"] = entropy_of(stats)["entropy"]
    return {
        "name": name, "chosen": chosen, "rows": [[None if np.isinf(each) else float(each) for each in row] for row in logprobs],
        "scores": {
            "MaximumSequenceProbability": known(polygraph("max_probability", "MaximumSequenceProbability")(stats)[0]),
            "Perplexity": known(polygraph("perplexity", "Perplexity")(stats)[0]),
            "MeanTokenEntropy": known(polygraph("token_entropy", "MeanTokenEntropy")(stats)[0]),
            "SelfCertainty": known(polygraph("self_certainty", "SelfCertainty")(stats)[0]),
            "RenyiNeg": known(polygraph("renyi_neg", "RenyiNeg")(stats)[0]),
            "FisherRao": known(polygraph("fisher_rao", "FisherRao")(stats)[0]),
        },
        "tokens": {
            "MaximumTokenProbability": polygraph("max_probability", "MaximumTokenProbability")(stats)[0].tolist(),
            "TokenEntropy": polygraph("token_entropy", "TokenEntropy")(stats)[0].tolist(),
        },
    }


def listed(name, tokens, window, top_k=15):
    """An answer of which the most probable choices are known: [[text, ln p, [[text, ln p], ...]], ...]."""
    results = [[{"token": text, "logprob": logprob, "top_logprobs": [{"token": t, "logprob": l} for t, l in choices]}
                for text, logprob, choices in tokens]]
    logprobs = [logprob for _, logprob, _ in tokens]
    uqlm = {f"uqlm/{key}": known(value[0]) for key, value in single().evaluate(results).items()}
    uqlm["uqlm/sequence_probability(length_normalize=False)"] = known(
        single(length_normalize=False).evaluate(results)["sequence_probability"][0])
    uqlm |= {f"uqlm/{key}": known(value[0]) for key, value in top(top_k_logprobs=top_k).evaluate(results).items()}
    # As greedy_probs_blackbox.py writes it, without the hash of the text that decides where a token stands.
    sparse = [np.array([l for _, l in choices] + [-np.inf] * 3) for _, _, choices in tokens]
    stats = {"greedy_log_probs": [sparse]}
    stats["entropy"] = entropy_of(stats)["entropy"]
    confs = deepconf.compute_confidence([{i: SimpleNamespace(logprob=l) for i, (_, l) in enumerate(choices)}
                                         for _, _, choices in tokens])
    trace = {"confs": confs}
    return {
        "name": name, "window": window, "topK": top_k, "tokens": tokens,
        "scores": uqlm | {
            "lm-polygraph/MeanTokenEntropy": known(polygraph("token_entropy", "MeanTokenEntropy")(stats)[0]),
            "lm-polygraph/SelfCertainty": known(polygraph("self_certainty", "SelfCertainty")(stats)[0]),
            "deepconf/mean": known(deepconf.calculate_mean_confidence(trace)),
            "deepconf/tail": known(deepconf.calculate_tail_confidence(trace, window)),
            "deepconf/bottom_window": known(deepconf.calculate_bottom_window_confidence(trace, window)),
            "deepconf/min_window": known(deepconf.calculate_bottom_window_confidence(trace, window, -1)),
            "deepconf/min_conf": known(min(deepconf.compute_least_grouped(confs, window))),
            "truthtorchlm/Confidence": known(length_normalized(logprobs)),
            "truthtorchlm/Confidence(LogProbScoring)": known(log_prob(logprobs)),
        },
    }


def answer(n, k, sharpness):
    """n tokens with their k most probable choices of 400."""
    made = []
    for row in rows(n, 400, sharpness):
        order = np.argsort(-row)
        written = int(random.choice(400, p=np.exp(row) / np.exp(row).sum()))
        made.append([f"t{written}", float(row[written]), [[f"t{i}", float(row[i])] for i in order[:k]]])
    return made


def claims():
    """LM-Polygraph's CCP with the verdicts given: nli(first, second) for the two directions."""
    alternatives = [
        [(" Paris", -0.4), (" Lyon", -1.8), (" the", -2.5), (" Lutetia", -3.0)],
        [(" in", -0.1), (" of", -2.9)],
        [(" 1889", -0.9), (" 1887", -1.2), (" 1900", -2.4), (" spring", -3.1)],
    ]
    verdicts = {
        ("Paris", "Lyon"): "contra", ("Lyon", "Paris"): "contra", ("Paris", "the"): "neutral", ("the", "Paris"): "neutral",
        ("Paris", "Lutetia"): "entail", ("Lutetia", "Paris"): "neutral", ("in", "of"): "neutral", ("of", "in"): "contra",
        ("1889", "1887"): "contra", ("1887", "1889"): "neutral", ("1889", "1900"): "entail", ("1900", "1889"): "contra",
        ("1889", "spring"): "neutral", ("spring", "1889"): "neutral",
    }
    matrices = []
    for choices in alternatives:
        words = [text.strip() for text, _ in choices]
        matrices.append([[verdicts.get((a, b), "entail") for b in words] for a in words])
    stats = {"greedy_tokens": [[c[0][0] for c in alternatives]], "greedy_tokens_alternatives": [alternatives],
             "greedy_tokens_alternatives_nli": [matrices]}
    score = polygraph("claim_conditioned_probability", "ClaimConditionedProbability")(stats)[0]
    return {"alternatives": alternatives, "verdicts": [[a, b, v] for (a, b), v in verdicts.items()], "CCP": float(score)}


uniform = np.full((3, 6), -np.log(6))
peaked = np.log(np.array([[0.95, 0.01, 0.01, 0.01, 0.01, 0.01]] * 3))
ruled_out = rows(4, 9, 2)
ruled_out[ruled_out < -3] = -np.inf
ruled_out -= np.log(np.exp(ruled_out).sum(-1, keepdims=True))
short = answer(6, 15, 3)
short[2][2] = short[2][2][:5]
short[4][2] = short[4][2][:1]
json.dump({
    "versions": {name: version(name) for name in ["lm-polygraph", "uqlm", "TruthTorchLM", "deepconf", "numpy", "scipy"]},
    "whole": [whole("uniform", uniform), whole("peaked", peaked), whole("flat", rows(7, 20, 0.5)),
              whole("sharp", rows(7, 20, 3)), whole("one token", rows(1, 12, 1)), whole("some ruled out", ruled_out)],
    "listed": [listed("15 choices", answer(12, 15, 3), 4), listed("5 choices", answer(12, 5, 3), 4, 5),
               listed("5 choices where 15 are asked for", answer(5, 5, 2), 4), listed("some lists short", short, 2),
               listed("shorter than the window", answer(3, 15, 2), 8), listed("many windows", answer(35, 3, 2), 5, 3),
               listed("one token", answer(1, 15, 1), 1)],
    "claims": claims(),
}, sys.stdout)
print()

"""Records what the published code of DeepConf, EAT and DEER says of made-up traces: the fixture of src/route's tests.

    python3 -m venv peers-venv && peers-venv/bin/pip install numpy==2.4.6 torch==2.15.0
    git clone https://github.com/facebookresearch/deepconf && git -C deepconf checkout 675529d
    git clone https://github.com/xidulu/EAT && git -C EAT checkout 93a46f7
    git clone https://github.com/iie-ycx/DEER && git -C DEER checkout c9dd19f
    peers-venv/bin/python tools/peers/record_early_exit.py deepconf EAT DEER > src/route/fixtures/early-exit.json

Their own functions run, on their own; only what they import and do not need for it (vllm, transformers) is replaced by empty names.
"""
import ast
import contextlib
import importlib.util
import io
import json
import math
import sys
import types
from collections import namedtuple

import numpy as np
import torch

deepconf, eat, deer = sys.argv[1:4]


class Anything:
    def __init__(self, *args, **kwargs):
        pass


def stand_in(name, *names):
    module = types.ModuleType(name)
    for each in names:
        setattr(module, each, Anything)
    sys.modules[name] = module


stand_in("vllm", "LLM", "SamplingParams")
stand_in("vllm.config", "VllmConfig")
stand_in("vllm.v1")
stand_in("vllm.v1.sample")
stand_in("vllm.v1.sample.logits_processor", "AdapterLogitsProcessor", "RequestLogitsProcessor")
stand_in("transformers", "AutoTokenizer")


def load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


package = types.ModuleType("peer_deepconf")
package.__path__ = [f"{deepconf}/deepconf"]
sys.modules["peer_deepconf"] = package
utils = load("peer_deepconf.utils", f"{deepconf}/deepconf/utils.py")
processors = load("peer_deepconf.processors", f"{deepconf}/deepconf/processors.py")
outputs = load("peer_deepconf.outputs", f"{deepconf}/deepconf/outputs.py")
wrapper = load("peer_deepconf.wrapper", f"{deepconf}/deepconf/wrapper.py")
stopping = load("peer_eat", f"{eat}/early_stopping_utils.py")

random = np.random.default_rng(19)
Logprob = namedtuple("Logprob", "logprob")
TOP_K = 20
VOCABULARY = 50


def logits_of(sharpness):
    """Rows that are peaked or flat for a while, so that windows differ."""
    return random.normal(size=VOCABULARY) * sharpness


def plain(value):
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return value.item() if isinstance(value, np.generic) else value


# --- DeepConf: traces ---
window = 8
rows = []
traces = []
answers = ["12", "12", "17", "12", None, "17", "9", "12", "17", "12"]
for number, answer in enumerate(answers):
    length = int(random.integers(5, 40))
    sharpness = random.choice([1.0, 2.0, 4.0], size=length)
    trace_rows = []
    logprobs = []
    for each in sharpness:
        row = np.asarray(logits_of(each), dtype=np.float32)
        lnp = torch.log_softmax(torch.tensor(row), dim=-1)
        top = torch.topk(lnp, TOP_K).values.tolist()
        trace_rows.append(row)
        logprobs.append(top)
    confs = utils.compute_confidence([{i: Logprob(value) for i, value in enumerate(top)} for top in logprobs])
    groups = utils.compute_least_grouped(confs, window)
    rows.append(trace_rows)
    traces.append({"answer": answer, "logprobs": logprobs, "confs": confs, "groups": groups, "min": min(groups),
                   "num_tokens": length, "extracted_answer": answer, "stop_reason": "stop"})

scores = [{
    "mean": utils.calculate_mean_confidence(t),
    "tail": utils.calculate_tail_confidence(t, window),
    "bottom": utils.calculate_bottom_window_confidence(t, window, 0.1),
    "bottom half": utils.calculate_bottom_window_confidence(t, window, 0.5),
    "lowest": utils.calculate_bottom_window_confidence(t, window, -1),
} for t in traces]

# Their votes have the window in their defaults: the same functions with another default.
for name, size in (("calculate_tail_confidence", window), ("calculate_bottom_window_confidence", window)):
    function = getattr(utils, name)
    function.__defaults__ = (size,) + function.__defaults__[1:]
votes = utils.compute_all_voting_results(traces)
filtered = {
    f"{kind} {share}": [i for i, t in enumerate(traces) if any(t is kept for kept in utils.filter_top_confidence(traces, kind, share))]
    for kind in ("mean", "tail", "bottom_window", "min_window") for share in (0.1, 0.5, 0.9)
}

elections = []
for _ in range(30):
    voters = [{"extracted_answer": random.choice(["a", "b", "c", ""]), "confs": np.round(random.gamma(4.0, 1.0, size=int(random.integers(3, 16))), 3).tolist()}
              for _ in range(9)]
    elections.append({"answers": [v["extracted_answer"] or None for v in voters], "confs": [v["confs"] for v in voters],
                      "votes": utils.compute_all_voting_results(voters)})

# --- DeepConf: online ---
warm_up = 4
online = []
for percentile in (90, 10):
    bar = float(np.percentile([t["min"] for t in traces[:warm_up]], 100 - percentile))
    stops = []
    for trace_rows in rows:
        processor = processors.ConfPerReqLogitsProcessor(bar, 0, window, TOP_K)
        stop = None
        for i, row in enumerate(trace_rows):
            after = processor([], torch.tensor(row.copy()))
            if torch.isinf(after).any():
                stop = i
                break
        stops.append(stop)
    output = outputs.DeepThinkOutput()
    output.mode = "online"
    output.conf_bar = bar
    output.warmup_traces = [{**t, "min_conf": t["min"]} for t in traces[:warm_up]]
    output.final_traces = [{**t, "min_conf": t["min"], "stop_reason": "gconf_threshold" if t["min"] < bar else "stop"}
                           for t in traces[warm_up:]]
    with contextlib.redirect_stdout(io.StringIO()):
        wrapper.DeepThinkLLM._perform_basic_voting(None, output)
    online.append({"percentile": percentile, "bar": bar, "stops": stops, "answer": output.voted_answer,
                   "voting_answers": output.voting_answers, "voting_weights": output.voting_weights,
                   "majority": utils.simple_majority_vote(output.voting_answers)})

# --- EAT ---
entropies = np.concatenate([random.gamma(2.0, 0.6, size=30), 0.4 + 0.02 * random.normal(size=40)])
settled = [{
    "alpha": alpha, "delta": delta, "min_distance": distance,
    "variance": stopping.exponential_moving_variance(entropies, alpha).tolist(),
    "stop": int(stopping.choose_early_stop_point(entropies, alpha, delta, distance)),
} for alpha in (0.1, 0.3) for delta in (1e-1, 1e-2, 1e-3) for distance in (5, 25)]

# --- DEER: the function alone, since the file is a program ---
source = open(f"{deer}/vllm-deer.py").read()
wanted = [node for node in ast.parse(source).body
          if isinstance(node, ast.FunctionDef) and node.name == "calculate_average_max_prob_from_logprobs"]
names = {"torch": torch, "math": math}
exec(compile(ast.Module(wanted, []), "vllm-deer.py", "exec"), names)
trials = []
for length in (2, 3, 8):
    lnp = (-random.gamma(0.5, 0.3, size=length)).tolist()
    listed = [{0: Logprob(value)} for value in lnp]
    trials.append({"logprobs": lnp, **{policy: names["calculate_average_max_prob_from_logprobs"](listed, policy)
                                       for policy in ("avg1", "avg2")}})

json.dump(plain({
    "command": "tools/peers/record_early_exit.py deepconf EAT DEER",
    "versions": {"deepconf": "675529d", "EAT": "93a46f7", "DEER": "c9dd19f", "numpy": np.__version__,
                 "torch": torch.__version__.split("+")[0]},
    "window": window, "topK": TOP_K, "warmUp": warm_up,
    "traces": [{key: t[key] for key in ("answer", "logprobs", "confs", "groups", "min")} for t in traces],
    "scores": scores, "votes": votes, "filtered": filtered, "elections": elections, "online": online,
    "entropies": entropies.tolist(), "settled": settled, "trials": trials,
}), sys.stdout)
print()

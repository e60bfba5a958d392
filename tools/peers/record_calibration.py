"""Records what other libraries say of small sets: the fixture of src/calibrate's tests.

    python3 -m venv peers-venv && peers-venv/bin/pip install -r tools/peers/record_calibration.txt
    peers-venv/bin/python tools/peers/record_calibration.py > src/calibrate/fixtures/peers.json
"""
import json
import sys
import warnings
from importlib.metadata import version

import numpy as np

warnings.filterwarnings("ignore")
import calibration.utils as verified
import netcal.binning
import netcal.metrics
import netcal.scaling
import relplot
import scipy.integrate
import scipy.stats
import torch
from mapie.exchangeability_testing import OnlineMartingaleTest
from mapie.metrics import calibration as mapie
from mapie.risk_control.methods import compute_hoeffding_bentkus_p_value
from model_diagnostics.scoring import LogLoss, SquaredError, decompose
from sklearn.isotonic import IsotonicRegression
from sklearn.calibration import _SigmoidCalibration
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score
from torchmetrics.functional.classification import binary_calibration_error, multiclass_calibration_error

random = np.random.default_rng(17)
PEERS = ["scikit-learn", "torchmetrics", "netcal", "mapie", "relplot", "model-diagnostics", "scipy", "torch", "numpy",
         "uncertainty-calibration"]


def pairs(name, scores, correct):
    scores = np.round(np.asarray(scores, dtype=float), 6)
    correct = np.asarray(correct, dtype=int)
    s32 = torch.tensor(scores, dtype=torch.float64)
    c32 = torch.tensor(correct)
    out = {"name": name, "scores": scores.tolist(), "correct": correct.tolist(), "results": {}}
    r = out["results"]
    for bins in (5, 10, 15):
        for norm in ("l1", "l2", "max"):
            r[f"torchmetrics {bins} {norm}"] = binary_calibration_error(s32, c32, n_bins=bins, norm=norm).item()
        r[f"netcal ece {bins}"] = netcal.metrics.ECE(bins).measure(scores, correct)
        r[f"netcal mce {bins}"] = netcal.metrics.MCE(bins).measure(scores, correct)
        r[f"netcal ace {bins}"] = netcal.metrics.ACE(bins).measure(scores, correct)
        r[f"mapie uniform {bins}"] = mapie.expected_calibration_error(correct, scores, num_bins=bins + 1, split_strategy="uniform")
        if len(scores) < bins:
            continue
        order = np.argsort(scores, kind="stable")
        r[f"mapie array split {bins}"] = mapie.expected_calibration_error(
            correct[order], scores[order], num_bins=bins, split_strategy="array split")
    binned = [[] for _ in range(10)]
    for s, c in zip(scores, correct):
        binned[max(0, int(np.ceil(round(s * 10, 9))) - 1)].append((s, c))
    binned = [b for b in binned if b]
    r["verified square 10"] = float(verified.unbiased_square_ce(binned))
    if min(map(len, binned)) > 1:
        np.random.seed(0)
        r["verified l1 10"] = float(verified.normal_debiased_ce(binned, power=1, resamples=200_000))
    r["relplot smECE"], r["relplot width"] = relplot.smECE(scores, correct, return_width=True)
    r["relplot smECE 0.1"] = relplot.metrics.smECE_sigma(scores, correct, 0.1)
    r["smECE 0.1 by definition"] = smooth(scores, correct, 0.1)
    r["sklearn brier"] = brier_score_loss(correct, scores)
    r["sklearn log loss"] = log_loss(correct, scores)
    r["sklearn auroc"] = roc_auc_score(correct, scores)
    r["sklearn ap right"] = average_precision_score(correct, scores)
    r["sklearn ap wrong"] = average_precision_score(1 - correct, -scores)
    r["mapie spiegelhalter"] = mapie.spiegelhalter_statistic(correct, scores)
    r["mapie spiegelhalter p"] = mapie.spiegelhalter_p_value(correct, scores)
    r["mapie ks"] = mapie.kolmogorov_smirnov_statistic(correct, scores)
    r["mapie ks p"] = mapie.kolmogorov_smirnov_p_value(correct, scores)
    r["mapie kuiper"] = mapie.kuiper_statistic(correct, scores)
    r["mapie kuiper p"] = mapie.kuiper_p_value(correct, scores)
    for key, scoring in (("brier", SquaredError()), ("log", LogLoss())):
        if key == "log" and (scores.min() == 0 or scores.max() == 1):
            continue
        d = decompose(y_obs=correct, y_pred=scores, scoring_function=scoring)
        r[f"corp {key}"] = [float(d[c][0]) for c in ("score", "miscalibration", "discrimination", "uncertainty")]
    grid = np.round(np.linspace(0.02, 0.98, 9), 6)
    out["grid"] = grid.tolist()
    iso = IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1).fit(scores, correct)
    r["sklearn isotonic"] = iso.predict(grid).tolist()
    sig = _SigmoidCalibration().fit(scores, correct)
    r["sklearn sigmoid"] = sig.predict(grid).tolist()
    r["netcal histogram 5"] = netcal.binning.HistogramBinning(5).fit(scores, correct).transform(grid).tolist()
    r["netcal temperature"] = netcal.scaling.TemperatureScaling().fit(scores, correct, random_state=0).transform(grid).ravel().tolist()
    r["netcal logistic"] = netcal.scaling.LogisticCalibration(method="mle").fit(scores, correct, random_state=0).transform(grid).ravel().tolist()
    r["netcal beta"] = netcal.scaling.BetaCalibration(method="mle").fit(scores, correct, random_state=0).transform(grid).ravel().tolist()
    return out


def options(name, n, k):
    logits = random.normal(size=(n, k)) * 2.5
    truth = logits / 2
    p_true = np.exp(truth) / np.exp(truth).sum(1, keepdims=True)
    labels = np.array([random.choice(k, p=row) for row in p_true])
    logits = np.round(logits, 5)
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    pt, lt = torch.tensor(p), torch.tensor(labels)
    r = {}
    for norm in ("l1", "l2", "max"):
        r[f"torchmetrics 10 {norm}"] = multiclass_calibration_error(pt, lt, num_classes=k, n_bins=10, norm=norm).item()
    r["mapie classwise 10"] = mapie.expected_calibration_error(
        (p.argmax(1) == labels).astype(int), p, num_bins=11, split_strategy="uniform", classwise=True, class_labels=labels)
    r["sklearn log loss"] = log_loss(labels, p, labels=range(k))
    r["brier"] = float(((p - np.eye(k)[labels]) ** 2).sum(1).mean())
    # The temperature by a scalar search: scipy, on the definition.
    from scipy.optimize import minimize_scalar
    def loss(log_t):
        z = logits / np.exp(log_t)
        return -(z[np.arange(n), labels] - scipy.special.logsumexp(z, axis=1)).mean()
    r["scipy temperature"] = float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded", options={"xatol": 1e-10}).x))
    return {"name": name, "logprobs": logits.tolist(), "labels": labels.tolist(), "results": r}


def conformal():
    """Sets of MAPIE's LAC on fixed probabilities, from a classifier that hands through what it is given; those of APS by its
    definition, because MAPIE draws random shares in APS's calibration whatever is asked of the sets."""
    from mapie.classification import SplitConformalClassifier
    from sklearn.base import BaseEstimator, ClassifierMixin

    class Given(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):
            self.classes_ = np.arange(X.shape[1])
            self.is_fitted_ = True
            return self
        def predict_proba(self, X):
            return X
        def predict(self, X):
            return X.argmax(1)

    def draw(n):
        p = random.dirichlet([0.6] * 4, size=n)
        labels = np.array([random.choice(4, p=row) for row in p])
        p = np.round(p, 5); p[:, 0] += 1 - p.sum(1)
        return np.clip(p, 0, 1), labels
    p, labels = draw(59)
    new, _ = draw(25)
    est = Given().fit(p, labels)
    out = {"probabilities": p.tolist(), "labels": labels.tolist(), "new": new.tolist(), "sets": {}}
    for level in (0.8, 0.9):
        m = SplitConformalClassifier(est, confidence_level=level, conformity_score="lac", prefit=True)
        m.conformalize(p, labels)
        _, sets = m.predict_set(new)
        out["sets"][f"lac {level}"] = [np.flatnonzero(row).tolist() for row in sets[:, :, 0]]
        above = lambda row, k: row[row >= row[k]].sum()
        scores = sorted(above(row, k) for row, k in zip(p, labels))
        threshold = scores[int(np.ceil(round((len(p) + 1) * level, 9))) - 1]
        out["sets"][f"aps {level}"] = [[k for k in range(4) if above(row, k) <= threshold + 1e-12] for row in new]
    return out


def bounds():
    rows = []
    for k, n, r in ((0, 30, 0.1), (3, 50, 0.1), (10, 100, 0.2), (40, 1000, 0.05), (7, 20, 0.3)):
        ci = scipy.stats.binomtest(k, n).proportion_ci(confidence_level=0.95, method="exact")
        hb = lambda binary: float(compute_hoeffding_bentkus_p_value(np.array([k / n]), n, r, binary=binary)[0, 0])
        rows.append({"errors": k, "n": n, "r": r, "low": ci.low, "high": ci.high,
                     "binomial": float(scipy.stats.binom.cdf(k, n, r)), "hoeffdingBentkus": hb(False)})
    a, b = np.round(random.normal(size=40), 4), np.round(random.normal(size=55) + 0.4, 4)
    d = scipy.stats.ks_2samp(a, b)
    x = np.sqrt(40 * 55 / 95) * d.statistic
    return {"rows": rows, "first": a.tolist(), "second": b.tolist(), "ks": float(d.statistic), "p": float(scipy.stats.kstwobign.sf(x))}


def smooth(scores, correct, width):
    """The smooth calibration error by its definition: the reflected kernel as a sum of images, integrated."""
    t = np.linspace(0, 1, 20001)
    gap = np.zeros_like(t)
    for f, y in zip(scores, correct):
        for image in range(-8, 9):
            for centre in (2 * image + f, 2 * image - f):
                gap += (y - f) * scipy.stats.norm.pdf(t, centre, width)
    return float(scipy.integrate.trapezoid(np.abs(gap / len(scores)), t))


def jumper():
    """Wealth of the simple jumper on fixed p-values, by MAPIE's update (its three experts) and by its rule with ours."""
    p = np.round(random.beta(0.6, 1, size=40), 5)
    test = OnlineMartingaleTest.__new__(OnlineMartingaleTest)
    test.jump_size, test.martingale_value_history = 0.01, []
    test._jumper_expert_grid = np.array([-1.0, 0.0, 1.0])
    test._jumper_wealth_by_expert = np.ones(3) / 3
    return {"pValues": p.tolist(), "wealth3": [float(test.update_simple_jumper_martingale(v)) for v in p]}


n = 300
s = random.beta(4, 2, size=n)
untied = pairs("untied", s, random.random(n) < s**1.6)
few = np.round(random.choice([0.05, 0.125, 0.25, 0.5, 0.5625, 0.75, 0.9375], size=120), 4)
tied = pairs("tied", few, random.random(120) < 0.2 + 0.6 * few)
edges = pairs("edges", [0, 0, 0.25, 0.5, 0.5, 0.75, 1, 1, 1, 0.125], [0, 1, 0, 0, 1, 1, 1, 1, 0, 0])
json.dump({
    "command": "python tools/peers/record_calibration.py",
    "versions": {name: version(name) for name in PEERS},
    "pairs": [untied, tied, edges],
    "options": [options("four options", 200, 4)],
    "conformal": conformal(),
    "bounds": bounds(),
    "jumper": jumper(),
}, sys.stdout, indent=None, separators=(",", ":"))

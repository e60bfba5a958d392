"""Records what mord's all-threshold ordinal regression says, and statsmodels' maximum likelihood: the fixture of src/route/paq's tests.

    python3 -m venv peers-venv && peers-venv/bin/pip install -r tools/peers/record_ordinal.txt
    peers-venv/bin/python tools/peers/record_ordinal.py > src/route/fixtures/ordinal.json

Costs are mord's own matrix of weights, [labels][thresholds], which its functions take and LogisticAT leaves at 1.
"""
import json
import sys
from importlib.metadata import version

import numpy as np
from mord import LogisticAT
from mord.threshold_based import grad_margin, obj_margin
from scipy import optimize
from statsmodels.miscmodels.ordinal_model import OrderedModel


def case(rng, n, weights, thresholds, noise):
    x = np.round(rng.normal(size=(n, len(weights))), 6)
    latent = x @ np.array(weights) + noise * rng.logistic(size=n)
    return x, np.sum(latent[:, None] > np.array(thresholds)[None, :], axis=1)


def with_costs(x, y, alpha, under, over):
    k = int(y.max())
    loss = np.where(np.arange(k + 1)[:, None] <= np.arange(k)[None, :], float(over), float(under))
    lower = np.tril(np.ones((k, k)))
    start = np.concatenate([np.zeros(x.shape[1]), [-1.0], np.ones(k - 1)])
    bounds = [(None, None)] * (x.shape[1] + 1) + [(0, None)] * (k - 1)
    found = optimize.minimize(
        obj_margin, start, jac=grad_margin, method="L-BFGS-B", bounds=bounds, tol=1e-15,
        args=(x, y, alpha, k + 1, loss, lower, None), options={"maxiter": 100_000, "maxfun": 1_000_000, "ftol": 1e-16, "gtol": 1e-10},
    )
    return found.x[: x.shape[1]], lower @ found.x[x.shape[1] :], float(found.fun)


def main():
    rng = np.random.default_rng(22)
    sets = {
        "four levels": case(rng, 120, [1.5, -0.7, 0.0], [-1.0, 0.5, 2.0], 1.0),
        "told apart without a fault": case(rng, 60, [2.0, 0.0], [-1.0, 1.0], 0.0),
        "more columns than rows": case(rng, 25, [1.0] * 5 + [0.0] * 35, [-1.0, 1.0], 1.0),
        "two levels": case(rng, 50, [1.0], [0.3], 1.0),
    }
    cases = []
    for name, (x, y) in sets.items():
        for penalty in (1.0, 0.01):
            for under, over in ((1, 1), (4, 1)):
                weights, thresholds, loss = with_costs(x, y, penalty * len(y), under, over)
                if under == over:
                    own = LogisticAT(alpha=penalty * len(y), max_iter=100_000).fit(x, y)
                    assert np.allclose(own.coef_, weights, atol=1e-3), (name, own.coef_, weights)
                cases.append({
                    "name": name, "penalty": penalty, "under": under, "over": over, "x": x.tolist(), "y": y.tolist(),
                    "weights": weights.tolist(), "thresholds": thresholds.tolist(), "loss": loss,
                })
    x, y = case(rng, 600, [1.0, -0.5], [-1.0, 0.5, 1.5], 1.0)
    model = OrderedModel(y, x, distr="logit").fit(method="bfgs", disp=False, gtol=1e-8, maxiter=1000)
    likelihood = {
        "x": x.tolist(), "y": y.tolist(), "weights": model.params[:2].tolist(), "standardErrors": model.bse[:2].tolist(),
        "thresholds": model.model.transform_threshold_params(model.params)[1:-1].tolist(),
    }
    made = ", ".join(f"{name} {version(name)}" for name in ("mord", "scipy", "numpy", "statsmodels"))
    json.dump({"madeBy": made, "cases": cases, "likelihood": likelihood}, sys.stdout)
    print()


main()

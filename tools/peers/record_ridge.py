"""Records what scikit-learn's logistic regression with an L2 penalty says: the fixture of src/detect/learn's tests.

    python3 -m venv peers-venv && peers-venv/bin/pip install -r tools/peers/record_ridge.txt
    peers-venv/bin/python tools/peers/record_ridge.py > src/detect/fixtures/ridge.json
"""
import json
import sys
from importlib.metadata import version

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler


def case(rng, n, weights, noise, scales):
    x = rng.normal(size=(n, len(weights)))
    y = (x @ np.array(weights) + noise * rng.logistic(size=n) > 0.3).astype(int)
    return np.round(x * np.array(scales), 6), y


def main():
    rng = np.random.default_rng(20)
    sets = {
        "noisy": case(rng, 60, [1.0, -0.5, 0.0], 1.0, [1, 1, 1]),
        "other scales": case(rng, 50, [2.0, 1.0], 1.0, [1000, 0.01]),
        "told apart without a fault": case(rng, 40, [1.0, 0.0], 0.0, [1, 1]),
        "rare": case(rng, 80, [0.2, 0.2], 1.0, [1, 1]),
    }
    sets["rare"] = (sets["rare"][0], np.array([1 if i in (3, 50) else 0 for i in range(80)]))
    copied = case(rng, 60, [1.0], 1.0, [1])
    sets["nearly a copy"] = (np.hstack([copied[0], np.round(copied[0] + 1e-4 * rng.normal(size=(60, 1)), 6)]), copied[1])
    cases = []
    for name, (x, y) in sets.items():
        z = StandardScaler().fit_transform(x)
        for penalty in (10, 0.1, 0.001):
            model = LogisticRegression(C=1 / (penalty * len(y)), tol=1e-12, max_iter=100_000, solver="newton-cholesky")
            model.fit(z, y)
            cases.append(
                {
                    "name": name,
                    "penalty": penalty,
                    "x": x.tolist(),
                    "y": y.tolist(),
                    "weights": model.coef_[0].tolist(),
                    "intercept": model.intercept_[0],
                    "probabilities": model.predict_proba(z)[:5, 1].tolist(),
                }
            )
    json.dump({"madeBy": f"scikit-learn {version('scikit-learn')}, numpy {version('numpy')}", "cases": cases}, sys.stdout)
    print()


main()

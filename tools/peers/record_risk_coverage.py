"""Records what fd-shifts and LM-Polygraph say of risk and coverage on the pairs of src/calibrate/fixtures/peers.json.

Give the folders of checkouts of github.com/IML-DKFZ/fd-shifts and github.com/IINemo/lm-polygraph.

    python3 -m venv peers-venv && peers-venv/bin/pip install numpy scipy scikit-learn matplotlib
    peers-venv/bin/python tools/peers/record_risk_coverage.py FD_SHIFTS LM_POLYGRAPH > src/calibrate/fixtures/risk-coverage.json
"""
import importlib
import json
import subprocess
import sys
import types
from importlib.metadata import version
from pathlib import Path

import numpy as np

if not hasattr(np, "trapz"):  # it was renamed in numpy 2
    np.trapz = np.trapezoid



def module(folder, name):
    """A file of a checkout, without the rest of the package, which needs torch."""
    package = types.ModuleType(folder.name + "_part")
    package.__path__ = [str(folder)]
    sys.modules[package.__name__] = package
    return importlib.import_module(f"{package.__name__}.{name}")


def commit(folder):
    return subprocess.run(["git", "-C", folder, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()


fd_shifts, polygraph = Path(sys.argv[1]), Path(sys.argv[2])
rc_stats = module(fd_shifts / "fd_shifts" / "analysis", "rc_stats")
area = module(polygraph / "src" / "lm_polygraph" / "ue_metrics", "pred_rej_area").PredictionRejectionArea
pairs = json.loads(Path("src/calibrate/fixtures/peers.json").read_text())["pairs"]
out = {
    "command": "python tools/peers/record_risk_coverage.py FD_SHIFTS LM_POLYGRAPH",
    "versions": {
        "fd-shifts": commit(fd_shifts),
        "lm-polygraph": commit(polygraph),
        **{name: version(name) for name in ("numpy", "scipy", "scikit-learn")},
    },
    "pairs": [],
}
for each in pairs:
    scores, correct = np.array(each["scores"]), np.array(each["correct"])
    stats = rc_stats.RiskCoverageStats(scores, 1 - correct)
    out["pairs"].append({
        "name": each["name"],
        "aurc": float(stats.aurc),
        "eaurc": float(stats.eaurc),
        "augrc": float(stats.augrc),
        "coverages": stats.coverages.tolist(),
        "risks": stats.selective_risks.tolist(),
        # LM-Polygraph: uncertainties; the areas under accuracy, of these and of the best order
        "areas": {str(most): [float(area(most)(-scores, correct)), float(area(most)(-correct, correct))] for most in (1.0, 0.5)},
    })
json.dump(out, sys.stdout, separators=(",", ":"))

"""Records what fd-shifts says of risk and coverage on the pairs of src/calibrate/fixtures/peers.json.

It is in no package index: give the folder of a checkout of github.com/IML-DKFZ/fd-shifts.

    python3 -m venv peers-venv && peers-venv/bin/pip install numpy scipy scikit-learn matplotlib
    peers-venv/bin/python tools/peers/record_fd_shifts.py FD_SHIFTS > src/calibrate/fixtures/fd-shifts.json
"""
import importlib.util
import json
import subprocess
import sys
import types
from importlib.metadata import version
from pathlib import Path

import numpy as np

if not hasattr(np, "trapz"):  # it was renamed in numpy 2
    np.trapz = np.trapezoid

folder = Path(sys.argv[1])
package = types.ModuleType("analysis")
package.__path__ = [str(folder / "fd_shifts" / "analysis")]
sys.modules["analysis"] = package  # without the rest of the package, which needs torch
spec = importlib.util.spec_from_file_location("analysis.rc_stats", folder / "fd_shifts" / "analysis" / "rc_stats.py")
rc_stats = importlib.util.module_from_spec(spec)
sys.modules["analysis.rc_stats"] = rc_stats
spec.loader.exec_module(rc_stats)

pairs = json.loads(Path("src/calibrate/fixtures/peers.json").read_text())["pairs"]
commit = subprocess.run(["git", "-C", folder, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
out = {
    "command": "python tools/peers/record_fd_shifts.py FD_SHIFTS",
    "versions": {"fd-shifts": commit, **{name: version(name) for name in ("numpy", "scipy", "scikit-learn")}},
    "pairs": [],
}
for each in pairs:
    stats = rc_stats.RiskCoverageStats(np.array(each["scores"]), 1 - np.array(each["correct"]))
    out["pairs"].append({
        "name": each["name"],
        "aurc": float(stats.aurc),
        "eaurc": float(stats.eaurc),
        "augrc": float(stats.augrc),
        "coverages": stats.coverages.tolist(),
        "risks": stats.selective_risks.tolist(),
    })
json.dump(out, sys.stdout, separators=(",", ":"))

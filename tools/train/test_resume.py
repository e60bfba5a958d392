import json
import os
import random
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import torch

HERE = Path(__file__).parent
STEPS = 12
DEVICE = os.environ.get("TEST_DEVICE", "cpu")

CONFIG = f"""
name = "tiny"
seed = 5
[data]
train = "train.txt"
valid = "valid.txt"
[model]
vocabulary = 300
width = 32
layers = 2
heads = 2
key_heads = 1
hidden = 48
context = 32
[optimizer]
muon_lr = 0.02
adam_lr = 0.005
betas = [0.9, 0.95]
weight_decay = 0.05
clip = 1.0
[schedule]
warm_up = 3
steps = {STEPS}
decay = 6
shape = "linear"
floor = 0.0
[batch]
sequences = 4
length = 32
micro = 2
[log]
validate_every = 4
validation_tokens = 256
checkpoint_every = 3
"""

# Sends the process itself a signal when the log has reached a step.
SIGNALLED = """
import os, signal, sys, train
name, step = sys.argv.pop(1), int(sys.argv.pop(1))
write = train.Log.write
def write_then_signal(self, record):
    write(self, record)
    if record["step"] == step:
        os.kill(os.getpid(), getattr(signal, name))
train.Log.write = write_then_signal
train.main()
"""


def some_text(seed: int, documents: int, words: int) -> str:
    draw = random.Random(seed)
    lexicon = ["".join(draw.choices("aeilnorst", k=draw.randint(1, 6))) for _ in range(60)]
    return "\n<|endoftext|>\n".join(" ".join(draw.choices(lexicon, k=words)) for _ in range(documents)) + "\n"


class ResumeTest(unittest.TestCase):
    """A run cut anywhere and started again ends with the log and the weights of a run in one go, bit for bit."""

    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = Path(temporary.name)
        (cls.folder / "tiny.toml").write_text(CONFIG)
        # Little text, so that the windows of more than one epoch are used.
        (cls.folder / "train.txt").write_text(some_text(1, documents=6, words=60))
        (cls.folder / "valid.txt").write_text(some_text(2, documents=2, words=100))
        cls.whole = cls.train("whole")

    @classmethod
    def train(cls, out: str, *options: str, signalled: tuple[str, int] | None = None, code: int = 0, compiled=False):
        """Runs train.py as a person does; its checkpoint and its log without the times."""
        start = [str(HERE / "train.py")]
        if signalled:
            start = ["-c", SIGNALLED, signalled[0], str(signalled[1])]
        plain = ["--device", DEVICE] + ([] if compiled else ["--precision", "float32", "--no-compile"])
        run = cls.folder / out
        done = subprocess.run(
            [sys.executable, *start, cls.folder / "tiny.toml", "--data", cls.folder, "--out", run, *plain, *options],
            env={**os.environ, "OMP_NUM_THREADS": "2" if compiled else "1", "PYTHONPATH": str(HERE)},
            capture_output=True,
            text=True,
            timeout=600 if compiled else 120,
        )
        if done.returncode != code:
            raise AssertionError(f"train.py ended with {done.returncode}, not {code}:\n{done.stdout}{done.stderr}")
        file = run / "log.jsonl"
        log = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        for record in log:
            record.pop("tokens_per_second", None)
        checkpoint = run / "checkpoint.pt"
        return dict(log=log, checkpoint=torch.load(checkpoint, weights_only=True) if checkpoint.exists() else None)

    def assert_like_whole(self, run: dict, whole: dict | None = None):
        whole = whole or self.whole
        self.assertEqual(run["log"], whole["log"])
        for name, weight in whole["checkpoint"]["model"].items():
            self.assertTrue(torch.equal(run["checkpoint"]["model"][name], weight), name)

    def test_the_run_in_one_go(self):
        train = [record for record in self.whole["log"] if record["split"] == "train"]
        valid = [record for record in self.whole["log"] if record["split"] == "valid"]
        self.assertEqual([record["step"] for record in train], list(range(1, STEPS + 1)))
        self.assertEqual([record["step"] for record in valid], [0, 4, 8, 12])
        self.assertGreater(train[-1]["epoch"], 1)
        self.assertLess(valid[-1]["loss"], valid[0]["loss"] - 0.2)
        self.assertEqual(self.whole["checkpoint"]["step"], STEPS)

    def test_stopped_after_a_step(self):
        stopped = self.train("stopped", "--stop-after", "5")
        self.assertEqual(stopped["checkpoint"]["step"], 5)
        self.assert_like_whole(self.train("stopped"))

    def test_stopped_by_a_signal(self):
        stopped = self.train("signalled", signalled=("SIGTERM", 5))
        self.assertEqual(stopped["checkpoint"]["step"], 5)
        self.assert_like_whole(self.train("signalled"))

    def test_killed_past_a_checkpoint(self):
        killed = self.train("killed", signalled=("SIGKILL", 8), code=-9)
        self.assertEqual(killed["checkpoint"]["step"], 6)
        self.assertEqual(killed["log"][-1]["step"], 8 if DEVICE == "cpu" else 6)  # a GPU's lines wait for the next flush
        with (self.folder / "killed" / "log.jsonl").open("a") as log:
            log.write('{"step": 9, "split": "tra')  # a line that a crash cut short
        self.assert_like_whole(self.train("killed"))

    def test_killed_before_the_first_checkpoint(self):
        killed = self.train("early", signalled=("SIGKILL", 2), code=-9)
        self.assertIsNone(killed["checkpoint"])
        self.assert_like_whole(self.train("early"))

    def test_a_finished_run_stays_as_it_is(self):
        self.train("finished")
        self.assert_like_whole(self.train("finished"))

    @unittest.skipUnless(os.environ.get("TEST_COMPILED"), "set TEST_COMPILED=1 (a C++ compiler, some minutes)")
    def test_compiled_in_bfloat16_on_two_threads(self):
        whole = self.train("compiled", compiled=True)
        self.train("compiled-cut", "--stop-after", "5", compiled=True)
        self.assert_like_whole(self.train("compiled-cut", compiled=True), whole)


if __name__ == "__main__":
    unittest.main()

import unittest

import torch

from model import Llama, Shape
from optimizer import make_optimizers, orthogonalise
from train import rate

SETTINGS = dict(muon_lr=0.02, adam_lr=0.003, betas=[0.9, 0.95], weight_decay=0.1, clip=1.0)


class OptimizerTest(unittest.TestCase):
    def test_orthogonalise_brings_singular_values_near_one(self):
        matrices = torch.randn(4, 24, 60, generator=torch.Generator().manual_seed(1)) * 5
        for some in (matrices, matrices.mT):
            values = torch.linalg.svdvals(orthogonalise(some).float())
            self.assertGreater(values.min().item(), 0.4)
            self.assertLess(values.max().item(), 1.3)

    def test_every_weight_has_one_optimizer(self):
        model = Llama(Shape(vocabulary=50, width=16, layers=2, heads=2, key_heads=1, hidden=24, context=8))
        expected = sorted(id(weight) for weight in model.parameters())
        for settings in (SETTINGS, {key: value for key, value in SETTINGS.items() if key != "muon_lr"}):
            optimizers = make_optimizers(model, settings)
            self.assertEqual(len(optimizers), 2 if "muon_lr" in settings else 1)
            owned = [id(w) for optimizer in optimizers for group in optimizer.param_groups for w in group["params"]]
            self.assertEqual(sorted(owned), expected)


class RateTest(unittest.TestCase):
    def test_linear_holds_between_the_slopes(self):
        schedule = dict(warm_up=10, steps=100, decay=40, shape="linear", floor=0.0)
        rates = [rate(step, schedule) for step in range(100)]
        self.assertAlmostEqual(rates[0], 0.1)
        self.assertEqual(set(rates[9:61]), {1.0})
        self.assertAlmostEqual(rates[80], 0.5)
        self.assertAlmostEqual(rates[99], 1 / 40)

    def test_cosine_ends_at_the_floor(self):
        schedule = dict(warm_up=10, steps=100, decay=90, shape="cosine", floor=0.1)
        self.assertAlmostEqual(rate(55, schedule), 0.55)
        self.assertAlmostEqual(rate(99, schedule), 0.1, delta=0.001)
        rates = [rate(step, schedule) for step in range(10, 100)]
        self.assertEqual(rates, sorted(rates, reverse=True))


if __name__ == "__main__":
    unittest.main()

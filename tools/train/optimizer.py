"""Muon for the matrices inside the blocks, AdamW for the rest (the embedding and the norms).

Muon (Jordan and others 2024, kellerjordan.github.io/posts/muon): momentum, then the nearest orthogonal matrix by
five Newton-Schulz steps. Matrices of one shape are orthogonalised together, which is what makes it cheap here.
"""

from collections import defaultdict

import torch
from torch import Tensor, nn


def orthogonalise(matrices: Tensor, steps: int = 5) -> Tensor:
    """Quintic Newton-Schulz on [N, rows, columns]: singular values into about 0.7..1.2, in bfloat16."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrices.bfloat16()
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    def __init__(self, parameters, lr: float, momentum: float = 0.95, weight_decay: float = 0.0):
        super().__init__(parameters, dict(lr=lr, momentum=momentum, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[nn.Parameter]] = defaultdict(list)
            for weight in group["params"]:
                if weight.grad is not None:
                    by_shape[weight.shape].append(weight)
            for shape, weights in by_shape.items():
                directions = []
                for weight in weights:
                    state = self.state[weight]
                    if not state:
                        state["momentum"] = torch.zeros_like(weight)
                    average = state["momentum"].lerp_(weight.grad, 1 - group["momentum"])
                    directions.append(weight.grad.lerp(average, group["momentum"]))  # Nesterov
                scale = max(1.0, shape[0] / shape[1]) ** 0.5
                for weight, update in zip(weights, orthogonalise(torch.stack(directions))):
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                    weight.add_(update.to(weight.dtype), alpha=-group["lr"] * scale)


def make_optimizers(model: nn.Module, settings: dict) -> list[torch.optim.Optimizer]:
    """`settings` is the [optimizer] table of a configuration; without `muon_lr` AdamW gets every weight."""
    matrices = [w for name, w in model.named_parameters() if w.ndim == 2 and name.startswith("blocks.")]
    embeddings = [w for name, w in model.named_parameters() if w.ndim == 2 and not name.startswith("blocks.")]
    vectors = [w for w in model.parameters() if w.ndim < 2]
    decay = settings["weight_decay"]
    muon = "muon_lr" in settings
    decayed = embeddings if muon else embeddings + matrices
    optimizers: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(
            [dict(params=decayed, weight_decay=decay), dict(params=vectors, weight_decay=0.0)],
            lr=settings["adam_lr"],
            betas=tuple(settings["betas"]),
        )
    ]
    if muon:
        optimizers.append(Muon(matrices, lr=settings["muon_lr"], weight_decay=decay))
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["peak_lr"] = group["lr"]
    return optimizers

"""A llama in one file: RMSNorm, rotary positions, grouped-query attention, SwiGLU, tied embeddings.

Shapes in comments: B sequences, T tokens, D width, H query heads, K key heads, E head width, V vocabulary.
Rotary positions pair neighbours (2i, 2i+1), the order llama.cpp's `llama` architecture expects of its files,
so that export needs no permutation.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Shape:
    vocabulary: int
    width: int
    layers: int
    heads: int
    key_heads: int
    hidden: int  # of the feed-forward layer
    context: int
    rope_base: float = 10_000.0
    norm_epsilon: float = 1e-5

    @property
    def head_width(self) -> int:
        return self.width // self.heads


class RMSNorm(nn.Module):
    def __init__(self, width: int, epsilon: float):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, (x.shape[-1],), self.weight, self.epsilon)


def rotary_table(shape: Shape) -> tuple[Tensor, Tensor]:
    """Cosine and sine of every position's angles, [context, E/2] each."""
    frequency = shape.rope_base ** (-torch.arange(0, shape.head_width, 2).double() / shape.head_width)
    angle = torch.outer(torch.arange(shape.context).double(), frequency)
    return angle.cos().float(), angle.sin().float()


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turns each neighbouring pair of x [B, T, heads, E] by its position's angle."""
    even, odd = x.float().unflatten(-1, (-1, 2)).unbind(-1)
    cosine, sine = cosine[:, None, :], sine[:, None, :]
    turned = torch.stack((even * cosine - odd * sine, even * sine + odd * cosine), dim=-1)
    return turned.flatten(-2).to(x.dtype)


class Attention(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        keys = shape.key_heads * shape.head_width
        self.query = nn.Linear(shape.width, shape.width, bias=False)
        self.key = nn.Linear(shape.width, keys, bias=False)
        self.value = nn.Linear(shape.width, keys, bias=False)
        self.output = nn.Linear(shape.width, shape.width, bias=False)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        split = lambda y: y.unflatten(-1, (-1, self.shape.head_width))  # [B, T, heads, E]
        query = rotate(split(self.query(x)), cosine, sine)
        key = rotate(split(self.key(x)), cosine, sine)
        value = split(self.value(x))
        # Query head h reads key head h // (H/K), as llama.cpp broadcasts them.
        repeat = self.shape.heads // self.shape.key_heads
        if repeat > 1:
            key, value = (y.repeat_interleave(repeat, dim=2) for y in (key, value))
        mixed = F.scaled_dot_product_attention(
            query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2), is_causal=True
        )
        return self.output(mixed.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.gate = nn.Linear(shape.width, shape.hidden, bias=False)
        self.up = nn.Linear(shape.width, shape.hidden, bias=False)
        self.down = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(F.silu(self.gate(x)) * self.up(x))


class Block(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.attention_norm = RMSNorm(shape.width, shape.norm_epsilon)
        self.attention = Attention(shape)
        self.feed_forward_norm = RMSNorm(shape.width, shape.norm_epsilon)
        self.feed_forward = FeedForward(shape)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x), cosine, sine)
        return x + self.feed_forward(self.feed_forward_norm(x))


class Llama(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)  # also the output matrix
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = RMSNorm(shape.width, shape.norm_epsilon)
        cosine, sine = rotary_table(shape)
        self.register_buffer("cosine", cosine, persistent=False)
        self.register_buffer("sine", sine, persistent=False)
        for name, weight in self.named_parameters():
            if weight.ndim == 2:
                nn.init.normal_(weight, std=0.02)
            if name.endswith(("output.weight", "down.weight")):
                nn.init.normal_(weight, std=0.02 / math.sqrt(2 * shape.layers))

    def forward(self, ids: Tensor) -> Tensor:
        """Next-token logits [B, T, V] for ids [B, T]."""
        cosine, sine = self.cosine[: ids.shape[1]], self.sine[: ids.shape[1]]
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x, cosine, sine)
        return F.linear(self.norm(x), self.embedding.weight)

    def loss(self, ids: Tensor, targets: Tensor, reduction: str = "mean") -> Tensor:
        """Cross-entropy in nats per token; a target of -1 does not count."""
        logits = self(ids).float().flatten(0, 1)
        return F.cross_entropy(logits, targets.flatten(), ignore_index=-1, reduction=reduction)

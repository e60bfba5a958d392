"""Interpolated modified Kneser-Ney n-grams over a token stream, in sorted arrays instead of dictionaries.

Chen and Goodman 1998 ("An empirical study of smoothing techniques for language modeling", section 3), every order
interpolated, the lowest with the uniform distribution over the vocabulary:

    P_k(w | h) = (a(hw) - D(a(hw))) / a(h.) + left_over(h) * P_{k-1}(w | h without its first token)

a is how often an n-gram occurs at the highest order, and how many different tokens precede it at the lower ones; D is
one of three discounts (for 1, 2, 3 and more), from the order's own counts of counts. A context never seen hands
everything to the lower order.

A stream has a boundary id before every document (data.encode). The boundary is the first token of its document's
contexts, which hold nothing from the document before; n-grams that begin with it keep their plain count, having
nothing on their left (as in KenLM, Heafield and others 2013). As the last token of an n-gram it is the document's end,
an event like any other.
"""

from dataclasses import dataclass

import numpy as np

FALLBACK = np.array([0.0, 0.5, 1.0, 1.5])  # discounts where counts of counts give none (KenLM's --discount_fallback)


@dataclass(frozen=True)
class Order:
    """The n-grams of one length: N of them after C contexts, both as sorted keys."""

    keys: np.ndarray  # uint64 [N]
    discounted: np.ndarray  # float64 [N], (a - D(a)) / a(h.)
    contexts: np.ndarray  # uint64 [C]
    left_over: np.ndarray  # float64 [C], the probability given to the lower order
    discounts: np.ndarray  # float64 [4], for counts of 0, 1, 2, 3 and more
    estimated: bool  # False where the discounts are FALLBACK


class KneserNey:
    """`stream`: ids [T] that begin with `boundary`, 0 <= id < vocabulary. Takes about 40 bytes per different n-gram.

    Raises ValueError if an n-gram does not fit in 64 bits, or the stream does not begin with the boundary or has no
    token after it.
    """

    def __init__(self, stream: np.ndarray, vocabulary: int, order: int = 5, boundary: int = 0):
        self.vocabulary, self.boundary = vocabulary, boundary
        self.bits = np.uint64(max(1, (vocabulary - 1).bit_length()))
        if order < 1 or order * int(self.bits) > 64:
            raise ValueError(f"{order} ids of {self.bits} bits do not fit in 64 bits")
        known = tokens_before(stream, boundary)
        self.orders: list[Order] = []  # [0] has the single tokens
        longer = np.empty(0, dtype=np.uint64)  # the different n-grams that are one token longer
        for length in range(order, 0, -1):
            # Whole n-grams at the highest order; below it only those with nothing on their left.
            taken = complete(known, length) if length == order else (known == length - 1) & (known > 0)
            beginning = np.compress(taken, packed(stream, length, self.bits))
            suffixes = longer & np.uint64((1 << length * int(self.bits)) - 1)
            longer, counts = np.unique(np.concatenate((beginning, suffixes)), return_counts=True)
            if len(longer) > 0:  # else every document is shorter than `length`
                self.orders.insert(0, self._estimate(longer, counts))
        if not self.orders:
            raise ValueError("nothing follows the boundary: there is nothing to count")

    def _estimate(self, keys: np.ndarray, counts: np.ndarray) -> Order:
        discounts, estimated = modified_discounts(counts)
        discount = discounts[np.minimum(counts, 3)]
        contexts, first = np.unique(keys >> self.bits, return_index=True)
        totals = np.add.reduceat(counts, first)
        left_over = np.add.reduceat(discount, first) / totals
        after = np.diff(np.append(first, len(keys)))  # different tokens seen after each context
        discounted = (counts - discount) / np.repeat(totals, after)
        return Order(keys, discounted, contexts, left_over, discounts, estimated)

    def probabilities(self, stream: np.ndarray) -> np.ndarray:
        """P of every token given those before it in its document, float64 [T]; NaN for the stream's first token."""
        known = tokens_before(stream, self.boundary)
        result = np.full(len(stream), 1 / self.vocabulary)
        for length, order in enumerate(self.orders, start=1):
            at = np.flatnonzero(complete(known, length))
            wanted = packed(stream, length, self.bits)[at]
            row, seen = find(order.contexts, wanted >> self.bits)
            passed_on = np.where(seen, order.left_over[row], 1.0)
            row, seen = find(order.keys, wanted)
            result[at] = np.where(seen, order.discounted[row], 0.0) + passed_on * result[at]
        result[0] = np.nan
        return result

    def bits_of_documents(self, stream: np.ndarray) -> float:
        """Surprisal of the documents' own tokens, bits; the boundaries between and after them are not counted."""
        return float(-np.log2(self.probabilities(stream)[stream != self.boundary]).sum())


def tokens_before(stream: np.ndarray, boundary: int) -> np.ndarray:
    """How many tokens of its document precede each position, the boundary among them: 0 for the first, int64 [T]."""
    if len(stream) == 0 or stream[0] != boundary:
        raise ValueError(f"the stream does not begin with the boundary id {boundary}")
    index = np.arange(len(stream))
    latest = np.maximum.accumulate(np.where(stream == boundary, index, 0))
    return index - np.concatenate(([0], latest[:-1]))


def complete(known: np.ndarray, length: int) -> np.ndarray:
    """Where an n-gram of `length` tokens ends that lies in one document; the first boundary is no event."""
    return known >= max(1, length - 1)


def packed(stream: np.ndarray, length: int, bits: np.uint64) -> np.ndarray:
    """The last `length` ids up to each position as one number, the latest in its lowest bits, uint64 [T]."""
    keys = np.zeros(len(stream), dtype=np.uint64)
    for back in range(min(length, len(stream))):
        keys[back:] |= stream[: len(stream) - back].astype(np.uint64) << np.uint64(back) * bits
    return keys


def find(keys: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows of `wanted` in sorted `keys`, and whether they are there."""
    row = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return row, keys[row] == wanted


def modified_discounts(counts: np.ndarray) -> tuple[np.ndarray, bool]:
    """Chen and Goodman's D_1, D_2, D_3+ at [1..3], and whether the counts of counts (1 to 4) were enough for them."""
    n1, n2, n3, n4 = (int((counts == c).sum()) for c in (1, 2, 3, 4))
    if min(n1, n2, n3, n4) > 0:
        y = n1 / (n1 + 2 * n2)
        discounts = np.array([0.0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])
        if (discounts >= 0).all():
            return discounts, True
    return FALLBACK, False

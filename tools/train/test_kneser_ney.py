import unittest
from collections import Counter, defaultdict

import numpy as np

from kneser_ney import FALLBACK, KneserNey, modified_discounts

START = "start"  # in the slow model the beginning and the end of a document are two things


class Slow:
    """The same model by its definition: one document, one n-gram, one sum at a time."""

    def __init__(self, documents: list[list[int]], vocabulary: int, order: int):
        self.vocabulary = vocabulary
        sequences = [[START, *document, 0] for document in documents]
        occurrences = {
            n: Counter(
                tuple(s[i : i + n]) for s in sequences for i in range(len(s) - n + 1) if (n, i) != (1, 0)
            )
            for n in range(1, order + 1)
        }
        self.count = {order: occurrences[order]}
        for n in range(1, order):
            left = defaultdict(set)
            for gram in occurrences[n + 1]:
                left[gram[1:]].add(gram[0])
            self.count[n] = {g: c if g[0] == START else len(left[g]) for g, c in occurrences[n].items()}
        self.discounts = {}
        for n, counts in self.count.items():
            n1, n2, n3, n4 = (sum(c == k for c in counts.values()) for k in (1, 2, 3, 4))
            self.discounts[n] = [0, 0.5, 1, 1.5]
            if n1 and n2 and n3 and n4:
                y = n1 / (n1 + 2 * n2)
                found = [0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3]
                if min(found) >= 0:
                    self.discounts[n] = found

    def probability(self, context: list, token: int, n: int) -> float:
        if n == 0:
            return 1 / self.vocabulary
        context = context[len(context) - (n - 1) :] if len(context) >= n - 1 else None
        if context is None:
            raise AssertionError("ask for no more context than there is")
        lower = self.probability(context[1:], token, n - 1)
        discount = lambda count: self.discounts[n][min(count, 3)]
        followers = {g[-1]: c for g, c in self.count[n].items() if list(g[:-1]) == context}
        if not followers:
            return lower
        total = sum(followers.values())
        left_over = sum(discount(c) for c in followers.values()) / total
        own = followers.get(token, 0)
        return (own - discount(own)) / total + left_over * lower


def stream_of(documents: list[list[int]]) -> np.ndarray:
    return np.array([0] + [id for document in documents for id in (*document, 0)], dtype=np.uint16)


def some_documents(random, vocabulary: int, documents: int, length: int) -> list[list[int]]:
    """Skewed and repetitive, so that counts of 1, 2, 3 and more all occur."""
    words = [random.integers(1, vocabulary, size=3).tolist() for _ in range(vocabulary)]
    draw = lambda: words[min(int(random.exponential(vocabulary / 4)), vocabulary - 1)]
    return [sum((draw() for _ in range(length)), []) for _ in range(documents)]


class KneserNeyTest(unittest.TestCase):
    def setUp(self):
        random = np.random.default_rng(7)
        self.vocabulary = 24  # ids 22 and 23 never occur in the training text
        self.train = some_documents(random, 22, documents=6, length=30)
        self.test = [random.integers(1, 24, size=12).tolist(), self.train[0][5:20], [self.train[1][0]], []]

    def model(self, order: int) -> KneserNey:
        return KneserNey(stream_of(self.train), self.vocabulary, order)

    def test_equals_the_definition(self):
        for order in (1, 2, 3, 5):
            slow, fast = Slow(self.train, self.vocabulary, order), self.model(order)
            self.assertEqual(fast.orders[-1].estimated, order > 1)  # so both kinds of discount are compared
            for n, one in enumerate(fast.orders, start=1):
                np.testing.assert_allclose(one.discounts, slow.discounts[n], rtol=1e-12)
            expected = [np.nan]
            for document in self.test:
                sequence = [START, *document, 0]
                for i in range(1, len(sequence)):
                    expected.append(slow.probability(sequence[:i], sequence[i], min(order, i + 1)))
            stream = stream_of(self.test)
            np.testing.assert_allclose(fast.probabilities(stream), expected, rtol=1e-10, equal_nan=True)
            bits = sum(-np.log2(p) for p, id in zip(expected, stream) if id != 0)
            self.assertAlmostEqual(fast.bits_of_documents(stream), bits, places=6)

    def test_sums_to_one_after_every_context(self):
        model = self.model(5)
        random = np.random.default_rng(3)
        contexts = [random.integers(1, 24, size=n).tolist() for n in range(7)]  # mostly unseen
        contexts += [self.train[2][:n] for n in range(7)]  # seen, from the document's beginning
        contexts += [self.train[3][n : n + 5] for n in range(0, 60, 7)]  # seen, inside
        contexts += [[22, *self.train[4][3:6]], [23, 23, 23, 23]]
        for context in contexts:
            probabilities = [
                model.probabilities(np.array([0, *context, token], dtype=np.uint16))[-1]
                for token in range(self.vocabulary)
            ]
            self.assertGreater(min(probabilities), 0)
            self.assertAlmostEqual(sum(probabilities), 1, places=12)

    def test_documents_do_not_see_each_other(self):
        model = self.model(5)
        apart = [model.bits_of_documents(stream_of([document])) for document in self.test]
        self.assertAlmostEqual(model.bits_of_documents(stream_of(self.test)), sum(apart), places=9)
        swapped = KneserNey(stream_of(self.train[::-1]), self.vocabulary, 5)
        self.assertEqual(swapped.bits_of_documents(stream_of(self.test)), model.bits_of_documents(stream_of(self.test)))

    def test_documents_shorter_than_the_order(self):
        slow, fast = Slow([[1], [1], [2]], 4, 5), KneserNey(stream_of([[1], [1], [2]]), 4, 5)
        for token in range(4):
            probability = fast.probabilities(np.array([0, token]))[1]
            self.assertAlmostEqual(probability, slow.probability([START], token, 2), places=12)

    def test_discounts(self):
        counts = np.array([1] * 60 + [2] * 25 + [3] * 15 + [4] * 10 + [9] * 3)
        discounts, estimated = modified_discounts(counts)
        y = 60 / 110
        np.testing.assert_allclose(discounts, [0, 1 - 2 * y * 25 / 60, 2 - 3 * y * 15 / 25, 3 - 4 * y * 10 / 15])
        self.assertTrue(estimated)
        discounts, estimated = modified_discounts(np.array([1, 1, 5, 5]))
        np.testing.assert_array_equal(discounts, FALLBACK)
        self.assertFalse(estimated)

    def test_refusals(self):
        with self.assertRaisesRegex(ValueError, "64 bits"):
            KneserNey(np.array([0, 1]), 2**13, order=5)
        with self.assertRaisesRegex(ValueError, "boundary"):
            KneserNey(np.array([1, 2]), 4)
        with self.assertRaisesRegex(ValueError, "nothing"):
            KneserNey(np.array([0]), 4)


if __name__ == "__main__":
    unittest.main()

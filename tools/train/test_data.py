import lzma
import random
import tempfile
import unittest
from pathlib import Path

import numpy as np

from data import Batches, cached_stream, encode, inputs_and_targets, opening, read_documents
from tokenizer import END_OF_TEXT, train_tokenizer

DOCUMENTS = ["One two three 1234.\n\nFour, five.", "Six \u2014 seven\r\neight \U0001f642", "\u7ebf\u6027\n"]


class DocumentsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tokenizer = train_tokenizer(DOCUMENTS * 20, 300)

    def test_a_file_is_read_back_plain_and_compressed(self):
        data = (f"\n{END_OF_TEXT}\n".join(DOCUMENTS) + "\n").encode()
        with tempfile.TemporaryDirectory() as folder:
            plain, compressed = Path(folder) / "a.txt", Path(folder) / "a.txt.xz"
            plain.write_bytes(data)
            compressed.write_bytes(lzma.compress(data))
            self.assertEqual(read_documents(plain), DOCUMENTS)
            self.assertEqual(read_documents(compressed), DOCUMENTS)

    def test_opening_cuts_where_the_limit_falls(self):
        self.assertEqual(opening(["abc", "def", "ghi"], 5), ["abc", "de"])
        self.assertEqual(opening(["abc"], 10), ["abc"])

    def test_every_text_comes_back_from_its_tokens(self):
        draw = random.Random(1)
        texts = [*DOCUMENTS, "\x00\x07\x1b[0m", "\r\n\r\n", "e\u0301\u0301", "12 345\t6", " ", "\U0010ffff"]
        for _ in range(200):
            points = [draw.randrange(0x110000) for _ in range(draw.randrange(20))]
            texts.append("".join(chr(p) for p in points if not 0xD800 <= p < 0xE000))
        for text in texts:
            ids = self.tokenizer.encode(text, add_special_tokens=False).ids
            self.assertEqual(self.tokenizer.decode(ids), text)

    def test_digits_stay_apart(self):
        for token in self.tokenizer.get_vocab():
            self.assertLessEqual(sum(character.isdigit() for character in token), 1, token)

    def test_the_mark_stands_before_every_document_and_after_the_last(self):
        stream = encode(self.tokenizer, DOCUMENTS)
        end = self.tokenizer.token_to_id(END_OF_TEXT)
        marks = np.flatnonzero(stream == end)
        self.assertEqual((len(marks), marks[0], marks[-1]), (len(DOCUMENTS) + 1, 0, len(stream) - 1))
        for document, first, last in zip(DOCUMENTS, marks[:-1] + 1, marks[1:], strict=True):
            self.assertEqual(self.tokenizer.decode(stream[first:last].tolist()), document)

    def test_a_prompt_is_read_and_not_learnt(self):
        documents = ["What is six?\nAnswer:\nseven eight", "no prompt here"]
        plain = encode(self.tokenizer, documents).astype(np.int64)
        marked = encode(self.tokenizer, documents, ["Think:\n", "Answer:\n"]).astype(np.int64)
        inputs, targets = inputs_and_targets(marked)
        np.testing.assert_array_equal(inputs, plain[:-1])
        learnt = targets >= 0
        np.testing.assert_array_equal(targets[learnt], plain[1:][learnt])
        end = self.tokenizer.decode([0], skip_special_tokens=False)
        text = self.tokenizer.decode(plain[1:][learnt].tolist(), skip_special_tokens=False)
        self.assertEqual(text, f"seven eight{end}no prompt here{end}")

    def test_a_stream_is_kept_per_text(self):
        with tempfile.TemporaryDirectory() as folder:
            for documents in (DOCUMENTS, DOCUMENTS[:2], DOCUMENTS):
                kept = cached_stream(Path(folder), "train", self.tokenizer, documents)
                np.testing.assert_array_equal(kept, encode(self.tokenizer, documents))
            self.assertEqual(len(list(Path(folder).iterdir())), 2)


class BatchesTest(unittest.TestCase):
    length, batch = 7, 3

    def batches(self, seed: int = 1) -> Batches:
        return Batches(np.arange(100, dtype=np.uint16), self.length, self.batch, seed)

    def starts(self, batches: Batches, first: int, count: int) -> list[int]:
        return [batches.at(first + k)[0][0, 0].item() for k in range(count)]

    def test_targets_are_the_next_tokens(self):
        inputs, targets = self.batches().at(0)
        self.assertEqual(inputs.shape, (self.batch, self.length))
        self.assertTrue((targets == inputs + 1).all())
        self.assertTrue((inputs[:, 1:] == inputs[:, :-1] + 1).all())

    def test_an_epoch_uses_each_window_once(self):
        batches = self.batches()
        for epoch in range(30):  # so that every offset comes up
            starts = sorted(self.starts(batches, epoch * batches.per_epoch, batches.per_epoch))
            self.assertEqual(np.diff(starts).tolist(), [self.length] * (batches.per_epoch - 1))
            self.assertLess(starts[0], self.length)
            self.assertLess(starts[-1] + self.length, 100)

    def test_order_depends_on_seed_and_number_alone(self):
        one, other = self.batches(), self.batches()
        self.starts(other, 0, 40)
        self.assertEqual(self.starts(one, 11, 30), self.starts(other, 11, 30))
        self.assertNotEqual(self.starts(self.batches(1), 0, 13), self.starts(self.batches(2), 0, 13))
        self.assertNotEqual(self.starts(one, 0, 13), self.starts(one, 13, 13))  # the next epoch is another order

    def test_too_little_text_is_refused(self):
        with self.assertRaisesRegex(ValueError, "too few"):
            Batches(np.arange(13, dtype=np.uint16), 7, 1, 0)


if __name__ == "__main__":
    unittest.main()

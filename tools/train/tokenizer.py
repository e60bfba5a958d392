"""Byte-level BPE, trained with Hugging Face's `tokenizers` and split like SmolLM2's (llama.cpp's `smollm`):
digits one by one, then GPT-2's expression. Every byte is a token, so any text can be written and read back.
"""

from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

END_OF_TEXT = "<|endoftext|>"  # id 0: between documents, and before the first token of a text


def train_tokenizer(texts: list[str], vocabulary: int) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def load_or_train(path: Path, texts: list[str], vocabulary: int) -> Tokenizer:
    if path.exists():
        tokenizer = Tokenizer.from_file(str(path))
        if tokenizer.get_vocab_size() > vocabulary:
            raise ValueError(f"{path} holds {tokenizer.get_vocab_size()} tokens; the configuration says {vocabulary}")
        return tokenizer
    tokenizer = train_tokenizer(texts, vocabulary)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    tokenizer.save(str(partial))
    partial.replace(path)
    return tokenizer

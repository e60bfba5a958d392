import unittest

import torch
from torch import Tensor

from model import Llama, Shape

try:
    import transformers
except ImportError:
    transformers = None

SHAPE = Shape(vocabulary=97, width=48, layers=3, heads=6, key_heads=2, hidden=80, context=40, rope_base=5_000.0)


def some_model() -> Llama:
    torch.manual_seed(3)
    model = Llama(SHAPE).eval()
    with torch.no_grad():  # larger weights than at the start of a training, or attention would hardly matter
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) * 0.15)
    return model


def some_ids(rows: int, length: int) -> Tensor:
    return torch.randint(0, SHAPE.vocabulary, (rows, length), generator=torch.Generator().manual_seed(4))


def half_split(weight: Tensor, heads: int) -> Tensor:
    """Rows of a query or key matrix from neighbouring rotary pairs to Hugging Face's (i, i + E/2)."""
    return weight.unflatten(0, (heads, -1, 2)).transpose(1, 2).flatten(0, 2)


class ModelTest(unittest.TestCase):
    @unittest.skipIf(transformers is None, "pip install transformers to compare with LlamaForCausalLM")
    def test_equals_hugging_face(self):
        ours = some_model()
        config = transformers.LlamaConfig(
            vocab_size=SHAPE.vocabulary,
            hidden_size=SHAPE.width,
            intermediate_size=SHAPE.hidden,
            num_hidden_layers=SHAPE.layers,
            num_attention_heads=SHAPE.heads,
            num_key_value_heads=SHAPE.key_heads,
            max_position_embeddings=SHAPE.context,
            rms_norm_eps=SHAPE.norm_epsilon,
            rope_parameters={"rope_type": "default", "rope_theta": SHAPE.rope_base},
            tie_word_embeddings=True,
        )
        theirs = transformers.LlamaForCausalLM(config).eval()
        weights = {"model.embed_tokens.weight": ours.embedding.weight, "model.norm.weight": ours.norm.weight}
        for k, block in enumerate(ours.blocks):
            attention, feed_forward = block.attention, block.feed_forward
            for name, weight in {
                "input_layernorm": block.attention_norm.weight,
                "self_attn.q_proj": half_split(attention.query.weight, SHAPE.heads),
                "self_attn.k_proj": half_split(attention.key.weight, SHAPE.key_heads),
                "self_attn.v_proj": attention.value.weight,
                "self_attn.o_proj": attention.output.weight,
                "post_attention_layernorm": block.feed_forward_norm.weight,
                "mlp.gate_proj": feed_forward.gate.weight,
                "mlp.up_proj": feed_forward.up.weight,
                "mlp.down_proj": feed_forward.down.weight,
            }.items():
                weights[f"model.layers.{k}.{name}.weight"] = weight
        missing, unexpected = theirs.load_state_dict(weights, strict=False)
        self.assertEqual((missing, unexpected), (["lm_head.weight"], []))  # the head is the embedding
        ids = some_ids(2, SHAPE.context)
        with torch.no_grad():
            expected, logits = theirs(ids).logits, ours(ids)
        self.assertGreater(expected.std().item(), 1)  # so that 1e-4 means something
        torch.testing.assert_close(logits, expected, rtol=0, atol=1e-4)

    @torch.no_grad()
    def test_a_token_sees_itself_and_what_came_before(self):
        model, ids = some_model(), some_ids(1, 20)
        changed = ids.clone()
        changed[0, 12] = (changed[0, 12] + 1) % SHAPE.vocabulary
        difference = (model(ids) - model(changed)).abs().amax(dim=(0, 2))
        self.assertEqual(difference[:12].max().item(), 0)
        self.assertGreater(difference[12:].min().item(), 1e-3)
        torch.testing.assert_close(model(ids[:, :7]), model(ids)[:, :7], rtol=0, atol=1e-5)

    @torch.no_grad()
    def test_loss_is_the_mean_surprisal_of_the_targets_that_count(self):
        model, ids = some_model(), some_ids(2, 11)
        inputs, targets = ids[:, :-1], ids[:, 1:].clone()
        targets[0, :4] = -1
        surprisals = [
            -model(inputs)[row, at].double().log_softmax(-1)[targets[row, at]].item()
            for row in range(2)
            for at in range(10)
            if targets[row, at] >= 0
        ]
        self.assertEqual(len(surprisals), 16)
        self.assertAlmostEqual(model.loss(inputs, targets).item(), sum(surprisals) / 16, places=4)
        self.assertAlmostEqual(model.loss(inputs, targets, "sum").item(), sum(surprisals), places=3)


if __name__ == "__main__":
    unittest.main()

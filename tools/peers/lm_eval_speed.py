"""How long lm-eval takes for requests of a model of SmolLM2-135M's shape: `python lm_eval_speed.py requests.json DTYPE THREADS BATCH`.

Reads [[context ids, continuation ids], ...] and prints JSON: seconds, tokens per second and versions. The weights are
random (the time does not depend on them) and the ids are given, so neither a download nor a tokenizer is needed; what
runs is lm-eval's own HFLM._loglikelihood_tokens. Needs: pip install lm_eval==0.4.13 torch transformers.
"""

import json
import sys
import time

import lm_eval
import torch
import transformers
from lm_eval.models.huggingface import HFLM
from tokenizers import Tokenizer, models

path, dtype, threads, batch = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
torch.set_num_threads(threads)
torch.manual_seed(0)
config = transformers.LlamaConfig(
    vocab_size=49152,
    hidden_size=576,
    intermediate_size=1536,
    num_hidden_layers=30,
    num_attention_heads=9,
    num_key_value_heads=3,
    max_position_embeddings=8192,
    tie_word_embeddings=True,
    rope_theta=100000.0,
)
model = transformers.LlamaForCausalLM(config).to(getattr(torch, dtype)).eval()
tokenizer = transformers.PreTrainedTokenizerFast(
    tokenizer_object=Tokenizer(models.BPE(vocab={"a": 0, "<e>": 1}, merges=[])), eos_token="<e>", pad_token="<e>"
)
lm = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=batch, device="cpu")
requests = [((str(i), str(i)), context, continuation) for i, (context, continuation) in enumerate(json.load(open(path)))]
lm._loglikelihood_tokens(requests[:8], disable_tqdm=True)  # warm-up
start = time.perf_counter()
cpu = time.process_time()
lm._loglikelihood_tokens(requests, disable_tqdm=True)
seconds = time.perf_counter() - start
tokens = sum(len(context) + len(continuation) - 1 for _, context, continuation in requests)
print(
    json.dumps(
        {
            "seconds": seconds,
            "cpu": time.process_time() - cpu,
            "tokens": tokens,
            "lm_eval": lm_eval.__version__ if hasattr(lm_eval, "__version__") else "?",
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        }
    )
)

"""Records what other libraries say of small sets of answers: the fixture of src/uncertainty/samples' tests.

    python3 -m venv peers-venv
    peers-venv/bin/pip install numpy scipy rouge-score nltk absl-py spacy torch   # versions: tools/peers/record_samples.txt
    peers-venv/bin/pip install --no-deps lm-polygraph==0.7.0 uqlm==0.6.7 selfcheckgpt==0.1.7
    git clone jlko/semantic_uncertainty (a8d9aa8), lorenzkuhn/semantic_uncertainty (20e0ee1), zlin7/UQ-NLG (ecaea91) into REPOS/{jlko,kuhn,uq-nlg}
    peers-venv/bin/python tools/peers/record_samples.py REPOS > src/uncertainty/samples/fixtures/peers.json

The estimators' own code runs; what only loads models is left out: packages are opened without their __init__, NLI and embeddings
are the random probabilities of the cases, and spaCy's en_core_web_sm is spacy.blank("en") with its sentencizer, whose
tokenizer is the same.
"""
import ast
import json
import sys
import types
import warnings
from importlib.metadata import distribution, version
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np  # these first: they load what is absent below
import rouge_score.rouge_scorer
import spacy
import torch
from nltk.stem.porter import PorterStemmer
from nltk.translate import bleu_score

warnings.filterwarnings("ignore")
REPOS = Path(sys.argv[1])
random = np.random.default_rng(18)


def bare(package):
    """A package whose __init__ is not run, so that one of its modules can be imported alone."""
    module = types.ModuleType(package)
    module.__path__ = [str(distribution(DISTRIBUTIONS[package.split(".")[0]]).locate_file(package.replace(".", "/")))]
    sys.modules[package] = module


DISTRIBUTIONS = {"lm_polygraph": "lm-polygraph", "uqlm": "uqlm", "selfcheckgpt": "selfcheckgpt"}
for package in ["lm_polygraph", "lm_polygraph.estimators", "lm_polygraph.stat_calculators", "lm_polygraph.utils", "uqlm",
                "uqlm.nli", "uqlm.black_box", "uqlm.black_box.baseclass", "uqlm.scorers", "uqlm.scorers.shortform", "uqlm.utils",
                "selfcheckgpt"]:
    bare(package)
for absent in ["transformers", "rich", "rich.progress", "lm_polygraph.utils.model", "uqlm.utils.device", "uqlm.utils.warn",
               "uqlm.black_box.baseclass.similarity_scorer"]:
    sys.modules[absent] = MagicMock()
sys.modules["uqlm.black_box.baseclass.similarity_scorer"].SimilarityScorer = object
sys.modules["lm_polygraph.utils.common"] = types.SimpleNamespace(polygraph_module_init=lambda method: method)


def blank(_):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    return nlp


spacy.load = blank

from lm_polygraph.estimators.cocoa import CocoaMSP, CocoaMTE, CocoaPPL
from lm_polygraph.estimators.deg_mat import DegMat
from lm_polygraph.estimators.eccentricity import Eccentricity
from lm_polygraph.estimators.eig_val_laplacian import EigValLaplacian
from lm_polygraph.estimators.kernel_language_entropy import KernelLanguageEntropy
from lm_polygraph.estimators.label_prob import LabelProb
from lm_polygraph.estimators.lexical_similarity import LexicalSimilarity
from lm_polygraph.estimators.luq import LUQ
from lm_polygraph.estimators.monte_carlo_normalized_sequence_entropy import MonteCarloNormalizedSequenceEntropy
from lm_polygraph.estimators.monte_carlo_sequence_entropy import MonteCarloSequenceEntropy
from lm_polygraph.estimators.num_sem_sets import NumSemSets
from lm_polygraph.estimators.sar import SAR
from lm_polygraph.estimators.semantic_density import SemanticDensity
from lm_polygraph.estimators.semantic_entropy import SemanticEntropy
from lm_polygraph.estimators.sentence_sar import SentenceSAR
from lm_polygraph.estimators.token_sar import TokenSAR
from lm_polygraph.stat_calculators.semantic_classes import SemanticClassesCalculator
from selfcheckgpt.modeling_ngram import NgramModel, UnigramModel
from uqlm.black_box.cosine import CosineScorer
from uqlm.black_box.match import MatchScorer
from uqlm.nli import entropy_utils
from uqlm.nli.cluster import SemanticClusterer
from uqlm.nli.nli import NLI


def functions(path, names, extra):
    """Functions out of a file that cannot be imported, with the names they need."""
    tree = ast.parse(Path(path).read_text())
    body = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in names]
    space = dict(extra)
    exec(compile(ast.Module(body=body, type_ignores=[]), str(path), "exec"), space)
    return types.SimpleNamespace(**{name: space[name] for name in names})


jlko = functions(REPOS / "jlko/semantic_uncertainty/uncertainty/uncertainty_measures/semantic_entropy.py",
                 ["get_semantic_ids", "logsumexp_by_id", "predictive_entropy_rao", "cluster_assignment_entropy"], {"np": np})
kuhn = functions(REPOS / "kuhn/code/compute_confidence_measure.py", ["get_predictive_entropy_over_concepts"],
                 {"torch": torch, "llh_shift": torch.tensor(5.0)})
from collections import defaultdict
uqnlg = functions(REPOS / "uq-nlg/pipeline/uq_bb.py", ["_create_semantic_sets", "_logmeanexp", "_hard_semantic_entropies", "jaccard_one"],
                  {"np": np, "torch": torch, "defaultdict": defaultdict, "CONTRADICT": 0})
uqgraph = functions(REPOS / "uq-nlg/pipeline/clustering.py", ["get_affinity_mat", "get_L_mat", "get_eig"], {"np": np, "torch": torch})


class FixedNLI(NLI):
    """uqlm's NLI, its model replaced by the case's probabilities."""

    def __init__(self, table):
        self.label_mapping = ["contradiction", "neutral", "entailment"]
        self.probabilities = {}
        self.table = table

    def predict_batch(self, pairs):
        return np.array([self.table[pair] for pair in pairs])


def case(name, texts, sharp=0.5):
    """Answers with made-up likelihoods and NLI probabilities; the first is the answer."""
    n = len(texts)
    unique = sorted(set(texts))
    # [contradiction, neutral, entailment] as 32-bit logits would give, in double precision
    logits = np.round(random.normal(size=(len(unique), len(unique), 3)) / sharp, 3)
    for i in range(len(unique)):
        logits[i, i] = [-3, -1, 3.5]
    exp = np.exp(logits)
    probs = exp / exp.sum(-1, keepdims=True)
    tokens = [max(1, len(t) // 4) for t in texts]
    logprobs = [round(-float(random.gamma(2.0)) * 0.4 * m, 6) for m in tokens]
    seen = {}
    for i, t in enumerate(texts):  # one text has one probability
        logprobs[i] = seen.setdefault(t, logprobs[i])
    vectors = np.round(random.normal(size=(len(unique), 6)), 3)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    similarity = np.clip(unit @ unit.T, 0, 1)
    np.fill_diagonal(similarity, 1)
    index = [unique.index(t) for t in texts]
    entropies = np.round(random.gamma(2.0, size=tokens[0]), 4)
    probs_of = probs[index][:, index]
    logits_of = logits[index][:, index]
    similarity_of = similarity[index][:, index]
    r = {}

    def lm(label, estimator, **stats):
        r[f"lm-polygraph {label}"] = float(estimator(stats)[0])

    e, c, neutral = (np.array([probs_of[:, :, k]]) for k in (2, 0, 1))
    ids = np.array([probs_of.argmax(-1)])
    classes = SemanticClassesCalculator()({"semantic_matrix_classes": ids, "entailment_id": 2, "sample_texts": [texts]}, [], None)
    classes = classes["semantic_classes_entail"]
    graph = {"sample_texts": [texts], "semantic_matrix_entail": e, "semantic_matrix_contra": c}
    for kind, options in [("jaccard", {"similarity_score": "Jaccard_score"}), ("entail", {"affinity": "entail"}),
                          ("contra", {"affinity": "contra"})]:
        lm(f"DegMat {kind}", DegMat(**options), **graph)
        lm(f"EigValLaplacian {kind}", EigValLaplacian(**options), **graph)
        lm(f"Eccentricity {kind}", Eccentricity(**options), **graph)
    lm("NumSemSets", NumSemSets(), **graph)
    lm("KernelLanguageEntropy", KernelLanguageEntropy(), **graph)
    for metric in ["rouge1", "rouge2", "rougeL"]:
        lm(f"LexicalSimilarity {metric}", LexicalSimilarity(metric), sample_texts=[texts])
    blue = LexicalSimilarity("BLEU")
    r["lm-polygraph BLEU matrix"] = [[float(blue._score_single(a, b)) if a.split() and b.split() else 0.0 for b in texts] for a in texts]
    lm("LUQ", LUQ(), semantic_matrix_entail_logits=np.array([logits_of[:, :, 2]]), semantic_matrix_contra_logits=np.array([logits_of[:, :, 0]]))
    lm("LabelProb", LabelProb(), semantic_classes_entail=classes)
    sampled = {"sample_log_probs": [logprobs], "sample_texts": [texts], "semantic_classes_entail": classes}
    lm("SemanticEntropy", SemanticEntropy(), **sampled)
    lm("SemanticEntropy unique", SemanticEntropy(use_unique_responses=True), **sampled)
    lm("SemanticEntropy direct", SemanticEntropy(entropy_estimation="direct"), **sampled)
    lm("SemanticEntropy frequency", SemanticEntropy(class_probability_estimation="frequency"), **sampled)
    token_lists = [[[0] * m for m in tokens]]
    lm("MonteCarloSequenceEntropy", MonteCarloSequenceEntropy(), sample_log_probs=[logprobs])
    lm("MonteCarloNormalizedSequenceEntropy", MonteCarloNormalizedSequenceEntropy(), sample_log_probs=[logprobs], sample_tokens=token_lists)
    lm("SentenceSAR", SentenceSAR(), sample_log_probs=[logprobs], sample_sentence_similarity=np.array([similarity_of]))
    token_logprobs = [np.round(-random.gamma(1.0, size=m), 4) for m in tokens]
    token_similarity = [np.round(random.uniform(0.4, 1, size=m), 4) for m in tokens]
    lm("SAR", SAR(), sample_log_likelihoods=[token_logprobs], sample_token_similarity=[token_similarity],
       sample_sentence_similarity=np.array([similarity_of]))
    lm("TokenSAR", TokenSAR(), greedy_log_likelihoods=[token_logprobs[0]], token_similarity=[token_similarity[0]])
    # The answer is texts[0], as greedy; the samples are the others.
    answer_logprobs = [logprobs[0] / tokens[0]] * tokens[0]
    others = {"greedy_sentence_similarity": np.array([similarity_of[0][1:]]), "greedy_log_likelihoods": [answer_logprobs]}
    lm("CocoaMSP", CocoaMSP(), **others)
    lm("CocoaPPL", CocoaPPL(), **others)
    lm("CocoaMTE", CocoaMTE(), greedy_sentence_similarity=others["greedy_sentence_similarity"], entropy=[entropies])
    lm("SemanticDensity", SemanticDensity(concat_input=False), sample_log_probs=[logprobs[1:]], sample_tokens=[token_lists[0][1:]],
       sample_texts=[texts[1:]], greedy_log_likelihoods=[answer_logprobs], greedy_semantic_matrix_contra_forward=c[:, 0, 1:],
       greedy_semantic_matrix_neutral_forward=neutral[:, 0, 1:])

    table = {(a, b): probs[i, j] for i, a in enumerate(unique) for j, b in enumerate(unique)}
    nli = FixedNLI(table)
    clusters, indices, _, _ = SemanticClusterer(nli).cluster_responses(responses=texts)
    per_token, uniform = entropy_utils.compute_response_probabilities(
        [[{"logprob": logprobs[i] / tokens[i]}] * tokens[i] for i in range(n)], num_responses=n)
    r["uqlm clusters"] = [list(map(int, one)) for one in indices]
    for kind, response in [("discrete", uniform), ("tokenprob", per_token)]:
        entropy = entropy_utils.compute_semantic_entropy(entropy_utils.compute_cluster_probabilities(response, indices))
        r[f"uqlm {kind}"] = 1 - entropy_utils.normalize_entropy([entropy], num_responses=n - 1)[0]
    r["uqlm monte_carlo_probability"] = float(np.mean(per_token))
    results = [nli.get_nli_results(texts[0], t) for t in texts[1:]]
    r["uqlm noncontradiction"] = float(np.mean([x["noncontradiction_score"] for x in results]))
    r["uqlm entailment"] = float(np.mean([x["entailment_score"] for x in results]))
    r["uqlm exact_match"] = float(MatchScorer._compute_score(texts[0], texts[1:]))
    cosine = CosineScorer.__new__(CosineScorer)
    cosine.max_length = 10 ** 9
    cosine.model = types.SimpleNamespace(encode=lambda batch: np.array([vectors[unique.index(t)] for t in batch]))
    cosines = cosine._compute_score(texts[0], texts[1:])
    r["uqlm cosine_sim"] = float(np.mean(cosines))
    r["uqlm consistency_and_confidence"] = float(np.mean(cosines) * per_token[0])
    distance = np.array([probs_of[0, j, 0] + probs_of[0, j, 1] * (np.sqrt(2) / 2) for j in range(1, n)])
    squared = np.array([probs_of[0, j, 0] + probs_of[0, j, 1] / 2 for j in range(1, n)])
    r["uqlm semantic_density"] = float(np.average((1 - squared) * (distance <= 1), weights=per_token[1:]))  # density.py's lines

    judge = types.SimpleNamespace(check_implication=lambda a, b, example=None: int(table[(a, b)].argmax()))
    means = [logprobs[i] / tokens[i] for i in range(n)]
    for label, strict in [("jlko", False), ("jlko strict", True)]:
        found = jlko.get_semantic_ids(texts, judge, strict_entailment=strict)
        r[f"{label} ids"] = found
        r[f"{label} rao"] = float(jlko.predictive_entropy_rao(jlko.logsumexp_by_id(found, np.array(means))))
        r[f"{label} discrete"] = float(jlko.cluster_assignment_entropy(found))

    sets = uqnlg._create_semantic_sets({"mapping": index, "sim_mat": torch.tensor(probs)})
    r["uq-nlg ids"] = sets
    nll = torch.tensor([[-x for x in means]], dtype=torch.float64)
    r["uq-nlg entropy"] = float(uqnlg._hard_semantic_entropies(nll, torch.tensor([sets]))[0])
    r["kuhn entropy"] = float(kuhn.get_predictive_entropy_over_concepts(-nll[None], torch.tensor([[sets]]))[0])
    W = uqnlg.jaccard_one(texts)
    r["uq-nlg degree jaccard"] = float(np.mean(np.sum(1 - W, axis=1)))
    eigenvalues = uqgraph.get_eig(uqgraph.get_L_mat(W))[0]
    r["uq-nlg eigv jaccard"] = float((1 - eigenvalues).clip(0).sum())
    vectors_kept = uqgraph.get_eig(uqgraph.get_L_mat(W), thres=0.9)[1]
    r["uq-nlg eccentricity jaccard"] = float(np.linalg.norm(np.linalg.norm(vectors_kept - vectors_kept.mean(0)[None, :], 2, axis=1), 2))
    return {"name": name, "texts": texts, "logprobs": logprobs, "tokens": tokens, "meanEntropy": float(np.mean(entropies)), "unique": unique,
            "entailment": probs[:, :, 2].tolist(), "contradiction": probs[:, :, 0].tolist(), "vectors": vectors.tolist(),
            "similarity": similarity.tolist(), "tokenLogprobs": [x.tolist() for x in token_logprobs],
            "tokenSimilarities": [x.tolist() for x in token_similarity], "results": r}


def selfcheck(name, answer, samples):
    """Sentences as spaCy's sentencizer gives them, and every text as its tokens."""
    nlp = blank("")
    sentences = [sentence.text.strip() for sentence in nlp(answer).sents]
    r = {}
    for n in (1, 2, 3):
        model = UnigramModel() if n == 1 else NgramModel(n=n)
        for text in [answer, *samples]:
            model.add(text)
        model.train(k=0)
        found = model.evaluate(sentences)
        r[str(n)] = {"mean": float(found["doc_level"]["avg_neg_logprob"]), "max": float(found["doc_level"]["avg_max_neg_logprob"]),
                     "sentences": [float(x) for x in found["sent_level"]["avg_neg_logprob"]]}
    cut = {text: {"sentences": [s.text.strip() for s in nlp(text).sents]} for text in [answer, *samples]}
    for entry in cut.values():
        entry["words"] = [[token.text.lower() for token in nlp(s)] for s in entry["sentences"]]
    return {"name": name, "answer": answer, "samples": samples, "cut": cut, "results": r}


def symmetric(n):
    a = random.normal(size=(n, n))
    a = np.round((a + a.T) / 2, 6)
    return {"matrix": a.tolist(), "values": np.linalg.eigvalsh(a).tolist()}


SHORT = ["Paris", "Paris.", "It is Paris.", "Lyon", "Paris", "The capital of France is Paris.", "It's Lyon, I think."]
CHINESE = ["法国的首都是巴黎。", "巴黎是法国的首都。", "首都是里昂。", "法国的首都是巴黎。", "我不知道"]
LONG = ["The bridge was built in 1932 by the city and carries six lanes of traffic across the harbour every day.",
        "Built in 1932, the bridge carries eight lanes of traffic and two railway tracks across the harbour.",
        "The bridge, which was opened in 1937, carries six lanes across the bay each and every day.",
        "It was built by engineers from England in the 1920s; nobody knows how many cars are crossing it.",
        "The bridge was built in 1932 by the city and carries six lanes of traffic across the harbour every day.",
        "Harbour traffic is carried across six lanes of the bridge that the city had been building until 1932."]
EMPTY = ["yes", "", "no", "", "yes indeed"]
WORDS = "running flies dying happily relational conditional rationally traditional traffic adjustable generalization oscillators " \
        "ponies caress agreed plastered motoring conflated troubled sized hopping falling hissing failing filing happy sky enjoy " \
        "fully radically geologists archaeology valencies hesitancy digitizer conformably differently vilely analogously " \
        "predication operator feudalism decisiveness hopefulness callousness formality sensitivity triplicate formative " \
        "electricity electrical goodness revival allowance inference airliner gyroscopic adoption homologous communism " \
        "activate angularity effective bowdlerize probate cease controlling rolled innings proceed exceeding spied died " \
        "lying ties hypotheses sensibility university employment replacement 1932 six2 yyyy syzygy abilities possibly".split()
ANSWER = ("The bridge was opened in 1932. It carries six lanes of traffic, two railway tracks and a footpath. "
          "It's said that the engineers didn't sleep for a week!")
SAMPLES = ["The bridge opened in 1932 and carries eight lanes of traffic. There is a footpath, too.",
           "It was opened in 1932. It carries six lanes of traffic and two railway tracks.",
           "Nobody knows when the bridge was opened; it's old. The engineers didn't leave any notes."]

json.dump({
    "versions": {name: version(name) for name in ["lm-polygraph", "uqlm", "selfcheckgpt", "rouge-score", "nltk", "spacy", "numpy", "scipy", "torch"]},
    "cases": [case("short", SHORT), case("chinese", CHINESE), case("long", LONG), case("empty", EMPTY), case("two", ["a b c", "a b d"]),
              case("many", [" ".join(random.choice(list("abcdefg"), size=random.integers(1, 9))) for _ in range(12)], sharp=1.0)],
    "selfcheck": [selfcheck("bridge", ANSWER, SAMPLES), selfcheck("short", "Paris is the capital.", ["Paris is.", "Lyon is the capital."])],
    "stems": {word: PorterStemmer().stem(word) for word in WORDS},
    "eigen": [symmetric(n) for n in (1, 2, 5, 12)],
}, sys.stdout, ensure_ascii=False, indent=None)

"""A preset whose vectors of words were learned from texts: a BERT that averages what words occur beside each other."""

import json
import re
from collections import Counter
from itertools import chain
from pathlib import Path

import h5py
import numpy as np
from scipy import sparse
from sklearn.decomposition import TruncatedSVD

WIDTH = 64
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_ATTENTION = ("query", "key", "value")


def write(folder: Path, texts: list[str]) -> None:
    """Writes it as KerasHub does."""
    cut = [re.findall(r"\w+", text.lower()) for text in texts]
    letters = sorted({letter for words in cut for word in words for letter in word})
    words = [word for word, count in Counter(chain.from_iterable(cut)).most_common(3000) if len(word) > 1 and count > 1]
    pieces = list(dict.fromkeys([*_SPECIAL, *letters, *(f"##{letter}" for letter in letters), *words]))
    (folder / "assets" / "tokenizer").mkdir(parents=True)
    (folder / "assets" / "tokenizer" / "vocabulary.txt").write_text("".join(f"{piece}\n" for piece in pieces))
    sizes = {"vocabulary_size": len(pieces), "num_layers": 1, "num_heads": 2, "hidden_dim": WIDTH}
    sizes |= {"intermediate_dim": 8, "max_sequence_length": 64}
    rules = {"lowercase": True, "oov_token": "[UNK]"}
    for name, kind, config in (("config", "BertBackbone", sizes), ("tokenizer", "BertTokenizer", rules)):
        (folder / f"{name}.json").write_text(json.dumps({"class_name": kind, "config": config}))
    with h5py.File(folder / "model.weights.h5", "w") as file:
        for place, value in _weights(_vectors(pieces, cut)).items():
            file[f"layers/{place}"] = value.astype(np.float32)


def _vectors(pieces: list[str], cut: list[list[str]]) -> np.ndarray:
    """Of every piece, from the words that are in the same texts (latent semantic analysis, Deerwester et al. 1990)."""
    number = {piece: index for index, piece in enumerate(pieces)}
    pairs = {(row, number[word]) for row, words in enumerate(cut) for word in words if word in number}
    rows, columns = np.array(sorted(pairs)).T
    counts = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(cut), len(pieces)))
    rarity = np.log(len(cut) / np.maximum(np.asarray(counts.sum(axis=0)).ravel(), 1))
    together = (counts.T @ counts).log1p()
    vectors = TruncatedSVD(WIDTH, random_state=0).fit_transform(together)[:, :WIDTH] * rarity[:, None]
    return np.asarray(vectors / (vectors.std(axis=0) + 1e-9))


def _weights(vectors: np.ndarray) -> dict[str, np.ndarray]:
    """One layer that adds nothing, so that the network says of each subword its vector, normalized."""
    heads, width = 2, WIDTH // 2
    layer = "transformer_encoder"
    found = {
        "reversible_embedding/vars/0": vectors,
        "position_embedding/vars/0": np.zeros((64, WIDTH)),
        "embedding/vars/0": np.zeros((2, WIDTH)),
        f"{layer}/_feedforward_intermediate_dense/vars/0": np.zeros((WIDTH, 8)),
        f"{layer}/_feedforward_intermediate_dense/vars/1": np.zeros(8),
        f"{layer}/_feedforward_output_dense/vars/0": np.zeros((8, WIDTH)),
        f"{layer}/_feedforward_output_dense/vars/1": np.zeros(WIDTH),
        f"{layer}/_self_attention_layer/output_dense/vars/0": np.zeros((heads, width, WIDTH)),
        f"{layer}/_self_attention_layer/output_dense/vars/1": np.zeros(WIDTH),
    }
    for part in _ATTENTION:
        found[f"{layer}/_self_attention_layer/{part}_dense/vars/0"] = np.zeros((WIDTH, heads, width))
        found[f"{layer}/_self_attention_layer/{part}_dense/vars/1"] = np.zeros((heads, width))
    for norm in ("layer_normalization", f"{layer}/_self_attention_layer_norm", f"{layer}/_feedforward_layer_norm"):
        found |= {f"{norm}/vars/0": np.ones(WIDTH), f"{norm}/vars/1": np.zeros(WIDTH)}
    return found

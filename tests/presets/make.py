"""Writes the presets of this folder with KerasHub, and what KerasHub itself makes of some texts with them.

    pip install keras-hub && python tests/presets/make.py

The vocabulary comes from the documentation, the weights are drawn: tiny networks that say nothing, exactly.
"""

import re
import shutil
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import keras
import numpy as np

HERE = Path(__file__).parent
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
FOREIGN = "äßéαβγσж日本ᄒ각ﬁ"
STRANGE = " \t\u00a0\u200b\u00ad\ufe0f!?…“”ﬃẞİıΣς中語\u3000①\uff21²½😀\u0301\x1f"
SIZES = {"hidden_dim": 16, "num_heads": 2, "intermediate_dim": 24, "max_sequence_length": 48}


def sentences() -> list[str]:
    """Lines of the documentation."""
    docs = sorted((HERE.parents[1] / "docs").glob("*.md"))
    lines = [line.strip() for path in docs for line in path.read_text(encoding="utf8").splitlines()]
    return [line for line in lines if len(line) > 20][::7]


def vocabulary(texts: list[str], *, lowercase: bool) -> list[str]:
    """Characters, frequent words and usual endings."""
    read = [text.lower() if lowercase else text for text in texts]
    characters = sorted(
        {each for text in read for each in text if each.isascii() and not each.isspace()} | set(FOREIGN)
    )
    words = [word for word, _ in Counter(re.findall(r"\w+", " ".join(read))).most_common(150) if len(word) > 1]
    pieces = [*characters, *(f"##{each}" for each in characters), *words, "##ing", "##ed", "##s", "##tion"]
    return list(dict.fromkeys([*SPECIAL, *pieces]))


def strange_texts(rng: np.random.Generator) -> list[str]:
    """Texts of usual and unusual characters, as NFC has them."""
    pool = [*"abcdefgh iklmnorstu ", *FOREIGN, *STRANGE]
    drawn = ["".join(rng.choice(pool, rng.integers(0, 40))) for _ in range(150)]
    return [unicodedata.normalize("NFC", text) for text in [*drawn, "", "ab" * 51 + " a", "é" * 51 + " a", "the " * 60]]


def write(name: str, kind: str, *, depth: int, lowercase: bool, strip_accents: bool) -> None:
    """One preset, and `expected.npz` beside its files."""
    import keras_hub

    rng, folder, texts = np.random.default_rng(0), HERE / name, sentences()
    shutil.rmtree(folder, ignore_errors=True)
    pieces = vocabulary(texts, lowercase=lowercase)
    backbone = getattr(keras_hub.models, f"{kind}Backbone")(vocabulary_size=len(pieces), num_layers=depth, **SIZES)
    for variable in backbone.variables:
        variable.assign(np.asarray(variable) + 0.3 * rng.normal(size=variable.shape))
    backbone.save_to_preset(str(folder))
    tokenizer = getattr(keras_hub.models, f"{kind}Tokenizer")(pieces, lowercase=lowercase, strip_accents=strip_accents)
    tokenizer.save_to_preset(str(folder))
    texts = [*texts[:60], *strange_texts(rng)]
    cut = [list(map(int, each)) for each in tokenizer(texts)]
    ids = np.zeros((len(texts), SIZES["max_sequence_length"]), np.int32)
    for row, numbers in enumerate(cut):
        framed = [pieces.index("[CLS]"), *numbers[: ids.shape[1] - 2], pieces.index("[SEP]")]
        ids[row, : len(framed)] = np.array(framed) + 1
    states = said(backbone, ids[::14])
    np.savez_compressed(folder / "expected.npz", texts=np.array(texts), ids=ids, states=states)


def said(backbone: Any, ids: np.ndarray) -> np.ndarray:
    """What KerasHub's network says of subwords, float32 `(n, subwords, width)`."""
    inputs = {"token_ids": np.maximum(ids - 1, 0), "padding_mask": ids > 0, "segment_ids": np.zeros_like(ids)}
    answer = backbone({each: inputs[each] for each in backbone.input})
    return np.asarray(answer["sequence_output"] if isinstance(answer, dict) else answer)


if __name__ == "__main__":
    keras.utils.set_random_seed(0)
    write("bert", "Bert", depth=2, lowercase=True, strip_accents=True)
    write("distilbert", "DistilBert", depth=1, lowercase=False, strip_accents=False)

"""`TextEncoder`: from texts as the user has them to the integers that networks see, learned once."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from easynas.data.vocabulary import learn
from easynas.errors import InputError
from easynas.runtime.subwords import Subwords
from easynas.runtime.tokenizer import FIRST_GRAM, FIRST_WORD, Tokenizer
from easynas.schema import TextSchema

CHUNK_BYTES = 1 << 24
_SHOWN = 40  # characters of a text in a message


@dataclass(frozen=True)
class TextEncoder:
    """Checks and encodes texts.

    Attributes:
        tokenizer: how texts are cut, and which pieces are known.
        subwords: how they are cut for a pretrained encoder; None without one.
    """

    tokenizer: Tokenizer
    subwords: Subwords | None = None

    @classmethod
    def learn(cls, x: Any) -> Self:
        """The encoder for texts like `x`, the training samples, see `check`; `vocabulary.learn` says how.

        Raises:
            InputError: what is not text, or texts without a single word.
        """
        texts = check_texts(x)
        tokenizer = learn(texts.tolist()) if len(texts) else None
        if tokenizer is None or not tokenizer.characters:
            raise InputError(
                f"Texts must hold words. Received {len(texts)} texts without any; check how they were loaded."
            )
        return cls(tokenizer)

    @property
    def schema(self) -> TextSchema:
        """Sizes of what networks see."""
        tokenizer = self.tokenizer
        return TextSchema(
            words=tokenizer.words,
            vocabulary=len(tokenizer.vocabulary) + FIRST_WORD,
            grams=tokenizer.grams,
            gram_vocabulary=len(tokenizer.gram_vocabulary) + FIRST_GRAM,
        )

    @property
    def inputs(self) -> dict[str, tuple[tuple[int, ...], str]]:
        """Shape without the batch, and dtype, of the arrays of `encode`."""
        sizes = {"words": self.tokenizer.words, "grams": self.tokenizer.grams}
        if self.subwords is not None:
            sizes["subwords"] = self.subwords.most
        return {name: ((size,), "int32") for name, size in sizes.items()}

    def check(self, x: Any) -> np.ndarray:
        """Texts to predict, as objects `(n,)`, see `check_texts`.

        Raises:
            InputError: what is not text.
        """
        return check_texts(x)

    def encode(self, samples: Any) -> dict[str, np.ndarray]:
        """Returns `"words"`, int32 `(n, words)`, and `"grams"`, int32 `(n, grams)`, see `Tokenizer.encode`.

        Also `"subwords"`, int32 `(n, subwords)`, for a pretrained encoder, see `Subwords.encode`.
        """
        ids = self.tokenizer.encode(samples)
        return ids if self.subwords is None else {**ids, "subwords": self.subwords.encode(samples)}

    def raw(self, samples: np.ndarray) -> np.ndarray:
        """The texts as they are, as an array of text `(n,)`."""
        return np.asarray(samples.tolist(), dtype=str) if len(samples) else np.empty(0, "<U1")

    def restore(self, raw: np.ndarray) -> np.ndarray:
        """The texts as objects `(n,)`."""
        return raw.astype(object)

    @property
    def chunk(self) -> int:
        """How many texts make a few megabytes of ids."""
        most = 0 if self.subwords is None else self.subwords.most
        return max(1, CHUNK_BYTES // (8 * (self.tokenizer.words + self.tokenizer.grams + self.tokenizer.length + most)))

    @property
    def learned(self) -> str:
        """Which pretrained encoder they are encoded for; nothing else that the texts themselves do not say."""
        return "" if self.subwords is None else self.subwords.source

    def to_config(self) -> dict[str, Any]:
        """The encoder as plain JSON values."""
        config = self.tokenizer.to_config()
        return config if self.subwords is None else {**config, "subwords": self.subwords.to_config()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The encoder that `to_config` described."""
        subwords = config.get("subwords")
        return cls(Tokenizer.from_config(config), None if subwords is None else Subwords.from_config(subwords))


def check_texts(x: Any) -> np.ndarray:
    """Returns texts as objects `(n,)`, all `str`.

    Missing ones (None, NaN, pandas' NA) become empty. Half of a surrogate pair, which no encoding has, becomes U+FFFD.

    Args:
        x: texts `(n,)` or `(n, 1)`: a list, an array, a pandas Series, Index or one-column frame.

    Raises:
        InputError: `x` is one text, has another shape, or holds something else.
    """
    if isinstance(x, str | bytes):
        raise InputError(f"`x` must be a list of texts. Received one text, {x[:_SHOWN]!r}; put it into a list.")
    texts = np.array(x, dtype=object) if hasattr(x, "__array__") else _objects(x)
    if texts.ndim == 2 and texts.shape[1] == 1:
        texts = texts[:, 0]
    if texts.ndim != 1:
        raise InputError(f"`x` must be texts (n,). Received shape {texts.shape}; join the texts of a sample into one.")
    for index, text in enumerate(texts):
        if isinstance(text, str):
            texts[index] = _well_formed(text)
        elif pd.api.types.is_scalar(text) and pd.isna(text):
            texts[index] = ""
        else:
            raise InputError(
                f"`x` must hold texts. Received {type(text).__name__} {str(text)[:_SHOWN]!r} at position {index}; "
                "convert it with `str`, or decode bytes."
            )
    return texts


def _objects(x: Any) -> np.ndarray:
    try:
        values = list(x)
    except TypeError:
        raise InputError(f"`x` must be a list of texts. Received: {type(x).__name__}.") from None
    texts = np.empty(len(values), dtype=object)
    texts[:] = [each[0] if isinstance(each, list | tuple) and len(each) == 1 else each for each in values]
    return texts


def _well_formed(text: str) -> str:
    text = str(text)
    try:
        text.encode("utf8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text

"""`Text`: an exported text model, run by a TFLite interpreter."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from easynas.runtime.answers import predictions
from easynas.runtime.description import read
from easynas.runtime.interpreter import Interpreter
from easynas.runtime.subwords import Subwords
from easynas.runtime.tokenizer import Tokenizer


class Text:
    """Answers about texts.

    Args:
        path: the `.tflite` file.
        threads: of the interpreter.

    Raises:
        ValueError: no interpreter is installed, or the file is none of ours, or a newer easynas'.
    """

    def __init__(self, path: str | Path, *, threads: int = 1) -> None:
        self.description: dict[str, Any] = read(path)
        encoder = self.description["encoder"]
        self.tokenizer = Tokenizer.from_config(encoder)
        self.subwords = Subwords.from_config(encoder["subwords"]) if "subwords" in encoder else None
        self._interpreter = Interpreter(path, threads=threads)

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """What the network answers, float32 `(n, outputs)`: probabilities, or numbers in their units.

        Raises:
            ValueError: `texts` is one text, or holds something else than texts.
        """
        _require_texts(texts)
        ids = self.tokenizer.encode(texts)
        if self.subwords is not None:
            ids["subwords"] = self.subwords.encode(texts)
        return self._interpreter.run(ids, len(texts))

    def predict(self, texts: Sequence[str]) -> list[Any]:
        """What is predicted for each text: a label, a list of labels, or numbers.

        Raises:
            ValueError: as `predict_proba`.
        """
        return predictions(self.predict_proba(texts), self.description["target"])


def _require_texts(texts: Any) -> None:
    if isinstance(texts, str):
        raise ValueError(  # noqa: TRY004 - all mistakes of a caller are of one type here
            f"Texts must be a list of strings. Received one string, {texts[:40]!r}; put it into a list."
        )
    wrong = next((text for text in texts if not isinstance(text, str)), None)
    if wrong is not None:
        raise ValueError(f"Texts must be strings. Received {wrong!r}; convert it with `str`.")

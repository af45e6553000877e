"""`Text`: an exported text model in two files, run by a TFLite interpreter."""

import json
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from easynas.runtime.tokenizer import Tokenizer

INTERPRETERS = ("ai_edge_litert", "tensorflow")
"""Packages that run a `.tflite` file; the first that is installed serves."""


class Text:
    """Answers about texts.

    Args:
        model: path of the `.tflite` file, whose inputs are what the tokenizer gives.
        description: path of the `.json` file beside it; None: of the same name.
        threads: of the interpreter.

    Raises:
        ValueError: no interpreter is installed, or the tokenizer is a newer easynas'.
    """

    def __init__(self, model: str | Path, description: str | Path | None = None, *, threads: int = 1) -> None:
        path = Path(model).with_suffix(".json") if description is None else Path(description)
        config = json.loads(path.read_text(encoding="utf8"))
        self.tokenizer = Tokenizer.from_config(config["encoder"])
        self.target: dict[str, Any] = config["target"]
        self._interpreter = _interpreter_class()(model_path=str(model), num_threads=threads)
        self._interpreter.allocate_tensors()
        self._inputs = {_name(each["name"]): each["index"] for each in self._interpreter.get_input_details()}
        self._output = self._interpreter.get_output_details()[0]["index"]

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """What the network answers, float32 `(n, outputs)`: probabilities, or numbers in their units.

        Raises:
            ValueError: `texts` is one text, or holds something else than texts.
        """
        _require_texts(texts)
        arrays = self.tokenizer.encode(texts)
        answers = [self._answer({name: array[i : i + 1] for name, array in arrays.items()}) for i in range(len(texts))]
        width = self._interpreter.get_output_details()[0]["shape"][-1]
        return np.concatenate(answers) if answers else np.zeros((0, width), np.float32)

    def predict(self, texts: Sequence[str]) -> list[Any]:
        """What is predicted for each text: a label, a list of labels, or numbers.

        Raises:
            ValueError: as `predict_proba`.
        """
        answers = self.predict_proba(texts)
        match self.target["kind"]:
            case "classes":
                decided = (answers / np.array(self.target.get("thresholds") or 1.0)).argmax(axis=1)
                return [self.target["labels"][index] for index in decided]
            case "labels":
                given = answers >= np.array(self.target["thresholds"] or [0.5])
                return [[self.target["labels"][index] for index in np.flatnonzero(row)] for row in given]
            case _:
                return list(answers.tolist())

    def _answer(self, arrays: dict[str, np.ndarray]) -> np.ndarray:
        for name, index in self._inputs.items():
            self._interpreter.set_tensor(index, arrays[name])
        self._interpreter.invoke()
        return np.array(self._interpreter.get_tensor(self._output))


def _require_texts(texts: Any) -> None:
    if isinstance(texts, str):
        raise ValueError(  # noqa: TRY004 - all mistakes of a caller are of one type here
            f"Texts must be a list of strings. Received one string, {texts[:40]!r}; put it into a list."
        )
    wrong = next((text for text in texts if not isinstance(text, str)), None)
    if wrong is not None:
        raise ValueError(f"Texts must be strings. Received {wrong!r}; convert it with `str`.")


def _name(tensor: str) -> str:
    """`"words"` of `"serving_default_words:0"`."""
    return tensor.removeprefix("serving_default_").partition(":")[0]


def _interpreter_class() -> Any:
    installed = next((package for package in INTERPRETERS if _is_installed(package)), None)
    match installed:
        case "ai_edge_litert":
            return import_module("ai_edge_litert.interpreter").Interpreter
        case "tensorflow":
            return import_module("tensorflow").lite.Interpreter
        case _:
            raise ValueError(
                "A TFLite interpreter must be installed. Found neither ai-edge-litert nor TensorFlow; "
                "run `pip install ai-edge-litert`."
            )


def _is_installed(package: str) -> bool:
    # `find_spec` does not answer for what was imported already, or was forbidden by None in its place.
    if package in sys.modules:
        return sys.modules[package] is not None
    return find_spec(package) is not None

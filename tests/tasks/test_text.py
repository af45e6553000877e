"""`TextClassifier` and `TextRegressor` from end to end, on the docstrings of libraries that are there anyway."""

import importlib
import inspect
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import easynas
from easynas import runtime

BUDGET = 25.0
LIBRARIES = {
    "numpy": ("numpy", "numpy.linalg", "numpy.fft", "numpy.random"),
    "pandas": ("pandas", "pandas.api.types"),
    "sklearn": ("sklearn.metrics", "sklearn.linear_model", "sklearn.preprocessing", "sklearn.ensemble"),
}


@pytest.fixture(scope="module")
def sentences() -> tuple[list[str], list[str]]:
    """Lines of docstrings without the library's own name, and the library that each is from, in random order."""
    found: dict[str, str] = {}
    for library, modules in LIBRARIES.items():
        for module in map(importlib.import_module, modules):
            for _, member in inspect.getmembers(module, callable):
                for line in (inspect.getdoc(member) or "").splitlines():
                    plain = " ".join(word for word in line.split() if not any(name in word for name in NAMES))
                    if len(plain) > 40:
                        found.setdefault(plain, library)
    texts = sorted(found)
    order = np.random.default_rng(0).permutation(len(texts))[:4000]
    return [texts[index] for index in order], [found[texts[index]] for index in order]


NAMES = ("numpy", "np.", "pandas", "pd.", "sklearn", "scikit")


@pytest.fixture(scope="module")
def fitted(sentences: tuple[list[str], list[str]]) -> easynas.TextClassifier:
    x, y = sentences
    classifier = easynas.TextClassifier(BUDGET, random_state=0, verbose=0)
    started = time.monotonic()
    classifier.fit(x[:3000], y[:3000])
    assert time.monotonic() - started <= BUDGET + 2.0
    return classifier


@pytest.mark.slow
@pytest.mark.alone
def test_texts_that_it_never_saw_are_told_apart(
    fitted: easynas.TextClassifier, sentences: tuple[list[str], list[str]]
) -> None:
    x, y = sentences
    most = max(y.count(name) for name in LIBRARIES) / len(y)
    assert most < 0.65
    assert fitted.score(x[3000:], y[3000:]) >= 0.78
    assert fitted.classes_.tolist() == ["numpy", "pandas", "sklearn"]
    assert fitted.predict(["", "日本語 😀", x[0]]).dtype.kind == "U"


@pytest.mark.slow
@pytest.mark.alone
def test_files_answer_as_the_model_does(
    fitted: easynas.TextClassifier, sentences: tuple[list[str], list[str]], tmp_path: Path
) -> None:
    x, _ = sentences
    for name, quantization in (("a.tflite", None), ("b.tflite", "dynamic"), ("c.keras", None)):
        assert fitted.export(tmp_path / name, quantization=quantization).agreement >= 0.98
    on_device = runtime.Text(tmp_path / "a.tflite")
    np.testing.assert_allclose(on_device.predict_proba(x[:50]), fitted.predict_proba(x[:50]), atol=1e-4)
    assert on_device.predict(x[:50]) == fitted.predict(x[:50]).tolist()
    model = keras.models.load_model(tmp_path / "c.keras")
    texts = [*x[:50], "", "?!", "ÜBER straße\n日本"]
    np.testing.assert_allclose(model(tf.constant(texts)), fitted.predict_proba(texts), atol=1e-5)
    fitted.save(tmp_path / "saved")
    np.testing.assert_array_equal(easynas.load(tmp_path / "saved").predict(texts), fitted.predict(texts))


@pytest.mark.slow
def test_a_number_is_predicted_from_texts(sentences: tuple[list[str], list[str]]) -> None:
    x, _ = sentences
    y = np.array([sum(map(len, text.split())) / len(text.split()) for text in x])  # mean length of its words
    regressor = easynas.TextRegressor(20.0, random_state=0, verbose=0).fit(x[:2500], y[:2500])
    assert regressor.score(x[2500:], y[2500:]) >= 0.3


@pytest.mark.slow
def test_several_labels_come_back_in_their_form(sentences: tuple[list[str], list[str]]) -> None:
    x, libraries = sentences
    y = [
        [library, *(["code"] if "`" in text else []), *(["sentence"] if text.endswith(".") else [])]
        for text, library in zip(x, libraries, strict=True)
    ]
    classifier = easynas.TextClassifier(20.0, random_state=0, verbose=0).fit(x[:2500], y[:2500])
    predicted = classifier.predict(x[2500:2520])
    assert isinstance(predicted, list)
    assert all(set(labels) <= {"numpy", "pandas", "sklearn", "code", "sentence"} for labels in predicted)
    assert classifier.score(x[2500:], y[2500:]) >= 0.7
    assert classifier.predict_proba(x[:3]).shape == (3, 5)


TEXTS: dict[str, tuple[Any, str]] = {
    "one text": ("good", "Received one text, 'good'"),
    "numbers": ([1, 2, 3, 4], "Received int '1' at position 0"),
    "blank": ([" ", "", "\n", " "], "without any; check how they were loaded"),
    "two columns": (np.array([["a", "b"]] * 4), r"Received shape \(4, 2\)"),
    "lengths": (["a", "b", "c"], "Received 3 samples and 4 labels"),
}


@pytest.mark.parametrize("case", TEXTS)
def test_what_cannot_be_used_is_explained_at_once(case: str) -> None:
    x, message = TEXTS[case]
    started = time.monotonic()
    with pytest.raises(easynas.InputError, match=message):
        easynas.TextClassifier().fit(x, [0, 1, 0, 1])
    assert time.monotonic() - started < 10.0

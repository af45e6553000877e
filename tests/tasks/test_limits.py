"""Limits: refused before training, kept by the file that is shipped, and what is impossible is said at once."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras_tuner
import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits

import easynas
from easynas.deploy.exported import ExportReport
from easynas.deploy.footprint import Footprint
from easynas.errors import ExportError, InputError
from easynas.nets.block import Block
from easynas.nets.quantization import declaring
from easynas.runtime import Profile
from easynas.space.space import SearchSpace
from easynas.tasks.limits import Gauge, Limits, Within
from tests.tasks.exact import Exact


class Wide(Block):
    """A network that costs what its width says; nothing is ever built."""

    name = "wide"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Int("wide/width", 2, 50)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        raise AssertionError("nobody should build it")


class Scales:
    """Stands for the other process, and for what it weighs."""

    def __init__(self) -> None:
        self.weighed: list[Mapping[str, Any]] = []

    def __call__(self, function: Callable[..., Any], *arguments: Any) -> Footprint:
        prototype, _, values, limits = arguments
        self.weighed.append(values)
        width = values.get("wide/width", 1)
        if width == 13:
            raise ExportError("Thirteen cannot be converted.")
        rough = Footprint(10 * width, 100 * width, 0.5 * width, whole=False)
        bytes_each = {"int8": 1.0, "float16": 2.0}[prototype.quantization]
        whole = Footprint(10 * width, 100 * width, bytes_each * width + 0.002, 0.5)
        return rough if rough.excess(limits) else whole


@dataclass(frozen=True)
class Prototype:
    quantization: str = "int8"


def within(quantizations: tuple[str, ...] = ("int8",), **limits: float) -> tuple[Within, Scales]:
    scales, network = Scales(), Wide()
    hp = keras_tuner.HyperParameters()
    network.declare(hp)
    declaring(lambda hp: hp.Choice("train/rate", [0.5, 1.0]), quantizations)(hp)
    gauge = Gauge(Limits(**limits), Prototype(quantizations[0]), scales)  # type: ignore[arg-type]
    return Within.of(gauge, network, SearchSpace(hp), Wide()), scales


class Slow(Profile):
    """A device on which every file takes 40 ms."""

    def predict(self, file: str | Path | bytes) -> float:
        return 40.0


def test_latency_is_that_of_the_device_of_the_profile(tmp_path: Path) -> None:
    slow = Slow({"machine": "arm", "processor": "a small one", "interpreter": "any"}, 1, {}, {})
    limits = Limits.of(easynas.ImageClassifier(max_latency_ms=30.0, profile=slow))
    assert limits.said() == "30 ms (predicted for a small one)"
    report = ExportReport(tmp_path / "a.tflite", "tflite", "int8", 5.0, 0.1, 0.1, 5.0, 1, 1, 1.0, 0.0, 1, ())
    assert "`max_latency_ms` is 30, and this file in int8 has 40" in limits.exceeded(report)[0]
    assert Limits(latency_ms=30.0).exceeded(report) == ()


class Ignorant(Slow):
    def predict(self, file: str | Path | bytes) -> float:
        raise ValueError("Of int16 it knows nothing.")


def test_a_profile_that_says_nothing_of_a_file_is_no_error_when_it_is_written(tmp_path: Path) -> None:
    ignorant = Ignorant({"machine": "arm", "processor": "a small one", "interpreter": "any"}, 1, {}, {})
    report = ExportReport(tmp_path / "a.tflite", "tflite", "int16x8", 5.0, 0.1, 0.1, 5.0, 1, 1, 1.0, 0.0, 1, ())
    [said] = Limits(latency_ms=30.0, size_kb=9.0, profile=ignorant).exceeded(report)
    assert said == "`max_latency_ms` was not judged. Of int16 it knows nothing."
    assert Limits(size_kb=9.0, profile=ignorant).exceeded(report) == ()


def test_a_saved_estimator_predicts_where_its_profile_is_not() -> None:
    assert easynas.TextClassifier(max_latency_ms=1.0, profile="/nowhere/pi.json")._modality().limited


@pytest.mark.parametrize("profile", ["/nowhere/pi.json", 3])
def test_a_profile_that_is_none_is_refused(profile: object) -> None:
    with pytest.raises(InputError, match=r"profile.* must be .*that `easynas profile` wrote.*Received"):
        Limits.of(easynas.ImageClassifier(max_latency_ms=30.0, profile=profile))


def test_networks_are_allowed_up_to_the_limit() -> None:
    restriction, _ = within(size_kb=20.0)
    assert [restriction.allows({"wide/width": width}) for width in (2, 19, 20)] == [True, True, False]
    assert restriction.refusal({"wide/width": 19}) is None
    assert restriction.refusal({"wide/width": 20}) == "refused: its file would have 20 kB"
    assert restriction.refusal({"wide/width": 50}) == "refused: its file would have at least 25 kB"


def test_a_network_without_a_file_is_refused_with_the_reason() -> None:
    restriction, _ = within(params=1000)
    assert restriction.refusal({"wide/width": 13}) == "Thirteen cannot be converted."
    with pytest.raises(ExportError, match="Thirteen"):
        restriction.footprint({"wide/width": 13})


def test_each_network_is_weighed_once_however_it_is_trained() -> None:
    restriction, scales = within(params=100, macs=1e6)
    for rate in (0.5, 1.0, 0.5):
        assert restriction.allows({"wide/width": 9, "train/rate": rate})
    assert scales.weighed == [{"wide/width": 9}]


def test_the_baseline_has_a_footprint_too() -> None:
    restriction, scales = within(params=15)
    assert restriction.allows({})
    assert not restriction.allows({"wide/width": 2})
    assert scales.weighed == [{}, {"wide/width": 2}]


def test_a_network_is_allowed_in_the_numbers_in_which_its_file_is_small_enough() -> None:
    restriction, scales = within(("float16", "int8"), size_kb=20.0)
    for width, allowed in ((9, ["float16", "int8"]), (15, ["int8"]), (25, [])):
        values = {"wide/width": width}
        assert [q for q in ("float16", "int8") if restriction.allows({**values, "quantization": q})] == allowed
    assert restriction.refusal({"wide/width": 15, "quantization": "float16"}) == "refused: its file would have 30 kB"
    assert restriction.footprint({"wide/width": 15, "quantization": "int8"}).size_kb == 15.002
    assert len(scales.weighed) == 6


def test_the_smallest_network_has_the_numbers_that_keep_the_limit() -> None:
    restriction, _ = within(("float16", "int8"), size_kb=3.0)
    assert restriction.smallest() == {"wide/width": 2, "train/rate": 0.5, "quantization": "int8"}
    impossible, _ = within(("float16", "int8"), size_kb=1.5)
    with pytest.raises(InputError, match=r"`max_size_kb` must be at least 2\.01: .* in int8\."):
        impossible.smallest()


def test_what_can_be_kept_is_found_with_the_first_smallest_network() -> None:
    restriction, scales = within(size_kb=3.0)
    assert restriction.smallest() == {"wide/width": 2, "train/rate": 0.5}
    assert scales.weighed == [{"wide/width": 2}]


def test_what_cannot_be_kept_is_an_error_that_says_what_can() -> None:
    restriction, _ = within(size_kb=1.5, macs=150)
    with pytest.raises(InputError) as error:
        restriction.smallest()
    assert "`max_size_kb` must be at least 2.01" in str(error.value)
    assert "`max_macs` must be at least 200:" in str(error.value)
    assert "Received: 1.5 kB and 150 multiply-accumulates." in str(error.value)
    possible, _ = within(size_kb=2.01, macs=200)
    assert possible.smallest()["wide/width"] == 2


def test_several_networks_in_one_file_share_its_description() -> None:
    one = Footprint(10, 100, 5.0, description_kb=3.0, latency_ms=0.5)
    other = Footprint(20, 300, 4.0, description_kb=3.0, latency_ms=0.25)
    together = Footprint.together([one, other, other])
    assert together == Footprint(50, 700, 7.0, description_kb=3.0, latency_ms=1.0)
    assert Gauge(Limits(size_kb=7.0), Prototype(), Scales()).together([one, other, other])  # type: ignore[arg-type]
    assert not Gauge(Limits(size_kb=6.9), Prototype(), Scales()).together([one, other, other])  # type: ignore[arg-type]


def test_what_is_not_measured_exceeds_nothing() -> None:
    assert Footprint(10, 100, 5.0).excess({"latency_ms": 1.0, "params": 8, "macs": 100}) == {"params": 0.25}


@pytest.mark.parametrize("kind", ["tflite", "onnx"])
def test_a_file_that_exceeds_a_limit_says_so(kind: str) -> None:
    report = ExportReport(
        Path("m"),
        kind,
        "float32",
        27.34,
        0.2,
        0.3,
        1.0,
        900,
        80,
        agreement=1.0,
        max_difference=0.0,
        samples=9,
        warnings=(),
    )
    said = Limits(latency_ms=0.1, size_kb=20.0, params=100, macs=1000).exceeded(report)
    expected = (
        "`max_latency_ms` is 0.1, and this file in float32 has 0.2.",
        "`max_size_kb` is 20, and this file in float32 has 27.3.",
    )
    assert said == (expected if kind == "tflite" else ())


ROWS, CLASSES = load_breast_cancer(return_X_y=True)


def table(**settings: Any) -> easynas.TabularClassifier:
    """An estimator whose networks are solved, not trained."""
    return easynas.TabularClassifier(
        60, space="mlp", engine=Exact(), max_trials=3, random_state=0, verbose=0, **settings
    )


@pytest.mark.slow
def test_as_many_networks_are_averaged_as_the_limit_allows(tmp_path: Path) -> None:
    sizes = {}
    for limit in (30.0, 60.0):
        fitted = table(max_size_kb=limit, quantization="float16").fit(ROWS, CLASSES)
        report = fitted.export(tmp_path / "model.tflite")
        assert report.quantization == "float16"
        assert report.size_kb <= limit
        assert report.warnings == ()
        sizes[limit] = report.size_kb
        assert any("keeps the limits" in note for note in fitted.study_.notes)
    assert sizes[60.0] > 1.3 * sizes[30.0]  # what happens to columns before the networks is there once


@pytest.mark.slow
def test_an_impossible_limit_is_refused_before_the_time_is_spent() -> None:
    started = time.monotonic()
    with pytest.raises(InputError, match=r"`max_size_kb` must be at least .* Received: 2 kB") as error:
        easynas.TabularClassifier(600, max_size_kb=2, random_state=0, verbose=0).fit(ROWS, CLASSES)
    assert time.monotonic() - started < 60
    assert "smallest network" in str(error.value)


@pytest.mark.slow
@pytest.mark.alone
def test_the_shipped_file_of_images_keeps_its_limits(tmp_path: Path) -> None:
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.images))
    x, y = digits.images[order], digits.target[order]
    classifier = easynas.ImageClassifier(
        40, quantization="int8", max_size_kb=9, max_macs=150_000, random_state=0, verbose=0
    )
    classifier.fit(x[:1500], y[:1500])
    report = classifier.export(tmp_path / "model.tflite")
    assert report.quantization == "int8"
    assert report.size_kb <= 9
    assert report.macs <= 150_000
    assert classifier.score(x[1500:], y[1500:]) > 0.7
    assert (easynas.runtime.load(tmp_path / "model.tflite").predict(x[1500:]) == y[1500:]).mean() > 0.65


@pytest.mark.slow
@pytest.mark.alone
def test_the_shipped_file_of_texts_keeps_its_limits(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    words = [f"{a}{b}{c}" for a in "bdfgk" for b in "aeiou" for c in "lmnrst"]
    x = [" ".join(rng.choice(words, 8)) for _ in range(400)]
    y = np.array([sum(word[0] in "bd" for word in text.split()) > 2 for text in x])
    classifier = easynas.TextClassifier(20, quantization="dynamic", max_size_kb=60, random_state=0, verbose=0)
    classifier.fit(x, y)
    report = classifier.export(tmp_path / "model.tflite")
    assert report.quantization == "dynamic"
    assert report.size_kb <= 60
    assert classifier.score(x, y) > max(y.mean(), 1 - y.mean()) + 0.05

"""Networks trained again to become smaller: what was asked for is there, and they still know what they knew."""

import dataclasses
import gzip
import os

import keras
import numpy as np
import pytest

from easynas.deploy.compress import Compression, compress
from easynas.deploy.export import export
from easynas.errors import ExportError, InputError
from easynas.search.budget import Deadline
from tests.deploy.conftest import TRAINING
from tests.runtime.small import text_bundle

NOTHING = {"channels": None, "pruning": None, "pattern": None, "clusters": None, "quantization": None}


@pytest.fixture(scope="module")
def compressed(bundle, digits):
    """A function from settings to what becomes of the bundle, and the notes."""
    images, labels = digits

    def make(*, seconds=6.0, **settings):
        return compress(
            bundle,
            images[TRAINING],
            bundle.target.encode(labels[TRAINING]),
            Compression.of(**{**NOTHING, **settings}),
            deadline=Deadline.after(seconds),
            seed=0,
        )

    return make


def accuracy(bundle, digits):
    images, labels = digits
    return (bundle.predict(bundle.answers(images[TRAINING.stop :])) == labels[TRAINING.stop :]).mean()


def kernels(bundle):
    return [np.asarray(weight) for weight in bundle.device.get_weights() if weight.ndim > 1]


@pytest.mark.slow
def test_zeros_then_few_values_then_int8_stay_what_they_are(compressed, bundle, digits, tmp_path):
    before = bundle.device.get_weights()
    smaller, notes = compressed(seconds=12.0, pruning=0.5, clusters=16, quantization="int8")
    middle = kernels(smaller)[1]
    assert 0.45 <= (middle == 0).mean() < 0.6
    assert len(np.unique(middle)) <= 17
    assert len(notes) == 4
    assert accuracy(smaller, digits) > 0.6  # 0.87 before; on a busy machine there are few steps
    sizes = {}
    for name, each in (("before", bundle), ("after", smaller)):
        export(each, tmp_path / f"{name}.tflite", quantization="int8")
        sizes[name] = len(gzip.compress((tmp_path / f"{name}.tflite").read_bytes()))
    assert sizes["after"] < 0.9 * sizes["before"]
    for old, new in zip(before, bundle.device.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)  # the original is as it was
    assert "TF_USE_LEGACY_KERAS" not in os.environ  # a mark of the tools, which later processes would obey


@pytest.mark.slow
def test_a_pattern_has_two_zeros_among_any_four(compressed):
    smaller, _ = compressed(seconds=3.0, pruning=0.5, pattern="2:4")
    kernel = kernels(smaller)[1]  # (3, 3, 16, 32): the pattern runs along the inputs
    groups = np.moveaxis(kernel, 2, -1).reshape(-1, 4)
    assert ((groups == 0).sum(axis=1) >= 2).mean() > 0.99


@pytest.mark.slow
def test_fewer_channels_make_a_smaller_faster_file_of_the_same_labels(compressed, bundle, digits, tmp_path):
    smaller, notes = compressed(seconds=4.0, channels=0.4)
    assert smaller.device.count_params() < 0.6 * bundle.device.count_params()
    assert "parameters became" in notes[0]
    assert accuracy(smaller, digits) > 0.6
    reports = [export(each, tmp_path / f"{at}.tflite") for at, each in enumerate((bundle, smaller))]
    assert reports[1].macs < 0.7 * reports[0].macs
    assert reports[1].size_kb < 0.8 * reports[0].size_kb


class Noise(keras.layers.Layer):
    """Never answers alike, so that no twin can."""

    def call(self, x):
        return x + keras.random.normal((3,))


@pytest.fixture
def noisy(coloured):
    """A bundle without a twin."""
    x = keras.Input((8, 8, 3))
    device = keras.Model(x, Noise()(keras.layers.Dense(3)(keras.layers.Flatten()(x))))
    return dataclasses.replace(coloured, model=device, device=device)


@pytest.mark.slow
def test_without_a_twin_int8_is_left_to_export_and_the_notes_say_so(noisy):
    y = np.zeros(len(noisy.samples), np.int32)
    aware = Compression.of(**{**NOTHING, "quantization": "int8"})
    same, (note, result) = compress(noisy, noisy.samples, y, aware, deadline=Deadline.after(1.0), seed=0)
    assert "must answer alike" in note
    assert "after training all the same" in note
    assert "Same answer as before" in result
    for old, new in zip(noisy.device.get_weights(), same.device.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    pruned = Compression.of(**{**NOTHING, "pruning": 0.5})
    with pytest.raises(ExportError, match="can be quantized by `export`"):
        compress(noisy, noisy.samples, y, pruned, deadline=Deadline.after(1.0), seed=0)


@pytest.mark.slow
def test_a_network_of_several_inputs_goes_through_the_tools_too():
    bundle = text_bundle()
    settings = Compression.of(**{**NOTHING, "pruning": 0.5, "quantization": "int8"})
    y = np.arange(len(bundle.samples)) % 2
    smaller, notes = compress(bundle, bundle.samples, y, settings, deadline=Deadline.after(2.0), seed=0)
    assert len(notes) == 3
    answers = smaller.answers(bundle.samples)
    np.testing.assert_allclose(answers.sum(axis=1), 1.0, atol=1e-5)
    assert np.abs(answers - bundle.answers(bundle.samples)).max() > 1e-4


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "At least one"),
        ({"pruning": 1.0}, "between 0 and 1"),
        ({"channels": "half"}, "between 0 and 1"),
        ({"pattern": "2:4"}, "goes with `pruning`"),
        ({"pruning": 0.5, "pattern": "3:4"}, "2:4, block"),
        ({"clusters": 1}, "from 2 to 256"),
        ({"quantization": "float16"}, "`export` knows others"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        Compression.of(**{**NOTHING, **settings})

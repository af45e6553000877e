"""What an untrained network costs is what its file costs when it is trained."""

from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

from easynas.deploy.bundle import Bundle, assemble
from easynas.deploy.export import export
from easynas.deploy.footprint import Prototype, measured, weigh
from easynas.errors import ExportError
from easynas.nets.block import Block
from easynas.nets.head import answers
from easynas.nets.network import build, precision

LIMITS = {"size_kb": 1e6, "latency_ms": 1e6}


@dataclass(frozen=True)
class Small(Block):
    """A network for the colour images of these tests."""

    answer: Any
    name: str = "small"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Int("small/width", 4, 64, default=8)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        x = keras.layers.Conv2D(hp.get("small/width"), 3, use_bias=False)(x)
        x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
        return answers(keras.layers.GlobalAveragePooling2D()(x), self.answer)


def trained(bundle: Bundle, network: Block) -> Bundle:
    """A network of which every weight is another number, as after a training."""
    keras.utils.set_random_seed(0)
    with precision("float32"):
        model, device = assemble(bundle.encoder, network.answer, lambda x: build(network, {}, x), temperature=1.5)
    rng = np.random.default_rng(1)
    device.set_weights([rng.uniform(0.1, 1.0, each.shape) for each in device.get_weights()])
    return Bundle(model, device, bundle.encoder, bundle.target, bundle.samples)


@pytest.mark.parametrize("quantization", ["float32", "float16", "dynamic", "int8"])
def test_an_untrained_network_costs_what_its_trained_file_does(coloured, tmp_path, quantization) -> None:
    network = Small(coloured.target.answer)
    prototype = Prototype(coloured.encoder, coloured.target, coloured.samples[:8], quantization)
    found = prototype.footprint(network, {}, LIMITS)
    bundle = trained(coloured, network)
    report = export(bundle, tmp_path / "model.tflite", quantization=quantization, facts={"score": 0.5, "metric": "f1"})
    assert found.whole
    assert (found.params, found.macs) == (report.parameters, report.macs)
    assert report.size_kb == pytest.approx(found.size_kb, rel=0.02)
    assert report.size_kb <= found.size_kb + 0.1  # names of layers are in the file, and count up in a process
    assert 0 < found.latency_ms < 1.0
    assert measured(bundle, quantization, timed=False).latency_ms is None
    assert 0.2 < found.description_kb < found.size_kb


def test_a_network_whose_weights_are_too_many_is_not_converted(coloured) -> None:
    network = Small(coloured.target.answer)
    prototype = Prototype(coloured.encoder, coloured.target, coloured.samples[:8], "int8")
    kernels = 3 * 3 * 3 * 64 + 64 * 3
    rough = prototype.footprint(network, {"small/width": 64}, {"size_kb": 1.0})
    assert (rough.whole, rough.params, rough.size_kb) == (False, kernels, kernels / 1024)
    assert set(rough.excess({"size_kb": 1.0, "params": 5_000})) == {"size_kb"}
    assert prototype.footprint(network, {"small/width": 64}, {"size_kb": 100.0}).whole


def test_weighing_a_network_leaves_nothing_behind_in_keras(coloured) -> None:
    network = Small(coloured.target.answer)
    prototype = Prototype(coloured.encoder, coloured.target, coloured.samples[:8], "float32")
    assert weigh(prototype, network, {}, {"params": 1000}).latency_ms is None
    assert keras.layers.ReLU().name == "re_lu"


def test_a_network_that_cannot_be_built_has_no_footprint(coloured) -> None:
    prototype = Prototype(coloured.encoder, coloured.target, coloured.samples[:8], "float32")
    with pytest.raises(ExportError, match="cannot build"):
        prototype.footprint(Small(coloured.target.answer), {"small/width": -1}, {"params": 1000})

"""`Untrained`: what it builds, how often, and what it leaves behind."""

import random
import weakref
from dataclasses import dataclass, field

import keras
import keras_tuner
import numpy as np
import pytest
from keras import layers

from easynas import Block, InputError, SearchSpace, spaces
from easynas.nets.head import ImageHead
from easynas.nets.network import ImageNetwork, precision
from easynas.schema import Answer
from easynas.strategies.prospects import Prospects
from easynas.train.untrained import NAMES, Untrained

SHAPE = (8, 8, 1)


@dataclass(frozen=True)
class Tiny(Block):
    """A convolution of some width; counts what is built, and sees whether it still exists."""

    name: str = "tiny"
    built: list[int] = field(default_factory=list)
    layers: list[weakref.ref] = field(default_factory=list)

    def declare(self, hp):
        hp.Int("tiny/width", 2, 16, default=4)

    def build(self, hp, x):
        self.built.append(hp.get("tiny/width"))
        conv = layers.Conv2D(hp.get("tiny/width"), 3, activation="relu")
        self.layers.append(weakref.ref(conv))
        return layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(conv(x)))


def test_every_proxy_grows_with_the_width():
    untrained = Untrained(Tiny(), SHAPE, names=NAMES)
    narrow, wide = (untrained.measure({"tiny/width": width}).proxies for width in (3, 16))
    assert all(narrow[name] < wide[name] for name in NAMES)
    assert narrow["parameters"] == 3 * 9 + 3 + 3 * 3 + 3
    assert narrow["macs"] == 36 * 3 * 9 + 3 * 3


def test_a_genotype_is_built_once_for_all_proxies_and_whatever_else_is_chosen():
    network = Tiny()
    untrained = Untrained(network, SHAPE)
    for values in ({"tiny/width": 4, "rate": 0.1}, {"tiny/width": 4, "rate": 0.2}, {}):
        for proxy in untrained.proxies:
            proxy(values)
    assert network.built == [4]
    assert len(untrained.seconds) == 1
    assert untrained.seconds[0] > 0


def test_measures_depend_on_seed_and_genotype_alone():
    first, again, other = (Untrained(Tiny(), SHAPE, batch=images(), seed=seed) for seed in (0, 0, 1))
    first.measure({"tiny/width": 9})
    values = {"tiny/width": 5}
    assert first.measure(values).proxies == again.measure(values).proxies
    assert first.measure(values).proxies["log_synflow"] != other.measure(values).proxies["log_synflow"]


def test_the_flow_depends_on_no_data_and_the_codes_do():
    one, two = (Untrained(Tiny(), SHAPE, batch=images(seed)).measure({}).proxies for seed in (1, 2))
    assert one["log_synflow"] == two["log_synflow"]
    assert one["naswot"] != two["naswot"]


def test_the_callers_random_state_stays():
    def draw():
        return [random.random(), np.random.random(), *keras.random.normal((2,)).numpy()]  # noqa: NPY002

    keras.utils.set_random_seed(3)
    expected = draw()
    keras.utils.set_random_seed(3)
    Untrained(Tiny(), SHAPE).measure({})
    assert draw() == expected


def test_the_callers_names_of_layers_go_on():
    before = layers.Dense(1).name
    Untrained(Tiny(), SHAPE).measure({})
    assert layers.Dense(1).name != before


def test_the_callers_precision_changes_nothing_and_stays():
    expected = Untrained(Tiny(), SHAPE).measure({}).proxies
    with precision("mixed_bfloat16"):
        assert Untrained(Tiny(), SHAPE).measure({}).proxies == expected
        assert keras.config.dtype_policy().name == "mixed_bfloat16"


def test_a_network_is_gone_when_it_is_measured():
    network = Tiny()
    Untrained(network, SHAPE).measure({})
    assert [layer() for layer in network.layers] == [None]


def test_prospects_rank_by_what_is_measured():
    untrained = Untrained(Tiny(), SHAPE)
    prospects = Prospects(SearchSpace(declared(Tiny())), untrained.proxies, seed=0, samples=6)
    widths = [values["tiny/width"] for values in prospects.best()]
    assert widths[0] == max(widths)
    assert widths[-1] == min(widths)
    assert len(untrained.seconds) == 6


@pytest.mark.parametrize("name", ["vgg", "resnet", "mbconv", "regnet", "sepconv", "nb201", "darts", "hierarchical"])
@pytest.mark.slow
def test_networks_of_every_space_can_be_measured(name):
    network = ImageNetwork(spaces.create(name), ImageHead(Answer("classes", 10)), mean=(0.5,), variance=(0.1,))
    untrained = Untrained(network, (28, 28, 1), names=NAMES)
    space, rng = SearchSpace(declared(network)), np.random.default_rng(0)
    for _ in range(2):
        measured = untrained.measure(space.sample(rng)).proxies
        assert np.isfinite(list(measured.values())).all()


@pytest.mark.parametrize("names", [(), ("naswot", "naswot"), ("gradnorm",), "naswot"])
def test_unknown_names_are_told(names):
    with pytest.raises(InputError, match="names"):
        Untrained(Tiny(), SHAPE, names=names)


@pytest.mark.parametrize("shape", [(4, 8, 8, 3), (1, *SHAPE), SHAPE])
def test_images_of_another_shape_are_told(shape):
    with pytest.raises(InputError, match="batch"):
        Untrained(Tiny(), SHAPE, batch=np.zeros(shape))


def images(seed=0):
    return np.random.default_rng(seed).normal(size=(8, *SHAPE))


def declared(block):
    hp = keras_tuner.HyperParameters()
    block.declare(hp)
    return hp

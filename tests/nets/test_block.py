"""The contract of a block, kept by all of ours."""

import keras
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from easynas import spaces
from easynas.nets.block import Block
from easynas.nets.network import model_of
from easynas.testing import check_block
from tests.nets.drawn import image_network, plain, sampled

NAMES = [name for name in spaces.names() if name != "auto"]
CELLS = ["nb201", "darts", "hierarchical"]
HEAVY = [*CELLS, "mbconv", "regnet"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_block_keeps_its_promises_by_default(name: str) -> None:
    check_block(spaces.create(name), shape=(8, 8, 1), samples=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_block_keeps_its_promises_in_many_forms(name: str) -> None:
    # Networks of cells have so many layers that building one takes ten times as long.
    check_block(spaces.create(name), shape=(100, 60, 3), samples=1 if name in HEAVY else 2, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", spaces.names())
def test_whole_networks_keep_the_promises_of_a_block(name: str) -> None:
    network = image_network(name, channels=1)
    check_block(network, shape=(28, 28, 1), samples=1)
    check_block(plain(network), shape=(28, 28, 1), samples=0)


def test_a_block_without_its_two_methods_cannot_be_made() -> None:
    class Incomplete(Block):
        def declare(self, hp: object) -> None: ...

    with pytest.raises(TypeError, match="build"):
        Incomplete()


@pytest.mark.parametrize("name", NAMES)
def test_blocks_are_named_as_their_space(name: str) -> None:
    assert spaces.create(name).name == name


def test_spaces_of_cells_are_searched_on_request_only() -> None:
    assert [block.name for block in spaces.create("auto").blocks] == [name for name in NAMES if name not in CELLS]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "width"), [("nb201", 12), ("darts", 8), ("hierarchical", 24)])
def test_networks_of_cells_learn_digits(name: str, width: int) -> None:
    network = plain(image_network(name, channels=1))
    scale = {f"{name}/width": width, f"{name}/stages": 2, f"{name}/repeats": 1}
    values = sampled(network, 0)
    images, labels = load_digits(return_X_y=True)
    x, x_test, y, y_test = train_test_split(images.reshape(-1, 8, 8, 1) * 16, labels, test_size=400, random_state=0)
    keras.utils.set_random_seed(0)
    model = model_of(network, {**values, **scale, "head/dropout": 0.0}, (8, 8, 1))
    rate = keras.optimizers.schedules.PolynomialDecay(3e-3, decay_steps=12 * 22, end_learning_rate=0.0)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=64, epochs=12, verbose=0)
    # Logistic regression reaches 0.9625.
    assert model.evaluate(x_test, y_test, verbose=0)[1] > 0.97

"""The contract of a block, kept by all of ours."""

import pytest

from easynas import spaces
from easynas.nets.block import Block
from easynas.testing import check_block
from tests.nets.drawn import image_network, plain

NAMES = [name for name in spaces.names() if name != "auto"]


@pytest.mark.parametrize("name", NAMES)
def test_every_block_keeps_its_promises_by_default(name: str) -> None:
    check_block(spaces.create(name), shape=(8, 8, 1), samples=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(32, 32, 3), (100, 60, 3)])
def test_every_block_keeps_its_promises_in_many_forms(name: str, shape: tuple[int, ...]) -> None:
    check_block(spaces.create(name), shape=shape, samples=5, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", spaces.names())
def test_whole_networks_keep_the_promises_of_a_block(name: str) -> None:
    network = image_network(name, channels=1)
    check_block(network, shape=(28, 28, 1))
    check_block(plain(network), shape=(28, 28, 1), samples=1)


def test_a_block_without_its_two_methods_cannot_be_made() -> None:
    class Incomplete(Block):
        def declare(self, hp: object) -> None: ...

    with pytest.raises(TypeError, match="build"):
        Incomplete()


@pytest.mark.parametrize("name", NAMES)
def test_blocks_are_named_as_their_space(name: str) -> None:
    assert spaces.create(name).name == name

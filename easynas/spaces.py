"""Search spaces by name, for each kind of data.

>>> from easynas import spaces
>>> spaces.names()
('auto', 'vgg', 'resnet', 'mbconv', 'regnet', 'sepconv', 'nb201', 'darts', 'hierarchical')
>>> spaces.names("texts")
('auto', 'linear', 'bag', 'cnn', 'sepconv', 'gru', 'transformer', 'pretrained')
>>> spaces.names("tables")
('auto', 'mlp', 'tabm', 'realmlp', 'resnet', 'linear', 'ftt', 'trees')

"auto" for images is the first five in one space, for other data all; "pretrained" is for texts with `encoder=` alone.
The others for images, whose units are graphs with a choice on every edge, are searched on request only: they have up to
10^24 designs, of which the tens of trials of a usual budget see too few, and a network takes 5 to 30 CPU-seconds before
its first step. Give them ten minutes or more.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from easynas.errors import InputError

if TYPE_CHECKING:
    from easynas.nets.block import Block

_HOMES = {
    "vgg": ("easynas.nets.conv", "VGG"),
    "resnet": ("easynas.nets.resnet", "ResNet"),
    "mbconv": ("easynas.nets.mbconv", "MBConv"),
    "regnet": ("easynas.nets.regnet", "RegNet"),
    "sepconv": ("easynas.nets.sepconv", "SepConv"),
    "nb201": ("easynas.nets.nb201", "NB201"),
    "darts": ("easynas.nets.darts", "DARTS"),
    "hierarchical": ("easynas.nets.hierarchical", "Hierarchical"),
}
_AUTO = ("vgg", "resnet", "mbconv", "regnet", "sepconv")


_NAMES = {
    "images": ("auto", *_HOMES),
    "texts": ("auto", "linear", "bag", "cnn", "sepconv", "gru", "transformer", "pretrained"),
    "tables": ("auto", "mlp", "tabm", "realmlp", "resnet", "linear", "ftt", "trees"),
}


def names(data: str = "images") -> tuple[str, ...]:
    """All names of spaces for "images", "texts" or "tables"."""
    return _NAMES[data]


def searched(name: str, data: str = "images") -> tuple[str, ...]:
    """The spaces that a name stands for: itself, or for "auto" those that it joins."""
    if name != "auto":
        return (name,)
    return _AUTO if data == "images" else tuple(each for each in names(data)[1:] if each != "pretrained")


def create(name: str) -> "Block":
    """The block of a space for images; networks for other data need to know the data, and estimators build them.

    Raises:
        InputError: an unknown name.
    """
    check_name(name)
    if name != "auto":
        module, block = _HOMES[name]
        created: Block = getattr(import_module(module), block)()
        return created
    from easynas.nets.network import OneOf

    return OneOf(tuple(create(each) for each in _AUTO))


def check_name(name: object, data: str = "images") -> None:
    """Raises an `InputError` that lists the names unless `name` is one of them."""
    if name not in names(data):
        raise InputError(f"`space` must be an easynas.Block or one of {list(names(data))}. Received: {name!r}.")

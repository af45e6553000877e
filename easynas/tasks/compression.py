"""The numbers of the file that is shipped: fixed, or a choice of the search."""

from collections.abc import Mapping

from easynas.nets.quantization import quantization_of
from easynas.search.study import Study
from easynas.space.dimension import Value

AUTO = "auto"

SHARES = (0.5, 0.75, 0.3)
"""Of the channels, that `pruning="auto"` takes out: half, what costs next to nothing, and nearly all that can go."""

_FACT = "quantizations"
_CONVOLUTIONS = ("int8", "dynamic", "float16")
_LOOKUPS = ("dynamic", "int8", "float32")
_NUMBERS = ("dynamic", "float32")
"""What a search chooses among, first what small files usually are made of. Numbers end in float in an int8 file, which
takes several conversions to make. Of texts and tables int8 weights lose next to nothing, so float16 is only larger."""


def quantizations(setting: str, *, convolves: bool, kind: str) -> tuple[str, ...]:
    """Numbers that a file may have, the default first; one unless `setting` is "auto".

    Args:
        setting: of the estimator.
        convolves: whether networks spend their time in convolutions.
        kind: of the answer.
    """
    if setting != AUTO:
        return (setting,)
    if kind == "numbers":
        return _NUMBERS
    return _CONVOLUTIONS if convolves else _LOOKUPS


def remember(study: Study, choices: tuple[str, ...]) -> None:
    """Records what trials without a choice of their own are; of a study that knows it already nothing."""
    fact = {"choices": list(choices)}
    if study.facts.get(_FACT) != fact:
        study.remember(_FACT, fact)


def default_quantization(study: Study, setting: str | None) -> str:
    """The numbers of the file of a trial without a choice of its own, given the setting of the estimator."""
    return str(study.facts[_FACT]["choices"][0]) if setting == AUTO else setting or "float32"


def shipped_quantization(study: Study, setting: str | None) -> str:
    """The numbers of the file of what a study ships, given the setting of the estimator."""
    values: Mapping[str, Value] = {} if study.shipped is None or setting != AUTO else study.shipped.job.values
    return quantization_of(values, default_quantization(study, setting))

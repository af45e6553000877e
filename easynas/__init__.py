"""Finds, trains, compresses and ships a neural network within a time budget.

    import easynas

    classifier = easynas.ImageClassifier(time_budget="10m")
    classifier.fit(x_train, y_train)
    classifier.predict(x_test)
    classifier.export("model.tflite", quantization="int8")

Public names load on first use, so `import easynas` costs nothing and no TensorFlow.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from easynas.version import __version__

if TYPE_CHECKING:
    from easynas import data, engines, samples, spaces, strategies, testing
    from easynas.deploy.export import ExportReport
    from easynas.errors import (
        BudgetError,
        EasynasError,
        ExportError,
        InputError,
        NotFittedError,
        SearchError,
        StudyError,
    )
    from easynas.nets.block import Block
    from easynas.report.tensorboard import TensorBoard
    from easynas.search import Search
    from easynas.search.objective import Constraint, Objective
    from easynas.search.trial import Done, Failed, Job
    from easynas.space.space import SearchSpace
    from easynas.tasks.image import ImageClassifier, ImageRegressor
    from easynas.tasks.saved import load
    from easynas.tasks.tabular import TabularClassifier, TabularRegressor
    from easynas.tasks.text import TextClassifier, TextRegressor

    search: Search

__all__ = [
    "Block",
    "BudgetError",
    "Constraint",
    "Done",
    "EasynasError",
    "ExportError",
    "ExportReport",
    "Failed",
    "ImageClassifier",
    "ImageRegressor",
    "InputError",
    "Job",
    "NotFittedError",
    "Objective",
    "SearchError",
    "SearchSpace",
    "StudyError",
    "TabularClassifier",
    "TabularRegressor",
    "TensorBoard",
    "TextClassifier",
    "TextRegressor",
    "__version__",
    "data",
    "engines",
    "load",
    "samples",
    "search",
    "spaces",
    "strategies",
    "testing",
]

_ERRORS = "easynas.errors"
_OBJECTIVE = "easynas.search.objective"
_TRIAL = "easynas.search.trial"
_HOMES = {
    "Block": "easynas.nets.block",
    "BudgetError": _ERRORS,
    "Constraint": _OBJECTIVE,
    "Done": _TRIAL,
    "EasynasError": _ERRORS,
    "ExportError": _ERRORS,
    "ExportReport": "easynas.deploy.export",
    "Failed": _TRIAL,
    "ImageClassifier": "easynas.tasks.image",
    "ImageRegressor": "easynas.tasks.image",
    "InputError": _ERRORS,
    "Job": _TRIAL,
    "NotFittedError": _ERRORS,
    "Objective": _OBJECTIVE,
    "SearchError": _ERRORS,
    "SearchSpace": "easynas.space.space",
    "StudyError": _ERRORS,
    "TabularClassifier": "easynas.tasks.tabular",
    "TabularRegressor": "easynas.tasks.tabular",
    "TensorBoard": "easynas.report.tensorboard",
    "TextClassifier": "easynas.tasks.text",
    "TextRegressor": "easynas.tasks.text",
    "load": "easynas.tasks.saved",
}
_MODULES = frozenset({"data", "engines", "samples", "search", "spaces", "strategies", "testing"})


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    elif name in _MODULES:
        value = import_module(f"easynas.{name}")
    else:
        raise AttributeError(f"module 'easynas' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

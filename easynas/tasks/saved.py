"""Saved estimators: a folder of JSON, arrays and a Keras model, from which no code is ever run.

A folder may come from anybody, so whatever is in it is data: names are looked up in a table, settings are numbers and
texts, arrays are never pickled, and Keras loads in its safe mode. See docs/security.md.
"""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from easynas.deploy import bundle
from easynas.errors import InputError
from easynas.report import specimens
from easynas.runtime import Profile
from easynas.search.study import Study
from easynas.tasks.image import ImageClassifier, ImageRegressor
from easynas.tasks.settings import is_plain
from easynas.tasks.tabular import TabularClassifier, TabularRegressor
from easynas.tasks.text import TextClassifier, TextRegressor

if TYPE_CHECKING:
    from easynas.tasks.base import Estimator

FILE = "estimator.json"
PROFILE = "profile.json"
"""Beside it: the device of an estimator that was given a `Profile`, not the path of one."""

_ALL = (ImageClassifier, ImageRegressor, TabularClassifier, TabularRegressor, TextClassifier, TextRegressor)
_ESTIMATORS = {each.__name__: each for each in _ALL}


def save(estimator: "Estimator", model: bundle.Bundle, folder: Path) -> None:
    """Writes model, settings and journal into `folder`; settings that are objects are left out, but for a profile."""
    bundle.save(model, folder)
    estimator.study_.copy_to(folder)
    if estimator._specimens is not None:
        estimator._specimens.save(folder, model.encoder)
    settings = {name: value for name, value in estimator.get_params().items() if is_plain(value)}
    if isinstance(estimator.profile, os.PathLike):
        settings["profile"] = os.fspath(estimator.profile)
    (folder / PROFILE).unlink(missing_ok=True)
    if isinstance(estimator.profile, Profile):
        estimator.profile.save(folder / PROFILE)
    config = {
        "estimator": type(estimator).__name__,
        "settings": settings,
        "fit_seconds": estimator.fit_seconds_,
        "notes": estimator.study_.notes,
        "timings": estimator.study_.timings,
        "compression": list(estimator.compression_),
    }
    (folder / FILE).write_text(json.dumps(config))


def load(folder: str | Path) -> "Estimator":
    """The estimator that `save` wrote into `folder`, ready to predict and export. No code from the folder is run.

    Raises:
        InputError: the folder holds none, or one that is damaged.
        StudyError: its journal is damaged.
    """
    path = Path(folder) / FILE
    if not path.is_file():
        raise InputError(f"`folder` must hold a saved estimator. Received {str(folder)!r}, which has no {FILE}.")
    try:
        config = json.loads(path.read_text(encoding="utf8"))
        estimator = _ESTIMATORS[config["estimator"]](**_plain(config["settings"]), **_objects(Path(folder)))
        seconds = float(config["fit_seconds"])
        notes = [str(note) for note in config.get("notes", [])]
        timings = {str(name): float(each) for name, each in config.get("timings", {}).items()}
        compression = tuple(str(note) for note in config.get("compression", ()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} must describe an estimator as `save` writes it. Received: {error}.") from error
    model, study = bundle.load(folder), Study.read(Path(folder))
    study.notes.extend(notes)
    study.timings.update(timings)
    estimator._take(model, study, specimens.load(Path(folder), model.encoder), seconds, compression=compression)
    return estimator


def _objects(folder: Path) -> dict[str, Any]:
    """The settings that are objects and have a file of their own."""
    return {"profile": Profile.load(folder / PROFILE)} if (folder / PROFILE).exists() else {}


def _plain(settings: dict[str, Any]) -> dict[str, Any]:
    odd = sorted(name for name, value in settings.items() if not is_plain(value))
    if odd:
        raise ValueError(f"settings that are neither number nor text: {odd}")
    return settings

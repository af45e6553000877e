"""Optuna over plain networks, as its tutorials write it: TPE, Hyperband pruning, the best settings trained again."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import joblib
import keras
import numpy as np
import optuna
from keras import callbacks, layers
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from peers.contract import Array, Fitted, Task
from peers.frames import Frames
from peers.keras_parts import HELD_OUT, Curve, Images, TimeLimit, classifier, with_channels

LEAST_EPOCHS, MOST_EPOCHS, SEEN = 30, 300, 200_000
"""Epochs of a trial: as many as see so many samples, within these limits."""

SEARCH = 0.7
"""Share of the time for the search; the rest is for training its best settings once more."""

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Setup:
    """What the search needs to know of the data.

    Attributes:
        build: a network from a trial's suggestions, not compiled.
        x: inputs.
        y: classes from 0, or numbers.
        x_held: inputs that compare networks.
        y_held: what is true for them.
        watched: score of the validation in the logs of Keras; larger is better.
        loss: of the training.
    """

    build: Callable[[optuna.Trial], Any]
    x: Array
    y: Array
    x_held: Array
    y_held: Array
    watched: str = "val_accuracy"
    loss: str = "sparse_categorical_crossentropy"


def fit(task: Task) -> Fitted:
    """A convolutional network for images, a perceptron for tables."""
    keras.utils.set_random_seed(task.settings.seed)
    return _images(task) if task.settings.kind == "images" else _table(task)


def _images(task: Task) -> Fitted:
    images = Images.of(task)

    def build(trial: optuna.Trial) -> Any:
        x = inputs = layers.Input(images.shape)
        x = layers.Rescaling(1.0 / images.scale)(x)
        width = trial.suggest_categorical("width", [16, 32, 64])
        for stage in range(trial.suggest_int("stages", 1, 3)):
            for _ in range(trial.suggest_int("convolutions", 1, 2)):
                x = layers.Conv2D(width * 2**stage, 3, padding="same", activation="relu")(x)
                x = layers.BatchNormalization()(x) if trial.suggest_categorical("norm", [True, False]) else x
            x = layers.MaxPooling2D(padding="same")(x)
            x = layers.Dropout(trial.suggest_float("dropout", 0.0, 0.5))(x)
        x = (
            layers.GlobalAveragePooling2D()(x)
            if trial.suggest_categorical("pool", [True, False])
            else layers.Flatten()(x)
        )
        x = layers.Dense(trial.suggest_categorical("dense", [64, 128, 256]), activation="relu")(x)
        return keras.Model(inputs, layers.Dense(len(images.classes), activation="softmax")(x))

    setup = Setup(build, images.x, images.y, images.x_held, images.y_held)
    model, curve, figures = search(setup, task)
    return classifier(model, images.classes, prepare=with_channels, curve=curve, figures=figures)


def _table(task: Task) -> Fitted:
    columns = _columns(task)
    x = columns.fit_transform(task.x).astype("float32")

    def prepare(rows: Any) -> Array:
        return np.asarray(columns.transform(rows), "float32")

    def also(folder: Path) -> object:
        return joblib.dump(columns, folder / "columns.joblib")

    if task.settings.target == "classes":
        classes, y = np.unique(task.y, return_inverse=True)
        ends = layers.Dense(len(classes), activation="softmax")
        model, curve, figures = search(_perceptron(x, y, ends, task), task)
        return classifier(model, classes, prepare=prepare, also=also, curve=curve, figures=figures)
    y = np.asarray(task.y, "float32")
    center, spread = float(y.mean()), float(y.std())
    setup = _perceptron(x, (y - center) / spread, layers.Dense(1), task)
    model, curve, figures = search(replace(setup, watched="val_r2_score", loss="mse"), task)

    def predict(rows: Any) -> Array:
        return np.asarray(model.predict(prepare(rows), batch_size=256, verbose=0)[:, 0] * spread + center)

    def save(folder: Path) -> None:
        model.save(folder / "model.keras")
        also(folder)

    return Fitted(predict, save, curve=curve, figures=figures)


def _perceptron(x: Array, y: Array, ends: Any, task: Task) -> Setup:
    def build(trial: optuna.Trial) -> Any:
        h = inputs = layers.Input(x.shape[1:])
        for _ in range(trial.suggest_int("layers", 1, 4)):
            h = layers.Dense(trial.suggest_categorical("units", [32, 64, 128, 256, 512]), activation="relu")(h)
            h = layers.BatchNormalization()(h) if trial.suggest_categorical("norm", [True, False]) else h
            h = layers.Dropout(trial.suggest_float("dropout", 0.0, 0.5))(h)
        return keras.Model(inputs, type(ends).from_config(ends.get_config())(h))

    x, x_held, y, y_held = train_test_split(x, y, test_size=HELD_OUT, random_state=task.settings.seed)
    return Setup(build, x, y, x_held, y_held)


def search(setup: Setup, task: Task) -> tuple[Any, Points, dict[str, Any]]:
    """The better of the best searched network and of its settings trained again."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    epochs = int(np.clip(SEEN // len(setup.x), LEAST_EPOCHS, MOST_EPOCHS))
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=task.settings.seed),
        pruner=optuna.pruners.HyperbandPruner(min_resource=1, max_resource=epochs, reduction_factor=3),
    )
    curve: Points = []
    until = task.began + SEARCH * task.settings.budget

    def objective(trial: optuna.Trial) -> float:
        return _train(setup, trial, task, curve, until=until, path=task.folder / f"{trial.number}.keras", epochs=epochs)

    study.optimize(objective, timeout=until - time.monotonic(), catch=(TimeoutError,))
    best, score = task.folder / f"{study.best_trial.number}.keras", study.best_value
    again = task.folder / "again.keras"
    try:
        fixed = optuna.trial.FixedTrial(study.best_params)
        again_score = _train(setup, fixed, task, curve, until=task.deadline, path=again, epochs=1_000)
    except TimeoutError:
        again_score = float("-inf")
    trials = [trial.state.name.lower() for trial in study.trials]
    figures = {"trials": len(trials), "pruned": trials.count("pruned"), "retrained": again_score > score}
    return keras.models.load_model(again if again_score > score else best), curve, figures


def _train(setup: Setup, trial: Any, task: Task, curve: Points, *, until: float, path: Path, epochs: int) -> float:
    """The best score of a training, whose network is kept in `path`."""
    model = setup.build(trial)
    rate = trial.suggest_float("rate", 1e-4, 1e-2, log=True)
    metric = setup.watched.removeprefix("val_")
    model.compile(keras.optimizers.Adam(rate), setup.loss, metrics=[metric])
    best = callbacks.ModelCheckpoint(path, monitor=setup.watched, mode="max", save_best_only=True)
    watching = [
        TimeLimit(until, lambda: TimeoutError("time is over")),
        best,
        callbacks.EarlyStopping(monitor=setup.watched, mode="max", patience=8),
        Curve(task.began, curve, setup.watched),
        callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: _prune(trial, epoch, logs[setup.watched])),
    ]
    batch = trial.suggest_categorical("batch", [32, 64, 128])
    held = (setup.x_held, setup.y_held)
    model.fit(setup.x, setup.y, batch, epochs, validation_data=held, callbacks=watching, verbose=0)
    return float(best.best)


def _prune(trial: Any, epoch: int, score: float) -> None:
    trial.report(score, epoch)
    if trial.should_prune():
        raise optuna.TrialPruned


def _columns(task: Task) -> Any:
    """From rows to numbers around 0, and a column for each category that is not rare."""
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    words = OneHotEncoder(
        handle_unknown="infrequent_if_exist", min_frequency=2, max_categories=100, sparse_output=False
    )
    of_type = make_column_selector
    transformed = make_column_transformer(
        (numbers, of_type(dtype_include="number")), (words, of_type(dtype_include="category"))
    )
    return make_pipeline(FunctionTransformer(Frames.learn(task.x, task.settings.seed).apply), transformed)

"""`Attempt`: one candidate trained and scored, once, or once for each fold of a cross-validation."""

import math
import time
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from easynas.data.dataset import Inputs, shapes
from easynas.data.feed import train_batches
from easynas.data.split import class_weights
from easynas.data.store import Arrays, Part
from easynas.nets.block import Block
from easynas.nets.cost import macs, parameters
from easynas.nets.network import model_of, precision
from easynas.nets.table.trees import is_grown
from easynas.search.budget import Deadline
from easynas.search.running import announce
from easynas.search.trial import LOOKS, Done, Failed, Job, Trial
from easynas.train import weights
from easynas.train.boosting import GrowthError, grow
from easynas.train.channels import STEPS, narrowed, without_channels
from easynas.train.filed import WEIGHTS_KB, as_file
from easynas.train.recipe import Recipe
from easynas.train.scoring import Scoring, loss
from easynas.train.trainer import Outcome, begin, compiled, predict, train

if TYPE_CHECKING:
    from easynas.train.evaluator import Evaluator

SLICE = 1 / 3
"""Share of a candidate's time after which it is dropped if it cannot catch up."""

_TIMED = 0.1
"""Share of the held-out samples that tell how long all of them will take, where nothing is decided by them."""

_LATE = 0.5  # of the time for judging that must be left for it
_IMAGES = 4  # dimensions of a batch of them
_CANNOT_BUILD = (ValueError, TypeError, tf.errors.InvalidArgumentError)


class Attempt:
    """Builds the network of a job once, trains it on every part of the data, and scores all answers together.

    Args:
        evaluator: what is evaluated how.
        job: the candidate.
        bar: score after a first slice below which it is dropped.
    """

    def __init__(self, evaluator: "Evaluator", job: Job, *, bar: float) -> None:
        self._evaluator = evaluator
        self._job = job
        self._bar = bar
        self._recipe = Recipe.of({**evaluator.defaults, **job.values}, batch_size=evaluator.batch_size)
        self._started = time.monotonic()
        self._built = 0.0
        self._judging = 0.0 if evaluator.judge is None else evaluator.judge.seconds_for(job.values)
        self._slice: dict[str, float] = {}

    def run(self, deadline: Deadline, *, devices: int) -> Trial:
        """Trains until `deadline` at the latest; every part gets the same share of the time."""
        keras.utils.set_random_seed(self._seed())
        self._announce([])
        parts = self._evaluator.store.parts()[: 1 if self._evaluator.once else None]
        try:
            model = self._build(self._evaluator.network, parts[0])
            initial = self._initial(model, parts)
            model = narrowed(model, initial[0])
            trained = compiled(model, self._recipe, self._evaluator.scoring.answer)
        except _CANNOT_BUILD as error:
            return self._failed(f"cannot build: {first_line(error)}")
        shipped = narrowed(self._shipped(model, parts[0]), initial[0])
        self._built = time.monotonic() - self._started
        outcomes, networks, answers, mirrored = [], [], [], []
        for number, part in enumerate(parts):
            begin(trained, initial[number])
            seconds = max(deadline.left - self._judging, 0.0) / (len(parts) - number)
            try:
                outcome = self._train(trained, shipped, part, deadline.within(seconds), seed=self._seed(number))
            except GrowthError as error:
                return self._failed(str(error))
            outcomes.append(outcome)
            if outcome.diverged:
                return self._failed("diverged: the loss stopped being a number")
            if outcome.progress < 1.0:
                return self._done(model, {"score": self._slice["first_slice_score"]}, outcomes, devices)
            networks.append(model.get_weights())
            answers.append(self._answers(trained, shipped, part.held_out.x))
            held_out = part.held_out.x
            if self._evaluator.mirrored and isinstance(held_out, np.ndarray) and held_out.ndim == _IMAGES:
                mirrored.append(predict(shipped, held_out[:, :, ::-1]))
        rows = np.concatenate([part.rows for part in parts])
        order = np.argsort(rows, kind="stable")
        y = self._evaluator.store.validation().y[rows[order]]
        scores = self._finish(networks, np.concatenate(answers)[order], y)
        scores |= self._as_file(networks[0], parts[0], scores["score"], deadline, of=len(y))
        if mirrored:
            scores |= self._compared(np.concatenate(answers)[order], np.concatenate(mirrored)[order], y)
        return self._done(model, scores, outcomes, devices)

    def _seed(self, part: int = 0) -> int:
        """Of the training of one part: other orders of the samples make networks that gain more when averaged."""
        return int(np.random.default_rng((self._evaluator.seed, self._job.id, part)).integers(2**31))

    def _build(self, network: Block, part: Part) -> Any:
        with precision(self._evaluator.precision):
            return model_of(network, self._job.values, shapes(part.samples.x))

    def _initial(self, model: Any, parts: list[Part]) -> list[weights.Weights]:
        """The weights that each training starts from; what a fold may know of the samples is among them."""
        source = self._evaluator.inherit if self._job.continues is None else self._job.continues
        if source is None:
            own = self._evaluator.fold_networks
            if not own:
                return [model.get_weights()] * len(parts)
            return [self._build(network, part).get_weights() for network, part in zip(own, parts, strict=True)]
        if not self._evaluator.weights_path(source).exists():
            raise ValueError(f"the weights of trial {source} are gone")
        found: list[weights.Weights] = list(weights.load(self._evaluator.weights_path(source)))
        if self._job.pruned:
            return [self._pruned(model, found[0], parts[0])] * len(parts)
        below = model.get_weights()[: max(0, len(model.weights) - len(found[0]))]  # of a network that it was a head on
        return [[*below, *own] for own in found]

    def _pruned(self, model: Any, whole: weights.Weights, part: Part) -> weights.Weights:
        """The weights that are left when the channels that count least are gone."""
        evaluator = self._evaluator
        network = self._shipped(model, part)
        network.set_weights(whole)
        answer, seed = evaluator.scoring.answer, self._seed()
        batches = train_batches(
            part.train, answer, batch_size=evaluator.batch_size, seed=seed, threads=evaluator.threads
        )
        few = ((x, y) for x, y, _ in batches.take(STEPS))
        return list(without_channels(network, few, self._recipe.loss(answer), self._job.pruned).get_weights())

    def _shipped(self, model: Any, part: Part) -> Any:
        """The network that is scored: of what does not compete, the one that would be shipped, in float32."""
        if self._evaluator.candidate or self._evaluator.precision == "float32":
            return model  # it shares the weights of the one that is trained
        with precision("float32"):
            return model_of(self._evaluator.network, self._job.values, shapes(part.samples.x))

    def _train(self, trained: Any, shipped: Any, part: Part, deadline: Deadline, *, seed: int) -> Outcome:
        evaluator = self._evaluator
        if is_grown(trained):
            answer, threads = evaluator.scoring.answer, evaluator.threads
            samples = self._weighted(part.train)
            return grow(trained, self._job.values, samples, answer, deadline, seed=seed, threads=threads)

        share = 1.0 if evaluator.candidate else _TIMED

        def promising() -> bool:
            count = math.ceil(share * len(part.rows))
            answers = self._answers(trained, shipped, keras.tree.map_structure(lambda x: x[:count], part.held_out.x))
            if evaluator.candidate:
                self._slice["first_slice_score"] = evaluator.scoring.score(answers, part.held_out.y)
            return not evaluator.candidate or self._slice["first_slice_score"] >= self._bar

        return train(
            trained,
            self._weighted(part.train),
            self._recipe,
            deadline,
            evaluator.scoring.answer,
            batch_size=evaluator.batch_size,
            seed=seed,
            threads=evaluator.threads,
            held_out=len(part.rows) * (2 if evaluator.mirrored or evaluator.both_ways else 1),
            slice_at=SLICE,
            on_slice=promising,
            slice_share=share,
            on_part=self._announce,
            annealed=evaluator.annealed,
        )

    def _announce(self, curve: list[float]) -> None:
        """Tells how the training goes; a loss that is no number is told by the trial."""
        if all(math.isfinite(loss) for loss in curve):
            announce(self._evaluator.folder, self._job, curve)

    def _weighted(self, arrays: Arrays) -> Arrays:
        """The samples with weights that make rare classes heard, where the metric hears them."""
        scoring = self._evaluator.scoring
        answer = scoring.answer
        if not scoring.is_balanced:
            return arrays
        balance = class_weights(arrays.y, answer.outputs)
        return arrays._replace(weights=(arrays.weights * balance[arrays.y]).astype("float32"))

    def _answers(self, trained: Any, shipped: Any, x: Inputs) -> np.ndarray:
        if shipped.weights[0] is not trained.weights[0]:
            shipped.set_weights(trained.get_weights())
        answers = predict(shipped, x)
        if not self._evaluator.both_ways or isinstance(x, dict):
            return answers
        return np.asarray(0.5 * (answers + predict(shipped, x[:, :, ::-1])))

    def _finish(self, networks: list[weights.Weights], answers: np.ndarray, y: np.ndarray) -> dict[str, float]:
        """Keeps the weights, and scores the answers of all parts together."""
        scoring = self._evaluator.scoring
        weights.save(self._evaluator.weights_path(self._job.id), networks, answers=answers)
        score = scoring.score(answers, y)
        return {
            "score": score,
            "loss": loss(answers, y, scoring.answer),
            "standard_error": scoring.standard_error(score, answers, y),
        }

    def _as_file(
        self, network: weights.Weights, part: Part, score: float, deadline: Deadline, *, of: int
    ) -> dict[str, float]:
        """The score of what would be shipped, judged by the first network of several.

        What is no candidate may be the result: if it is late, it comes back with the score of its network.
        """
        judge = self._evaluator.judge
        late = self._job.values and not self._evaluator.candidate and deadline.left < _LATE * self._judging
        if judge is None or late:
            return {}
        filed = judge(self._job.values, network, part.held_out.x, deadline=deadline)
        return {} if filed is None else as_file(filed, score, part.held_out.y, self._evaluator.scoring, of=of)

    def _compared(self, answers: np.ndarray, mirrored: np.ndarray, y: np.ndarray) -> dict[str, float]:
        """The usual metric on the images as they are, and on the same with left and right swapped."""
        usual = Scoring.of(None, self._evaluator.scoring.answer)
        return {"usual_score": usual.score(answers, y), "mirrored_score": usual.score(mirrored, y)}

    def _done(self, model: Any, scores: dict[str, float], outcomes: list[Outcome], devices: int) -> Trial:
        score = scores.pop("score")
        if not np.isfinite(score):
            return self._failed(f"the metric is not a number ({score})")
        job = self._job
        metrics = {
            **scores,
            **self._slice,
            "devices": float(devices),
            "parameters": float(parameters(model)),
            "macs": float(macs(model)),
            **({LOOKS: 2.0} if self._evaluator.both_ways else {}),
            **self._weight(model),
            "epochs": float(np.mean([outcome.epochs for outcome in outcomes])),
            "steps": float(sum(outcome.steps for outcome in outcomes)),
            "batch_size": float(self._evaluator.batch_size),
            "build_seconds": self._built,
            "first_step_seconds": self._built + outcomes[0].first_seconds,
        }
        done = outcomes[-1].progress
        fidelity = job.fidelity if done >= 1.0 else job.trained + (job.fidelity - job.trained) * done
        shortest = min(len(outcome.curve) for outcome in outcomes)
        curve = np.mean([outcome.curve[:shortest] for outcome in outcomes], axis=0).tolist()
        return Done(job, score, time.monotonic() - self._started, metrics, fidelity=fidelity, curve=tuple(curve))

    def _weight(self, model: Any) -> dict[str, float]:
        """What the weights take in a file, where its numbers are chosen."""
        judge = self._evaluator.judge
        if judge is None:
            return {}
        return {WEIGHTS_KB: parameters(model) * judge.weight_bytes(self._job.values) / 1024}

    def _failed(self, reason: str) -> Failed:
        return Failed(self._job, reason, time.monotonic() - self._started)


def first_line(error: BaseException) -> str:
    """What an error says, in one line of bounded length."""
    return (str(error).splitlines() or [type(error).__name__])[0][:300]

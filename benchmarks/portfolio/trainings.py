"""One setting: a part of a problem at a resolution and a compute, and how candidates are trained on it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import problems
from runner import Record

from easynas import spaces
from easynas.data.dataset import Dataset
from easynas.data.images import ImageEncoder, ingest_images
from easynas.data.store import Store
from easynas.nets.baseline import Baseline
from easynas.nets.design import Compute
from easynas.nets.images import ImageDesign, design_images
from easynas.nets.layers import LARGEST_SIDE
from easynas.nets.portfolio import Known, known_designs
from easynas.nets.whitening import MOST_CHANNELS, SIDE, Whitening
from easynas.search.budget import Deadline
from easynas.search.trial import Done, Job, Trial
from easynas.space.space import SearchSpace, Values
from easynas.tasks.modality import usual_batch
from easynas.train import recipe
from easynas.train.evaluator import Evaluator
from easynas.train.machine import probe
from easynas.train.scoring import Scoring

SPEED = 2e11
"""Multiply-accumulates a second by which seconds of a budget are counted, about those of two cores with AVX512_BF16:
the compute is the same on every machine."""

MOST_JUDGED, FEWEST_JUDGED = 5_000, 300
SHARES = (0.4, 0.6, 0.8, 1.0)  # of the compute, from which candidates draw theirs
BASELINE_EPOCHS = 10.0
PATIENCE = 3_600.0  # seconds after which a training is stopped whatever it lacks


@dataclass(frozen=True, order=True)
class Setting:
    """What candidates are trained on.

    Attributes:
        problem: one of `problems.PROBLEMS`.
        images: to learn from.
        side: pixels of the square root of their area, if they have more.
        budget: seconds of the training on a machine of `SPEED`.
        seed: decides which images they are, and how networks begin.
    """

    problem: str
    images: int
    side: int
    budget: float
    seed: int


@dataclass(frozen=True)
class Ready:
    """A setting whose data are on the disk.

    Attributes:
        design: the space, and what the compute affords.
        evaluate: trains one network as a fit does.
        compute: what there is for one.
    """

    design: ImageDesign
    evaluate: Evaluator
    compute: Compute

    def job(self, number: int, candidate: Known) -> Job | None:
        """The training of a candidate that uses all of the compute; None where it has no network of any size.

        What it says of choices that these images do not have, such as whitening of large ones, is left out.
        """
        names = set(self.design.space.names)
        known = {name: value for name, value in candidate.values.items() if name in names}
        values = self.design.sizing.fit(known, knob=candidate.knob, share=candidate.share)
        if values is None:
            return None
        return Job(number, {**values, "train/epochs": self.compute.work / self.design.sizing.effort(values)})


def prepare(setting: Setting, data: Path, folder: Path) -> Ready:
    """Draws the images to learn from and others of the training part to judge by, and lets a baseline look at them.

    Raises:
        ValueError: the problem has too few images.
    """
    given = problems.load(setting.problem, data, seed=setting.seed)
    judged = min(len(given.y_train) - setting.images, MOST_JUDGED)
    if judged < FEWEST_JUDGED:
        raise ValueError(
            f"{setting.problem} must have {FEWEST_JUDGED} images to judge by beside those to learn from. "
            f"Received: {len(given.y_train)}, of which {setting.images} are to learn from. Use fewer."
        )
    order = np.random.default_rng(setting.seed).permutation(len(given.y_train))[: setting.images + judged]
    dataset = ingest_images(given.x_train[order], given.y_train[order])
    rows = np.arange(len(order))
    encoder = _reduced(dataset, setting.side)
    store = Store.write(
        folder / "data", dataset, encoder, train=rows[: setting.images], validation=rows[setting.images :]
    )
    compute = Compute(setting.budget, SPEED, setting.images)
    design = _design(dataset, encoder, store, compute, setting.seed)
    evaluate = Evaluator(
        design.network,
        store,
        Scoring.of(None, dataset.target.answer),
        setting.seed,
        probe().precision,
        usual_batch(setting.images),
        1,
        folder / "weights",
    )
    design = _informed(design, evaluate, encoder, chance=dataset.chance)
    return Ready(design, replace(evaluate, network=design.network, both_ways=design.both_ways), compute)


def _reduced(dataset: Dataset, side: int) -> ImageEncoder:
    encoder = dataset.encoder
    assert isinstance(encoder, ImageEncoder)
    height, width = encoder.schema.height, encoder.schema.width
    share = min(1.0, side / (height * width) ** 0.5)
    return encoder.at((max(1, round(share * height)), max(1, round(share * width))))


def _design(dataset: Dataset, encoder: ImageEncoder, store: Store, compute: Compute, seed: int) -> ImageDesign:
    schema = encoder.schema
    height, width, channels = encoder.inputs
    whitens = channels <= MOST_CHANNELS and min(height, width) >= SIDE and height * width <= LARGEST_SIDE**2
    images = np.asarray(store.train().x)
    return design_images(
        schema,
        dataset.target.answer,
        shape=encoder.inputs,
        compute=compute,
        block=spaces.create("auto"),
        whitening=Whitening.of(images, mean=schema.mean, variance=schema.variance) if whitens else None,
        declare_training=recipe.declare,
        seed=seed,
    )


def _informed(design: ImageDesign, evaluate: Evaluator, encoder: ImageEncoder, *, chance: float) -> ImageDesign:
    """Whether images are mirrored, and how large networks should be, is found out as in a fit."""
    baseline = Baseline(design.network.answer, encoder.schema.mean, encoder.schema.variance)
    look = replace(evaluate, network=baseline, candidate=False, mirrored=True)
    job = Job(0, {"train/epochs": BASELINE_EPOCHS}, origin="baseline")
    trial = look(job, deadline=Deadline.after(PATIENCE), bar=-np.inf)
    assert isinstance(trial, Done), trial.reason
    return design.informed(trial.metrics, chance=chance)[0]


def candidates(*, drawn: int, related: int) -> Iterator[Known]:
    """The designs of the present portfolio that the space "auto" has, relatives of them, and some drawn from it.

    Args:
        drawn: how many are drawn at random.
        related: how many are relatives: one of the known designs after the other, with one choice changed, then two.
    """
    networks = {block.name for block in spaces.create("auto").blocks}
    known = [each for each in known_designs() if each.values["network"] in networks]
    yield from known
    rng = np.random.default_rng(0)
    space = _any_design().space
    for number in range(related):
        turn, place = divmod(number, len(known))
        parent = _known(known, space.canonical(known[place].values), share=known[place].share)
        yield _relative(parent, space, turn + 1, rng)
    for _ in range(drawn):
        share = float(rng.choice(SHARES))
        yield _known(known, space.sample(rng), share=share)


def _relative(parent: Known, space: SearchSpace, changes: int, rng: np.random.Generator) -> Known:
    """The same kind of network with so many other choices."""
    while True:
        values = space.canonical(parent.values)
        for _ in range(changes):
            values = space.mutate(values, rng)
        if values["network"] == parent.values["network"]:
            child = _known([parent], values, share=parent.share)
            if sum(child.values[name] != parent.values[name] for name in parent.values) == changes:
                return child


def _known(known: Sequence[Known], values: Values, *, share: float) -> Known:
    """Values as a candidate, without what scales it."""
    knob = {str(each.values["network"]): each.knob for each in known}[str(values["network"])]
    return Known(knob, share, {name: each for name, each in values.items() if name != knob})


def _any_design() -> ImageDesign:
    """For images that may be whitened, so that its space has all choices."""
    images = np.random.default_rng(0).integers(0, 256, (64, 32, 32, 3)).astype(np.uint8)
    dataset = ingest_images(images, np.arange(64) % 2)
    encoder = _reduced(dataset, 32)
    schema = encoder.schema
    return design_images(
        schema,
        dataset.target.answer,
        shape=encoder.inputs,
        compute=Compute(60.0, SPEED, 64),
        block=spaces.create("auto"),
        whitening=Whitening.of(images, mean=schema.mean, variance=schema.variance),
        declare_training=recipe.declare,
        seed=0,
    )


def key(candidate: Known) -> str:
    """What tells candidates apart in a file of results."""
    return json.dumps(candidate._asdict(), sort_keys=True)


def record(setting: Setting, candidate: Known, trial: Trial) -> Record:
    """The line of one training."""
    found = {**asdict(setting), "candidate": json.loads(key(candidate))}
    if not isinstance(trial, Done):
        return {**found, "error": trial.reason, "seconds": trial.seconds}
    names = ("loss", "standard_error", "first_slice_score", "parameters", "macs", "epochs")
    measured = {name: trial.metrics[name] for name in names if name in trial.metrics}
    return {**found, "score": trial.score, "seconds": trial.seconds, **measured}

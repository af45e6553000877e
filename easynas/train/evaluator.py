"""`Evaluator`: from a job to a trial. It travels to the worker processes, so it holds no data and no network.

A job that goes on from the weights of another trial is a warm restart (Loshchilov & Hutter 2017, "SGDR"): the optimizer
begins anew, the learning rate rises to its peak again and falls to zero within the job's own time.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import keras
import tensorflow as tf

from easynas.data.disk import DISK_FULL
from easynas.data.store import Store
from easynas.errors import ExportError
from easynas.nets.block import Block
from easynas.search.budget import Deadline
from easynas.search.trial import Failed, Job, Trial
from easynas.space.dimension import Value
from easynas.train.attempt import Attempt, first_line
from easynas.train.detached import Detached, Memory, Parcel, attach, detach
from easynas.train.devices import spread
from easynas.train.filed import Judge
from easynas.train.reference import evaluate_reference
from easynas.train.scoring import Scoring


@dataclass(frozen=True)
class Evaluator:
    """Trains one candidate and scores it on the held-out samples.

    Attributes:
        network: what a job's values describe.
        store: the data.
        scoring: the metric.
        seed: all randomness of a job comes from it and the job's number.
        precision: Keras dtype policy to train in; scores are computed in it too.
        batch_size: samples a step.
        threads: threads of the worker.
        folder: where weights are kept, a file `{job.id}.npz` each.
        inherit: number of a job whose weights a training starts from, unless its job goes on from others; None starts
            from random ones.
        candidate: whether it competes: it is then judged after a first slice of its time, and scored in the precision
            it trains in. What is not a candidate is trained to the end and scored in float32, as it would be shipped.
        spread_over: kind of device, "GPU", of which the training uses all there are; None for one.
        mirrored: whether to measure the usual metric, as `usual_score`, and on mirrored images, as `mirrored_score`.
        both_ways: whether answers are averaged over an image and its mirror image, as in what is shipped.
        defaults: choices of the training that a job leaves open.
        once: whether a network is trained once where there are folds, with the first of them held out.
        judge: makes a file of what was trained, and scores that; None where files answer as networks do.
        fold_networks: the network as each fold may know it, where it holds statistics of what is to be predicted; their
            weights have the same shapes.
        annealed: whether the learning rate falls to zero as the time of a training runs out.
    """

    network: Block
    store: Store | Memory
    scoring: Scoring
    seed: int
    precision: str
    batch_size: int
    threads: int
    folder: Path
    inherit: int | None = None
    candidate: bool = True
    spread_over: str | None = None
    mirrored: bool = False
    both_ways: bool = False
    defaults: Mapping[str, Value] = field(default_factory=dict)
    once: bool = False
    judge: Judge | None = None
    fold_networks: tuple[Block, ...] = ()
    annealed: bool = True

    def __call__(self, job: Job, *, deadline: Deadline, bar: float) -> Trial:
        """Trains until `deadline`; gives up after a first slice with a score below `bar`.

        Raises:
            MemoryError: there is not enough for this network and batch.
        """
        started = time.monotonic()
        try:
            if job.reference:
                return evaluate_reference(job, self.store, self.scoring, threads=self.threads)
            with spread(self.spread_over) as devices:
                return Attempt(self, job, bar=bar).run(deadline, devices=devices)
        except ExportError as error:
            return Failed(job, first_line(error), time.monotonic() - started)
        except tf.errors.ResourceExhaustedError as error:
            raise MemoryError(first_line(error)) from None
        except OSError as error:
            if error.errno not in DISK_FULL:
                raise
            return Failed(job, f"the weights could not be written: {error.strerror}", time.monotonic() - started)
        finally:
            keras.backend.clear_session()

    def lighter(self) -> "Evaluator":
        """The same with half the batch, for when memory ran out."""
        return replace(self, batch_size=max(1, self.batch_size // 2))

    def detached(self) -> Detached:
        """The same without files of this machine; `attached` makes trials of its results."""
        return detach(self)

    def brought(self, job: Job) -> bytes | None:
        """What a detached one needs for a job: the file of the weights that it goes on from, None for no such file."""
        if job.continues is None or not self.weights_path(job.continues).exists():
            return None
        return self.weights_path(job.continues).read_bytes()

    def attached(self, parcel: Parcel) -> Trial:
        return attach(self, parcel)

    def weights_path(self, number: int) -> Path:
        """Where the weights of a trial are."""
        return self.folder / f"{number}.npz"

"""An LSTM controller that learns by reinforcement which designs pay.

Zoph & Le 2017, "Neural architecture search with reinforcement learning": REINFORCE with a moving average as baseline
(equation 3). Zoph et al. 2018, "Learning transferable architectures for scalable image recognition": such a controller
with proximal policy optimization (Schulman et al. 2017, equation 7) and an entropy bonus. What differs from them:

- They train tens of thousands of networks, a study here tens. So every told trial is learned from at once, with a
  larger learning rate, and "ppo" replays the latest trials.
- The reward is the share of told trials that a trial beats, failed ones being the worst. Accuracies bunch up near the
  top, and one broken network would otherwise decide the scale.
- A long or continuous range is a choice among a few bins, within which values are drawn alike. What a genotype does not
  have is skipped: it is read as such by the LSTM, and nothing is learned from it.
- Nothing is proposed twice. While the policy repeats itself, it is read at a rising temperature.
- Trials that it did not propose, of a portfolio or an earlier run, are learned from as if it had. That is biased, but
  towards designs that somebody thought good, and weighting by importance would all but discard them.

The policy is a function of seed and told trials: it is updated in `tell`, and read in `ask`.
"""

import itertools
import math
from bisect import bisect_left, bisect_right, insort
from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np

from easynas.errors import InputError
from easynas.search.incumbent import rank_key
from easynas.search.trial import Done, Job, Trial
from easynas.space.space import SearchSpace, Values
from easynas.strategies.decisions import Decisions
from easynas.strategies.fresh import Feasible, Fresh
from easynas.strategies.policy import Policy

_BASELINE = 0.9
"""Decay of the baseline (Dong & Yang 2020, "NAS-Bench-201", REINFORCE)."""

_SPREAD = math.sqrt(12.0)  # makes ranks, which are uniform in [0, 1], a reward with standard deviation 1
_COOL = 10  # repetitions after which the temperature has doubled

Rank = tuple[float, float]


@dataclass(frozen=True)
class _Update:
    """How a told trial changes the policy.

    Attributes:
        trials: latest trials that are learned from.
        times: steps of gradient descent.
        clip: by which share a probability may change; None: any.
        learning_rate: of Adam.
    """

    trials: int
    times: int
    clip: float | None
    learning_rate: float


# Zoph & Le take a learning rate of 0.0006 for 12,800 networks. For 150, 0.003 was the best of 0.001, 0.003 and 0.01 on
# a synthetic landscape (tests/strategies/landscape.py). "ppo" takes many steps on every trial, so 0.001 is enough.
# Clip: Schulman et al. 2017, table 1; 3 times through the same samples, as they do for Atari.
_UPDATES = {
    "reinforce": _Update(trials=1, times=1, clip=None, learning_rate=0.003),
    "ppo": _Update(trials=16, times=3, clip=0.2, learning_rate=0.001),
}


class Controller:
    """A policy over sequences of decisions, trained by policy gradient.

    Args:
        space: where to search.
        seed: proposals depend on it, on the job's number and on what was told, on nothing else.
        feasible: genotypes for which it is False are never proposed.
        update: "reinforce" for one step on every trial, "ppo" for several clipped ones on the latest trials.
        learning_rate: of Adam; None: 0.003 for "reinforce" and 0.001 for "ppo".
        entropy: weight of the entropy, which keeps the policy from settling too soon (0.01: Schulman et al. for Atari).

    Raises:
        InputError: an unknown update.
    """

    def __init__(
        self,
        space: SearchSpace,
        *,
        seed: int,
        feasible: Feasible = lambda _: True,
        update: Literal["reinforce", "ppo"] = "reinforce",
        learning_rate: float | None = None,
        entropy: float = 0.01,
    ) -> None:
        if update not in _UPDATES:
            raise InputError(f"`update` must be one of {sorted(_UPDATES)}. Received: {update!r}.")
        self.space = space
        self.seed = seed
        self._fresh = Fresh(space, feasible)
        self._decisions = Decisions.of(space)
        self._update = _UPDATES[update]
        self._policy = Policy(
            self._decisions.options,
            seed=seed,
            batch=self._update.trials,
            learning_rate=self._update.learning_rate if learning_rate is None else learning_rate,
            entropy=entropy,
            clip=self._update.clip,
        )
        self._baseline = 0.0
        self._ranks: list[Rank] = []
        self._latest: deque[tuple[Rank, np.ndarray, np.ndarray]] = deque(maxlen=self._update.trials)

    def ask(self, job_id: int) -> Job | None:
        """A new genotype that the policy writes; a random one if it repeats itself; None if nothing new is left."""
        rng = np.random.default_rng((self.seed, job_id))
        temperatures = (1.0 + repetition / _COOL for repetition in itertools.count())
        values = self._fresh.draw(lambda: self._write(rng, next(temperatures)))
        if values is not None:
            return Job(job_id, values, origin="policy")
        values = self._fresh.draw(lambda: self.space.sample(rng))
        return None if values is None else Job(job_id, values, origin="random")

    def tell(self, trial: Trial) -> None:
        """Makes the decisions of a trial that is better than the baseline more probable, and the others less."""
        self._fresh.add(dict(trial.job.values))
        rank = rank_key(trial) if isinstance(trial, Done) else (-math.inf, -math.inf)
        insort(self._ranks, rank)
        if not self._decisions.steps:
            return
        self._latest.append((rank, *self._decisions.read(trial.job.values)))
        ranks, options, active = zip(*self._latest, strict=True)
        advantages = np.array([self._reward(each) for each in ranks]) - self._baseline
        if len(self._ranks) > 1:  # there is nothing to compare the first one with
            self._policy.learn(np.stack(options), np.stack(active), advantages, times=self._update.times)
        self._baseline = _BASELINE * self._baseline + (1.0 - _BASELINE) * self._reward(rank)

    def skip(self, trial: Trial) -> None:
        """Only remembers the genotype, which was trained at another fidelity."""
        self._fresh.add(dict(trial.job.values))

    def _reward(self, rank: Rank) -> float:
        """The share of told trials that are worse, equal ones counting half, from -1.7 to 1.7 with mean 0."""
        middle = 0.5 * (bisect_left(self._ranks, rank) + bisect_right(self._ranks, rank))
        return _SPREAD * (middle / len(self._ranks) - 0.5)

    def _write(self, rng: np.random.Generator, temperature: float) -> Values:
        state = self._policy.begin()

        def choose(step: int, *, active: bool) -> int:
            nonlocal state
            if not active:
                state = self._policy.advance(step, None, state)
                return 0
            logits = self._policy.logits(step, state) / temperature
            option = int(np.argmax(logits + rng.gumbel(size=logits.shape)))  # a sample of their softmax
            state = self._policy.advance(step, option, state)
            return option

        return self._decisions.write(choose, rng)

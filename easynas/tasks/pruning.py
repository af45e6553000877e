"""The best network again with fewer channels: trials that are made of a trial, trained on for a part of the time.

A share of the channels is no choice of the space: a network that is trained from the start with fewer channels is
another network, and widths are choices already. What pruning adds is that channels go which turned out not to count.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from easynas.engines.warm import cores
from easynas.nets.design import Design
from easynas.search.plan import Plan
from easynas.search.trial import Done, Job, Trial
from easynas.tasks.judgement import judging
from easynas.tasks.phases import evaluator, next_trial, started, train_final
from easynas.tasks.preparation import Prepared
from easynas.tasks.session import Session

_SHARE = 0.35  # of the time after the search, for all of them together
_STARTS = 2.0  # what decides which channels count takes as long to begin as a training
_USEFUL = 3.0  # seconds of training; with less a network has not recovered


@dataclass(frozen=True)
class Pruning:
    """What is taken out, and how long it takes.

    Attributes:
        shares: of the channels, one for each network.
        seconds: for all of them.
        least: for one of them.
    """

    shares: tuple[float, ...] = ()
    seconds: float = 0.0
    least: float = 0.0

    def part(self, number: int, left: float) -> float:
        """Seconds for the share of that number, of those that are left for it and the later ones.

        What loses more has more to mend: beyond the least that all need, each has time in proportion to its share.
        """
        rest = self.shares[number:]
        least = min(self.least, left / len(rest))
        return least + (left - least * len(rest)) * rest[0] / sum(rest)


def train_and_prune(session: Session, prepared: Prepared, designed: Design, planned: Plan) -> Trial:
    """The final training, and after it what becomes of its network without some channels.

    Returns:
        What should be shipped: the final training, or where a share was asked for the network without it.
    """
    pruning = plan_pruning(session, prepared)
    final = train_final(session, prepared, designed, planned, reserve=pruning.seconds)
    if not isinstance(final, Done) or not pruning.shares:
        return final
    with session.phase("pruning", "training it on without some channels"):
        pruned = list(prune(session, prepared, designed, final, pruning))
    return pruned[0] if pruned and session.settings.prunes_always else final


def plan_pruning(session: Session, prepared: Prepared) -> Pruning:
    """As much of what was asked for as there is time for after the search; the first shares before the others."""
    wanted = session.settings.pruning
    if not wanted:
        return Pruning()
    left = _SHARE * (session.deadline.left - prepared.bundle_seconds)
    starts = [trial.metrics.get("first_step_seconds", 0.0) for trial in session.study.trials if isinstance(trial, Done)]
    filing = judging(session.study, prepared.judge, session.modality.baseline(prepared)[0])
    each = _STARTS * max(starts, default=0.0) + (0.0 if filing is None else filing.seconds) + _USEFUL
    shares = wanted[: max(0, int(left / each))]
    if len(shares) < len(wanted):
        session.note(
            f"A network with fewer channels takes {each:.0f} s here, and {max(left, 0.0):.0f} s are there for them: "
            f"{len(shares)} of {len(wanted)} are made. Give a larger budget for all."
        )
    return Pruning(shares, left, each) if shares else Pruning()


def prune(session: Session, prepared: Prepared, designed: Design, parent: Done, pruning: Pruning) -> Iterator[Done]:
    """Takes channels out of the network of a trial, each share by itself, and trains what is left on.

    Returns:
        Trials that came to their end, in the order of the shares.
    """
    evaluate = replace(
        evaluator(session, prepared, designed.network, (), threads=cores()),
        candidate=False,
        once=True,
        both_ways=designed.both_ways,
        judge=judging(session.study, prepared.judge, designed.shipped),
    )
    launcher = session.settings.launcher
    end = session.deadline.before(prepared.bundle_seconds)
    with started(session, launcher, evaluate, workers=1, threads=None, grace=session.deadline.tolerance) as engine:
        for number, share in enumerate(pruning.shares):
            job = Job(
                session.study.next_id,
                dict(parent.job.values),
                origin=f"trial {parent.job.id} without {share:.0%} of its channels",
                continues=parent.job.id,
                pruned=share,
            )
            until = end.within(pruning.part(number, max(end.left, 0.0)))
            session.study.begin(job)
            engine.submit(job, deadline=until, bar=-np.inf)
            trial = next_trial(engine, session.interrupt)
            session.study.append(trial)
            if isinstance(trial, Done):
                yield trial

"""A strategy inside another one: told one fidelity, and never asked to repeat what another fidelity has seen."""

import keras_tuner

from easynas.search.trial import Done, Job, Trial
from easynas.space.space import SearchSpace
from easynas.strategies.source import MORE, Source


def space() -> SearchSpace:
    hp = keras_tuner.HyperParameters()
    hp.Int("width", 0, 999)
    return SearchSpace(hp)


SPACE = space()
ENOUGH = 1 + MORE


class Counting:
    """Proposes 0, 1, 2, ... and remembers what it was told; all that were made are in `made`."""

    made: "list[Counting]"

    def __init__(self) -> None:
        self.told: list[Trial] = []
        self.skipped: list[Trial] = []
        self.asked = 0
        Counting.made.append(self)

    def ask(self, job_id: int) -> Job | None:
        self.asked += 1
        return Job(job_id, {"width": self.asked - 1}) if self.asked <= 50 else None

    def tell(self, trial: Trial) -> None:
        self.told.append(trial)

    def skip(self, trial: Trial) -> None:
        self.skipped.append(trial)


def source() -> Source:
    Counting.made = []
    return Source(SPACE, Counting, levels=3)


def trial(width: int, level: int) -> Done:
    return Done(Job(width, {"width": width}, fidelity=3.0 ** (level - 2)), 0.5, 1.0, fidelity=3.0 ** (level - 2))


def drawn(source: Source) -> int:
    job = source.draw(77)
    assert job is not None
    return int(job.values["width"])


def told(source: Source) -> list[Trial]:
    """What the strategy in use knows."""
    source.draw(77)
    return Counting.made[-1].told


def test_the_strategy_learns_from_the_highest_fidelity_with_enough_trials() -> None:
    inside = source()
    low = [trial(number, 0) for number in range(100, 110)]
    for each in low:
        inside.tell(each, 0)
    assert told(inside) == low
    middle = [trial(number, 1) for number in range(100, 100 + ENOUGH)]
    for each in middle[:-1]:
        inside.tell(each, 1)
    assert told(inside) == low
    inside.tell(middle[-1], 1)
    assert told(inside) == middle
    inside.tell(trial(110, 0), 0)
    assert told(inside) == middle


def test_dropped_trials_are_told_but_do_not_count() -> None:
    inside = source()
    inside.tell(trial(100, 0), 0)
    dropped = [Done(Job(n, {"width": n}, fidelity=1.0), 0.5, 1.0, fidelity=0.3) for n in range(101, 120)]
    for each in dropped:
        inside.tell(each, 2)
    assert told(inside) == [trial(100, 0)]


def test_what_was_seen_at_another_fidelity_is_not_drawn() -> None:
    inside = source()
    for number in (0, 1, 3):
        inside.tell(trial(number, 2), 2 if number else None)
    assert [drawn(inside) for _ in range(3)] == [2, 4, 5]


def test_trials_of_other_fidelities_are_skipped_by_the_same_strategy() -> None:
    inside = source()
    known = [trial(number, 1) for number in range(100, 110)]
    for each in known:
        inside.tell(each, 1)
    proposed = trial(drawn(inside), 0)
    inside.tell(proposed, 0)
    drawn(inside)
    [strategy] = Counting.made
    assert (strategy.told, strategy.skipped) == (known, [proposed])


def test_a_strategy_made_anew_hears_of_every_trial_in_its_order() -> None:
    inside = source()
    low, foreign, high = trial(100, 0), trial(101, 1), [trial(number, 2) for number in range(102, 102 + ENOUGH)]
    inside.tell(low, 0)
    drawn(inside)
    inside.tell(foreign, None)
    for each in high:
        inside.tell(each, 2)
    drawn(inside)
    assert [len(each.told) for each in Counting.made] == [1, ENOUGH]
    assert (Counting.made[-1].told, Counting.made[-1].skipped) == (high, [low, foreign])


def test_an_exhausted_strategy_ends_in_none() -> None:
    inside = source()
    assert [drawn(inside) for _ in range(50)] == list(range(50))
    assert inside.draw(0) is None

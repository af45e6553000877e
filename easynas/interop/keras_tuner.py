"""Any strategy as a `keras_tuner.Oracle`, for every KerasTuner tuner.

    import keras_tuner
    from easynas.interop.keras_tuner import Oracle

    tuner = keras_tuner.Tuner(Oracle("evolution", "val_accuracy", max_trials=50, seed=0), hypermodel)
    tuner.search(x, y, epochs=5, validation_data=(x_val, y_val))

KerasTuner finds choices by building networks, so its space grows on the way, while a strategy here has one space. When
it grew, the strategy is made anew on the larger space and told all trials again, with the new choices at the defaults
that those networks were built with. Reloading a project is the same: the trials that KerasTuner saved are told again.
"""

from typing import Any, cast

import keras_tuner
import numpy as np

from easynas.errors import InputError
from easynas.interop.choice import Choice, check_choice, make
from easynas.search.loop import Strategy
from easynas.search.trial import Done, Failed, Job, Trial
from easynas.space.space import SearchSpace, Values

FIDELITY = "easynas/fidelity"
"""Name under which `hp.values` holds the share of a full training in (0, 1), if a strategy asks for less than 1."""

_RUNNING, _IDLE, _STOPPED, _COMPLETED = "RUNNING", "IDLE", "STOPPED", "COMPLETED"  # KerasTuner's words


class Oracle(keras_tuner.Oracle):  # type: ignore[misc]
    """Proposes what a strategy asks for, and tells it how KerasTuner's trials ended.

    A strategy does not hear how long trials took, since KerasTuner does not say. One with several fidelities puts the
    share of a full training into `hp.values[FIDELITY]`, for `HyperModel.fit` to read; without that, all are full ones.

    Args:
        strategy: a name (`easynas.strategies.names()`), or a function `(space, seed) -> strategy`.
        objective: as for every KerasTuner oracle: a metric's name, whose direction KerasTuner infers, a
            `keras_tuner.Objective`, or a list of them; None: what `run_trial` returns is minimized.
        max_trials: most trials; None: until the strategy has nothing new.
        hyperparameters: choices declared in advance, `keras_tuner.HyperParameters`; None: none.
        allow_new_entries: whether networks may ask for choices that were not declared.
        tune_new_entries: whether such choices are searched; otherwise they keep their defaults.
        seed: of the strategy, from 0; None: another one every time.
        max_retries_per_trial: how often a trial is run again that ended in an error.
        max_consecutive_failed_trials: so many failed trials in a row end the search with an error.

    Raises:
        InputError: no such strategy.
    """

    def __init__(
        self,
        strategy: Choice = "auto",
        objective: Any = None,
        *,
        max_trials: int | None = None,
        hyperparameters: Any = None,
        allow_new_entries: bool = True,
        tune_new_entries: bool = True,
        seed: int | None = None,
        max_retries_per_trial: int = 0,
        max_consecutive_failed_trials: int = 3,
    ) -> None:
        check_choice(strategy)
        chosen = int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else int(seed)
        super().__init__(
            objective=objective,
            max_trials=max_trials,
            hyperparameters=hyperparameters,
            allow_new_entries=allow_new_entries,
            tune_new_entries=tune_new_entries,
            seed=chosen or 1,  # KerasTuner takes 0 for none and draws one from the user's random state
            max_retries_per_trial=max_retries_per_trial,
            max_consecutive_failed_trials=max_consecutive_failed_trials,
        )
        self.seed = chosen
        self._choice = strategy
        self._strategy: Strategy | None = None
        self._space: SearchSpace | None = None
        self._declared = 0
        self._told = 0

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """KerasTuner asks for the values of its next trial."""
        if not self.hyperparameters.space:  # one network, to be trained once
            return {"status": _STOPPED if self.trials else _RUNNING, "values": {}}
        strategy = self._up_to_date()
        job = strategy.ask(int(trial_id))
        if job is None:
            return {"status": _IDLE if self.ongoing_trials else _STOPPED}
        values: Values = dict(job.values)
        if job.fidelity < 1.0:
            values[FIDELITY] = job.fidelity
        return {"status": _RUNNING, "values": values}

    def set_state(self, state: dict[str, Any]) -> None:
        """KerasTuner reloads a project: the strategy is made and told anew when it is asked next."""
        super().set_state(state)
        self._strategy = None

    def _up_to_date(self) -> Strategy:
        """The strategy on the present space, told of every trial that has ended."""
        if self._strategy is None or self._declared != len(self.hyperparameters.space):
            self._space = SearchSpace(self.hyperparameters)
            self._strategy = make(self._choice, self._space, seed=self.seed)
            self._declared, self._told = len(self.hyperparameters.space), 0
        for trial_id in self.end_order[self._told :]:
            trial = self._trial(self.trials[trial_id])
            if trial is not None:
                self._strategy.tell(trial)
        self._told = len(self.end_order)
        return self._strategy

    def _trial(self, trial: Any) -> Trial | None:
        """A KerasTuner trial as ours; None if its values are not of the space, as those that a user enforces."""
        space = cast("SearchSpace", self._space)
        values = dict(trial.hyperparameters.values)
        fidelity = float(values.pop(FIDELITY, 1.0))
        try:
            values = space.canonical({name: value for name, value in values.items() if name in space.names})
        except InputError:
            return None
        job = Job(int(trial.trial_id), values, fidelity)
        if trial.status != _COMPLETED:
            return Failed(job, _last_line(trial.message), seconds=0.0)
        score = trial.score if self.objective.direction == "max" else -trial.score
        metrics = {name: float(trial.metrics.get_best_value(name)) for name in trial.metrics.metrics}
        return Done(job, float(score), seconds=0.0, metrics=metrics, fidelity=fidelity)


def _last_line(message: str | None) -> str:
    lines = (message or "").strip().splitlines()
    return lines[-1] if lines else "failed for no known reason"

"""The search and what follows it: a backbone that is trained on, or one long training."""

from easynas.nets.design import Design
from easynas.search.plan import Plan
from easynas.search.trial import Trial
from easynas.tasks.finetuning import fine_tune
from easynas.tasks.phases import search
from easynas.tasks.preparation import Prepared
from easynas.tasks.pruning import train_and_prune
from easynas.tasks.session import Session

_TUNING, _FINAL = "training the pretrained network", "training the best network"


def search_and_train(
    session: Session, prepared: Prepared, designed: Design, planned: Plan, *, then: str
) -> Trial | None:
    """Spends the time of a plan.

    Args:
        session: of this fit.
        prepared: the data.
        designed: where to search.
        planned: the time of each part.
        then: what comes next, for the display.

    Returns:
        The trial that should be shipped; None if it is to be chosen among those of the search.
    """
    trained = planned.final and (session.modality.members == 1 or planned.search == 0)
    if planned.search > 0:
        after = _TUNING if planned.tune > 0 else _FINAL if trained else then
        with session.phase("search", "searching", then=after):
            search(session, prepared, designed, planned)
    if planned.tune > 0:
        with session.phase("tuning", _TUNING, then=then):
            return fine_tune(session, prepared, designed, planned)
    if trained:
        with session.phase("final", _FINAL, then=then):
            return train_and_prune(session, prepared, designed, planned)
    return None

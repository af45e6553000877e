"""A pretrained network that is trained itself, with the best head on it, after the heads were searched.

Its rate is small and its head is trained already, so that it does not forget what it knows (Howard & Ruder 2018,
"Universal language model fine-tuning", and Kumar et al. 2022, see `nets/pretrained.py`). What comes of it is shipped if
it is ahead of the average of heads on samples that neither trained on.
"""

from dataclasses import replace

import numpy as np

from easynas.engines.local import Local
from easynas.engines.warm import cores
from easynas.nets.design import Design
from easynas.nets.images import is_mirrored_alike
from easynas.nets.network import Augment, model_of
from easynas.nets.pretrained import FineTuned, fine_tuned, fine_tuning, head_of
from easynas.search.plan import Plan
from easynas.search.trial import Done, Job
from easynas.tasks.phases import best_of_space, evaluator, next_trial, started
from easynas.tasks.preparation import Prepared
from easynas.tasks.seeing import EPOCHS
from easynas.tasks.session import Session
from easynas.tasks.shipping import lead_over_average
from easynas.train import weights
from easynas.train.features import Seen
from easynas.train.scoring import Scoring
from easynas.train.trainer import predict


def fine_tune(session: Session, prepared: Prepared, designed: Design, planned: Plan) -> Done | None:
    """Trains the backbone and the best head as one network; it comes back if it should be shipped.

    Where there are folds, the first is held out: one network is trained, not one a fold.
    """
    head = best_of_space(session.study, designed.space)
    if head is None or prepared.seen is None:
        return None
    seen = prepared.seen
    mirror = _mirrors(session, prepared, designed, head, seen)
    network = fine_tuned(seen.backbone, head_of(designed.network), augment=Augment(mirror, session.settings.seed))
    trial = _trained(session, prepared, network, head, planned)
    if trial is None:
        return None
    ahead = lead_over_average(session, prepared, trial)
    session.note(
        f"{seen.backbone.architecture.name} was trained with the head of trial {head.job.id} "
        f"{'on images and their mirror images ' if mirror else ''}for {trial.seconds:.0f} s: on samples "
        f"that neither saw it is {'ahead of' if ahead > 0 else 'not ahead of'} the heads ({ahead:+.4f})."
    )
    return trial if ahead > 0 else None


def _trained(session: Session, prepared: Prepared, network: FineTuned, head: Done, planned: Plan) -> Done | None:
    """The trial of the whole network, from the weights of the backbone and the head; None if it failed."""
    assert prepared.seen is not None  # there is a backbone
    evaluate = replace(
        evaluator(session, prepared, network, (), threads=cores()),
        store=prepared.seen.images,
        precision=prepared.machine.precision,
        candidate=False,
        once=True,
    )
    job = Job(
        session.study.next_id,
        fine_tuning(head.job.values, epochs=EPOCHS),
        origin=f"fine-tuning of {head.job.id}",
        continues=head.job.id,
    )
    launcher = session.settings.launcher
    near = Local() if getattr(launcher, "remote", False) else launcher  # images and weights are here
    with started(session, near, evaluate, workers=1, threads=None, grace=session.deadline.tolerance) as engine:
        session.study.begin(job)
        engine.submit(job, deadline=session.deadline.within(planned.tune), bar=-np.inf)
        trial = next_trial(engine, session.interrupt)
    session.study.append(trial)
    return trial if isinstance(trial, Done) else None


def _mirrors(session: Session, prepared: Prepared, designed: Design, head: Done, seen: Seen) -> bool:
    """Whether the head, which never saw a mirrored image, recognises such."""
    model = model_of(designed.shipped, head.job.values, prepared.inputs)
    model.set_weights(weights.load(session.study.weights_path(head.job.id))[0])
    mirrored = seen.mirrored()
    held_out = seen.features.parts()[0].held_out.at(np.arange(len(mirrored)))
    usual = Scoring.of(None, prepared.answer)
    score = usual.score(predict(model, held_out.x), held_out.y)
    return is_mirrored_alike(score, usual.score(predict(model, mirrored), held_out.y), session.data.chance)

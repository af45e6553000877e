"""The search in sentences: which space and why, what was tried, what was refused, what decided."""

import math
import re
from collections import Counter
from collections.abc import Sequence

from easynas.report.importance import FEWEST, Importance
from easynas.report.leaderboard import status
from easynas.report.words import choice_words, listed, metric_words, network_words, score_words, seconds_words
from easynas.search.study import Study
from easynas.search.trial import Done, Failed, Trial
from easynas.train.filed import FLOAT_SCORE

_COLUMN = re.compile(r"Column .+? is (\w+): ", re.DOTALL)


def story(
    study: Study, found: Sequence[Importance], *, metric: str, modality: str, seconds: float
) -> list[tuple[str, list[str]]]:
    """Headings with their sentences.

    Args:
        study: of the fit.
        found: which choices mattered.
        metric: name of the score.
        modality: "images", "texts" or "tables".
        seconds: of the fit.
    """
    chapters = [
        ("Where it searched, and why", _chosen(study.notes)),
        ("What was tried", _tried(study, metric, modality, seconds)),
        ("What was refused", _refused(study.trials)),
        ("What decided", _decided(study, found, metric, modality)),
    ]
    return [(heading, sentences) for heading, sentences in chapters if sentences]


def _chosen(notes: Sequence[str]) -> list[str]:
    """The notes, those about single columns gathered into one."""
    kinds = Counter(found[1] for note in notes if (found := _COLUMN.match(note)))
    about = [f"The columns were taken for {listed([f'{kind} ({n})' for kind, n in kinds.items()])}; see `columns_`."]
    return (about if kinds else []) + [note for note in notes if not _COLUMN.match(note)]


def _tried(study: Study, metric: str, modality: str, seconds: float) -> list[str]:
    trials = [trial for trial in study.trials if not trial.job.members and not trial.job.reference]
    kinds = Counter(
        network_words(modality, str(trial.job.values["network"]))[0]
        for trial in trials
        if "network" in trial.job.values
    )
    fates = Counter(status(trial) for trial in trials)
    count = len(trials)
    said = [f"{count} network{'s were' if count != 1 else ' was'} trained in {seconds_words(seconds)}."]
    if kinds:
        said.append("Kinds: " + listed([f"{kind} ({number})" for kind, number in kinds.most_common()]) + ".")
    said.append(f"{fates['done']} came to the end, {fates['dropped']} given up on the way, {fates['failed']} failed.")
    finished = [trial for trial in trials if isinstance(trial, Done) and not trial.dropped]
    if len(finished) > 1:
        scores = [trial.score for trial in finished]
        said.append(
            f"Their {metric_words(metric)} reached from {score_words(metric, min(scores))} to "
            f"{score_words(metric, max(scores))} on samples that they were not trained on."
        )
    return said + _compressed(finished, metric)


def _compressed(trials: Sequence[Done], metric: str) -> list[str]:
    """What networks lose as files, where that was measured."""
    judged = [(trial.metrics[FLOAT_SCORE], trial) for trial in trials if FLOAT_SCORE in trial.metrics]
    if not judged:
        return []
    before, most = max(judged, key=lambda pair: pair[0] - pair[1].score)
    means = (sum(each) / len(judged) for each in zip(*((float(old), new.score) for old, new in judged), strict=True))
    old, new = (score_words(metric, mean) for mean in means)
    return [
        f"Scores are those of files with rounded numbers: the {len(judged)} that were judged so had {old} on average "
        f"before, and {new} as files. Trial {most.job.id} lost most, from {score_words(metric, before)} to "
        f"{score_words(metric, most.score)}."
    ]


def _refused(trials: Sequence[Trial]) -> list[str]:
    said = []
    dropped = [trial.job.id for trial in trials if isinstance(trial, Done) and trial.dropped]
    if dropped:
        numbers = listed([str(each) for each in dropped])
        said.append(
            f"Trial {numbers} {'was' if len(dropped) == 1 else 'were'} given up after a third of the time: the first "
            "results were too far behind the best to catch up."
        )
    reasons: dict[str, list[str]] = {}
    for trial in trials:
        if isinstance(trial, Failed):
            reasons.setdefault(trial.reason, []).append(str(trial.job.id))
    said += [f"Trial {listed(numbers)} failed: {reason}." for reason, numbers in reasons.items()]
    return said or ["Nothing: no trial failed, and none was given up."]


def _passed_over(study: Study, shipped: Done, metric: str) -> list[str]:
    """Why a network with a higher score is not the result, where networks are chosen by their loss to be combined."""
    own = shipped.metrics.get("loss", -math.inf)
    higher = [trial for trial in study.usable if trial.score > shipped.score and trial.metrics.get("loss", own) > own]
    if not higher:
        return []
    best = max(higher, key=lambda trial: trial.score)
    return [
        f"Trial {best.job.id} scores {score_words(metric, best.score)}, but its loss is {best.metrics['loss']:.3f} "
        f"against {own:.3f}. The loss decides: it counts how sure every answer was, and the highest of many scores is "
        "often luck."
    ]


def _decided(study: Study, found: Sequence[Importance], metric: str, modality: str) -> list[str]:
    said = []
    shipped = study.shipped
    if shipped is not None:
        score = score_words(metric, shipped.score)
        if len(shipped.job.members) > 1:
            said.append(
                f"The result averages trials {listed([str(each) for each in shipped.job.members])}: together they "
                f"score {score}, and what one gets wrong the others often get right."
            )
        else:
            kind = network_words(modality, str(shipped.job.values.get("network", "the baseline")))[0]
            origin = f" ({shipped.job.origin})" if shipped.job.origin else ""
            said.append(f"The result is trial {shipped.job.id}{origin}: {kind}, {metric_words(metric)} {score}.")
        said += _passed_over(study, shipped, metric) if modality != "images" else []
    said += [
        f"{choice_words(each.choice).capitalize()} explains {each.share:.0%} of the differences between scores; "
        f"best on average: {each.best}."
        for each in found[:3]
    ]
    if not found:
        said.append(f"Too few finished trials to say which choices matter: that takes {FEWEST}.")
    return said

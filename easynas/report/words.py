"""Plain words for the names that networks, choices, metrics and failures have inside."""

import math

_NETWORKS = {
    ("images", "vgg"): ("Plain convolutions", "looks for small patterns, then for patterns of these, layer by layer"),
    ("images", "resnet"): ("Residual network", "layers of pattern detectors, with shortcuts so that it learns easily"),
    ("images", "mbconv"): ("Mobile network", "cheap pattern detectors, as made for telephones"),
    ("images", "sepconv"): ("Separable convolutions", "pattern detectors that treat each channel by itself first"),
    ("images", "regnet"): ("Regular network", "pattern detectors in groups, with sizes that grow regularly"),
    ("images", "nb201"): ("Searched cell", "a small graph of operations that is repeated"),
    ("images", "darts"): ("Searched cells", "two kinds of small graphs that are repeated"),
    ("images", "hierarchical"): ("Hierarchical cell", "small graphs made of smaller graphs"),
    ("images", "pretrained"): (
        "Head on a trained network",
        "weighs what a network sees that learned from other images",
    ),
    ("images", "finetuned"): (
        "Trained network, trained on",
        "a network that learned from other images and then from these",
    ),
    ("texts", "linear"): ("Weighted word pieces", "every word piece speaks for or against each answer"),
    ("texts", "bag"): ("Bag of words", "turns words into points and averages them, whatever their order"),
    ("texts", "cnn"): ("Phrase detectors", "looks for short phrases anywhere in the text"),
    ("texts", "sepconv"): ("Light phrase detectors", "looks for short phrases, with fewer weights"),
    ("texts", "gru"): ("Reader", "reads word by word and remembers"),
    ("texts", "transformer"): ("Attention", "every word looks at every other word"),
    ("texts", "pretrained"): ("Pretrained reader", "asks a network that has read many other texts"),
    ("tables", "linear"): ("Linear model", "adds up the columns, each with a weight"),
    ("tables", "mlp"): ("Layers of neurons", "mixes the columns again and again"),
    ("tables", "realmlp"): (
        "Tuned layers of neurons",
        "mixes the columns, with settings that proved good on many tables",
    ),
    ("tables", "resnet"): ("Residual layers", "layers of neurons with shortcuts, so that deep ones learn"),
    ("tables", "tabm"): ("Team in one network", "several members share their weights and vote"),
    ("tables", "ftt"): ("Attention", "every column looks at every other column"),
    ("tables", "trees"): ("Decision trees", "small trees of yes-no questions, each correcting those before it"),
}

_CHOICES = {
    "network": "kind of network",
    "width": "width (patterns in the first layers)",
    "w0": "width of the first stage",
    "depth": "layers in a stage",
    "stages": "number of stages",
    "kernel": "size of the patterns",
    "stem": "first layer skips pixels",
    "halve_first": "halve the image at once",
    "pooling": "summary at the end",
    "dropout": "dropout (forgetting at random)",
    "shift": "shifting training images",
    "cutout": "hiding parts of training images",
    "optimizer": "training method",
    "rate": "learning rate",
    "decay": "weight decay (keeping weights small)",
    "smoothing": "label smoothing (doubting the labels)",
    "epochs": "passes over the data",
    "members": "members that vote",
    "embedding": "how numbers are spread out",
    "embedded": "points that a number becomes",
    "filters": "number of patterns",
    "units": "neurons in a layer",
    "heads": "attention heads",
    "count": "rounds of boosting (trees for every answer)",
    "leaves": "leaves of a tree",
    "columns": "share of the columns that a question may ask for",
    "least": "samples in a leaf",
    "penalty": "penalty on large values",
    "quantization": "numbers of the file",
}

_METRICS = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "roc_auc": "area under the ROC curve",
    "roc_auc_ovr": "area under the ROC curve",
    "average_precision": "average precision",
    "f1": "F1",
    "f1_macro": "macro F1",
    "f1_micro": "micro F1",
    "f1_weighted": "weighted F1",
    "neg_log_loss": "negative log loss",
    "r2": "R²",
    "neg_mean_squared_error": "negative mean squared error",
    "neg_root_mean_squared_error": "negative root mean squared error",
    "neg_mean_absolute_error": "negative mean absolute error",
}

_SHARES = ("accuracy", "balanced_accuracy")
_AT_MOST_ONE = ("accuracy", "roc", "precision", "recall", "f1", "jaccard", "r2", "explained_variance", "kappa")


def network_words(modality: str, name: str) -> tuple[str, str]:
    """A title for a kind of network, and what it does; its own name if there are no better words.

    Args:
        modality: "images", "texts" or "tables".
        name: of the network, as in the leaderboard.
    """
    return _NETWORKS.get((modality, name), (name, ""))


def choice_words(name: str) -> str:
    """What a choice decides, with the network that it belongs to where that is not obvious."""
    network, _, own = name.rpartition("/")
    words = _CHOICES.get(own, own.replace("_", " "))
    return words if network in ("", "train", "augment", "head") else f"{words}, {network}"


def metric_words(metric: str) -> str:
    """A metric in words."""
    return _METRICS.get(metric, metric.replace("_", " "))


def score_words(metric: str, score: float) -> str:
    """A score as people write it: shares of samples in percent, anything else in three digits."""
    if not math.isfinite(score):
        return "–"
    if metric in _SHARES:
        return f"{score:.1%}"
    return f"{score:.3f}" if abs(score) < 100 else f"{score:,.1f}"


def meaning(metric: str, score: float) -> str:
    """What a score means, as a sentence; empty where there is none that is short and true."""
    match metric:
        case "accuracy":
            return f"About {_out_of_hundred(score)} of 100 answers are right."
        case "balanced_accuracy":
            return f"Of every class about {_out_of_hundred(score)} of 100 are found, rare classes included."
        case "roc_auc" | "roc_auc_ovr":
            return f"Of two samples it ranks the right one higher in {_out_of_hundred(score)} of 100 cases."
        case "r2":
            return f"It explains {max(score, 0.0):.0%} of the differences between the numbers; 100% is perfect."
        case "f1" | "f1_macro" | "f1_micro" | "f1_weighted":
            return "It joins how many are found and how many of the found are right; 1 is perfect."
        case _ if metric.startswith("neg_"):
            return "Errors have a minus sign, so that larger is better; 0 is perfect."
    return ""


def certainty_words(share: float) -> str:
    """How sure a model is; never more than it can be."""
    return "over 99%" if share > 0.99 else "below 1%" if share < 0.01 else f"{share:.0%}"


def most(metric: str) -> float:
    """The best score that there can be; infinite if that is not known."""
    if metric.startswith("neg_"):
        return 0.0
    return 1.0 if any(word in metric for word in _AT_MOST_ONE) else math.inf


def seconds_words(seconds: float) -> str:
    """A length of time, such as "45 s", "3 min 20 s" or "1 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    return f"{whole // 3600} h" + (f" {whole % 3600 // 60} min" if whole % 3600 // 60 else "")


def count_words(number: float) -> str:
    """A large number in words: "41 thousand", "1.2 million"."""
    for size, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if number >= size:
            return f"{number / size:.3g} {word}"
    return f"{number:.0f}"


def listed(items: list[str]) -> str:
    """Items as in a sentence: "a, b and c"."""
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1] if items else "none"


def _out_of_hundred(score: float) -> str:
    rounded = round(100 * score, 1 if score > 0.985 else 0)  # near the top tenths count
    return f"{rounded:.0f}" if rounded == round(rounded) else f"{rounded:.1f}"

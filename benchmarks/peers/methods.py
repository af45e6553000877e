"""Which methods there are: a name, the environment it needs, and what it can learn from."""

from dataclasses import dataclass

IMAGES, TEXTS, TABLE = "images", "texts", "table"
CLASSES, LABELS, NUMBER = "classes", "labels", "number"


@dataclass(frozen=True)
class Method:
    """One way to get a model from data and seconds.

    Attributes:
        module: with a function `fit(task) -> Fitted`, and `recover(task) -> Fitted` if something can be had from what a
            killed fit left behind.
        environment: name of a file in `benchmarks/environments`; empty for the environment of easynas itself.
        kinds: data that it takes.
        targets: what it can predict.
        setting: handed to the module, where one module knows several methods.
        folder: where the module lies, if it is not in this package.
    """

    module: str
    environment: str
    kinds: tuple[str, ...]
    targets: tuple[str, ...] = (CLASSES,)
    setting: str = ""
    folder: str = ""

    def takes(self, kind: str, target: str) -> bool:
        """Whether it can be run on such a problem at all."""
        return kind in self.kinds and target in self.targets


METHODS = {
    "easynas": Method("peers.with_easynas", "", (IMAGES, TEXTS, TABLE), (CLASSES, LABELS, NUMBER)),
    "autokeras": Method("peers.with_autokeras", "autokeras", (IMAGES, TEXTS, TABLE), (CLASSES, LABELS, NUMBER)),
    "keras-tuner": Method("peers.with_keras_tuner", "keras", (IMAGES,)),
    "optuna": Method("peers.with_optuna", "keras", (IMAGES, TABLE), (CLASSES, NUMBER)),
    "resnet": Method("peers.by_hand", "keras", (IMAGES,)),
    "autogluon-best": Method("peers.with_autogluon", "autogluon", (TEXTS, TABLE), (CLASSES, NUMBER), "best_quality"),
    "autogluon-medium": Method(
        "peers.with_autogluon", "autogluon", (TEXTS, TABLE), (CLASSES, NUMBER), "medium_quality"
    ),
    "flaml": Method("peers.with_flaml", "flaml", (TEXTS, TABLE), (CLASSES, NUMBER)),
    "boosting": Method("peers.boosting", "sklearn", (TABLE,), (CLASSES, NUMBER)),
    "tfidf": Method("peers.tfidf", "sklearn", (TEXTS,), (CLASSES, LABELS)),
    "fasttext": Method("peers.with_fasttext", "fasttext", (TEXTS,), (CLASSES, LABELS)),
    "majority": Method("peers.majority", "sklearn", (IMAGES, TEXTS, TABLE), (CLASSES, LABELS, NUMBER)),
}

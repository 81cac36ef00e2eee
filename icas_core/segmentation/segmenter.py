"""What every segmenter offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from icas_core.parameters import settled_parameters

# Parameters that are lengths or areas are those of a picture of so many pixels (481 × 321), at which they were chosen.
REFERENCE_PIXELS = 154_401


@dataclass(frozen=True)
class Segmenter:
    """One way to cut a picture into segments.

    segment(picture, **parameters): (h, w) int32 labels of a (h, w, 3) uint8 RGB picture: segments from 1 without a
    gap, every segment connected through its pixels' sides, 0 only for edges. The same picture gives the same labels.
    parameters: the method's own parameters and their defaults; choices: the accepted words of those that are words;
    limits: the least and the greatest number accepted, where that is not 'above 0'.
    copy_pixels: by default a larger picture is segmented in a copy of so many pixels.
    sizes: the parameters that follow the picture's size, and the power of its side that they grow with (1 for a
    length, 2 for an area): given for a picture of REFERENCE_PIXELS.
    coarser: the parameters that a level changes, and what one level multiplies them by.
    places: the parameters that say where it runs and where it keeps things, and change no label.
    check(**parameters): raises IcasError, before anything runs, where something that the method needs is missing.
    prompted: whether the method needs a person's prompts, so that a whole folder cannot be segmented without one.
    version: raised whenever the same picture gives other labels.
    """

    name: str
    version: int
    segment: Callable[..., np.ndarray]
    copy_pixels: int
    parameters: Mapping[str, Any] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    sizes: Mapping[str, float] = field(default_factory=dict)
    coarser: Mapping[str, float] = field(default_factory=dict)
    places: frozenset[str] = frozenset()
    check: Callable[..., None] | None = None
    prompted: bool = False

    def settled(self, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The defaults with the `given` parameters over them; IcasError names one that is unknown or no such value."""
        return settled_parameters(self.name, self.parameters, given, choices=self.choices, limits=self.limits)

    def deciding(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Those of the parameters that decide which labels a picture gets."""
        return {name: value for name, value in parameters.items() if name not in self.places}

    def fitted(self, parameters: Mapping[str, Any], pixels: int, level: int = 0) -> dict[str, Any]:
        """Settled parameters as they are for a picture of so many pixels and a level (above 0 coarser, below finer)."""
        side = (pixels / REFERENCE_PIXELS) ** 0.5
        factors = {name: side**power for name, power in self.sizes.items()}
        for name, factor in self.coarser.items():
            factors[name] = factors.get(name, 1.0) * factor**level
        return {name: self._multiplied(name, value, factors.get(name, 1.0)) for name, value in parameters.items()}

    def _multiplied(self, name: str, value: Any, factor: float) -> Any:
        if factor == 1 or isinstance(value, str | bool):
            return value
        least, most = self.limits.get(name, (1 if isinstance(value, int) else 0, float("inf")))
        number = min(max(value * factor, least), most)
        return round(number) if isinstance(value, int) else number

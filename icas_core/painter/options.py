"""What a session is started with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from icas_core.annotations.classes import ClassTable
from icas_core.painter.annotating import Predict
from icas_core.painter.preparing import Method
from icas_core.painter.template import Template


@dataclass
class Options:
    """What the session was started with."""

    folder: Path
    names: list[str]
    annotations: Path
    method: Method
    classes: ClassTable
    mask_form: str = "portable"
    templates: Sequence[Template] = ()
    template_error: float | None = None
    sam: Predict | None = None
    # Makes what Segment Anything needs of a picture before it can answer.
    embed: Callable[[np.ndarray], None] | None = None
    # Keys that cannot do their work in this session, and why.
    refused: Mapping[str, str] = field(default_factory=dict)
    # What there is to tell when the windows open.
    note: str = ""

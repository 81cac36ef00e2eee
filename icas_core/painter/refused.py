"""Which keys cannot do their work, since what they need is not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from icas_core.errors import IcasError
from icas_core.segmentation.sam import require_able


def refused_keys(sam: Mapping[str, Any], templates: bool, *, configured: bool) -> dict[str, str]:
    """The keys that cannot do their work, and why.

    sam: the parameters of Segment Anything. templates: whether there are any. configured: the configuration's keys are
    what a person sets, not the command's options.
    """
    refused = {}
    if not sam.get("checkpoint"):
        named = "the key sam.checkpoint" if configured else "--checkpoint"
        refused["s"] = f"Segment Anything needs pip install '.[sam]' and a checkpoint, named with {named}"
    else:
        try:
            require_able(sam)
        except IcasError as error:
            refused["s"] = str(error)
    if not templates:
        named = "the keys templates and segments" if configured else "--templates and --segments"
        refused["t"] = f"no templates: name their folders with {named}"
    return refused

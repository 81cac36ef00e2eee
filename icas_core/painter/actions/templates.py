"""Painting what templates found."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from icas_core.annotations.classes import ClassTable
from icas_core.painter.actions.replace import repainted
from icas_core.painter.painting import Painting
from icas_core.painter.template import Match, Template, find_matches, painted

Found = list[tuple[Template, list[Match]]]


def found_by(templates: Iterable[Template], picture: np.ndarray, error: float | None) -> Found:
    """Where each template is found in an RGB picture; error: as `find_matches` has it."""
    return [(template, find_matches(picture, template, error)) for template in templates]


def with_matches(painting: Painting, table: ClassTable, found: Found) -> tuple[Painting, ClassTable]:
    """The painting with every match painted, and the table with the classes that this needs."""
    if not any(matches for _, matches in found):
        return painting, table
    labels = painting.segments.whole()
    classes, instances = painting.classes[labels], painting.instances[labels]
    for template, matches in found:
        classes, instances, table = painted(classes, instances, table, template, matches)
    return repainted(painting, classes, instances), table

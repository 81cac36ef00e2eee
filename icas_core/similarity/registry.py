"""The similarity methods by the names that users type."""

from __future__ import annotations

from icas_core.errors import IcasError
from icas_core.similarity import embedding, minhash, orb, phash, ssim, tm
from icas_core.similarity.method import Method

_MODULES = (ssim, minhash, phash, orb, tm, embedding)
METHODS: dict[str, Method] = {module.METHOD.name: module.METHOD for module in _MODULES}


def method_of(name: str) -> Method:
    """The method of this name, in upper or lower case; IcasError lists the names there are."""
    try:
        return METHODS[name.lower()]
    except (KeyError, AttributeError):
        raise IcasError(f"method: found {name!r}; accepted: {', '.join(METHODS)}") from None

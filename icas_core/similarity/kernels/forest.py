"""Union-find over numbered pictures."""

from __future__ import annotations

from icas_core.similarity.compiled import kernel


@kernel(inline="always")
def _root(parents, at):  # type: ignore[no-untyped-def]
    while parents[at] != at:
        parents[at] = parents[parents[at]]
        at = parents[at]
    return at


@kernel
def roots(parents, at, out):  # type: ignore[no-untyped-def]
    """Fill out[k] with the root of picture at[k]; `parents` (int64) is flattened on the way."""
    for k in range(at.shape[0]):
        out[k] = _root(parents, at[k])


@kernel
def join(parents, a, b, joined):  # type: ignore[no-untyped-def]
    """Join a[k] with b[k], one after another; joined[k] says whether they were apart until then."""
    for k in range(a.shape[0]):
        first = _root(parents, a[k])
        second = _root(parents, b[k])
        joined[k] = first != second
        # The smaller number stays the root, so the result does not depend on the order of the edges.
        parents[max(first, second)] = min(first, second)

"""Keep the libraries from starting threads of their own inside ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def libraries_in_one_thread() -> Iterator[None]:
    """OpenCV and the linear algebra library work in the calling thread alone until this ends."""
    import cv2
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        with threadpool_limits(1, user_api="blas"):
            yield
    finally:
        cv2.setNumThreads(before)

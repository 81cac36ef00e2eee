"""Keep the libraries from starting threads of their own inside ours."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_THREADS = "OPENCV_FOR_THREADS_NUM"


@contextmanager
def libraries_in_one_thread() -> Iterator[None]:
    """OpenCV and the linear algebra library work in the calling thread alone until this ends."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with _opencv_in_one_thread(), threadpool_limits(1, user_api="blas"):
        yield


@contextmanager
def _opencv_in_one_thread() -> Iterator[None]:
    """As above; many jobs never need OpenCV, so that it is told in the environment where it is not yet loaded."""
    if cv2 := sys.modules.get("cv2"):
        before = cv2.getNumThreads()
        cv2.setNumThreads(1)
        try:
            yield
        finally:
            cv2.setNumThreads(before)
        return
    given = os.environ.get(_THREADS)
    os.environ[_THREADS] = "1"
    try:
        yield
    finally:
        del os.environ[_THREADS]
        if given is not None:
            os.environ[_THREADS] = given
        if cv2 := sys.modules.get("cv2"):
            cv2.setNumThreads(int(given or os.cpu_count() or 1))

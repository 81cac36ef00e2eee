"""Write the gallery: one self-contained page that opens offline, and further pages beside it when it grows large."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import pyarrow as pa
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from icas_core.errors import IcasError, RejectedPicture
from icas_core.report.contents import Page, clusters_of, pages_of
from icas_core.report.pages_folder import page_name, replaced_folder
from icas_core.report.plots import pairs_chart, similarity_chart, sizes_chart
from icas_core.tables import written_atomically
from icas_core.thumbnails import thumbnail

PAGE_SIZE = 1000
# Up to here the first page carries every file name, so that its filter finds pictures on all pages.
SEARCHABLE = 100_000
REJECTIONS_SHOWN = 5000


# Takes a picture's path, gives its thumbnail: a JPEG.
ThumbnailOf = Callable[[str], bytes | None]


class Progress(Protocol):
    """What counts pictures as they are drawn."""

    def advance(self, n: int = 1) -> None:
        """Count `n` more."""


def write_gallery(
    merged: pa.Table,
    *,
    images_root: Path | str,
    destination: Path | str,
    template: Path | str,
    thumbnails: ThumbnailOf | None = None,
    rejected: Sequence[tuple[str, str]] = (),
    histograms: Mapping[str, Mapping[str, Any]] | None = None,
    counts: Mapping[str, Mapping[str, int]] | None = None,
    settings: Mapping[str, Any] | None = None,
    figures: Sequence[tuple[str, Path | str]] = (),
    title: str = "Clusters",
    progress: Progress | None = None,
    threads: int = 1,
    page_size: int = PAGE_SIZE,
) -> None:
    """Write `destination` and, beyond `page_size` pictures, a folder of its stem beside it (page_0002.html, …).

    merged: a table of tables.MERGED, its paths relative to images_root; thumbnails: gives a path's, or None; without it
    they are drawn from the pictures; rejected: (path, reason); histograms, for each
    method: counts over equal bins of -1..1 and threshold (or None); counts, for each stage of comparing: the pairs
    expected, possible, pruned, skipped, compared; settings: key → value, nested tables allowed; figures: (title, PNG
    file) for the first page. Thumbnails are in the pages themselves; the comparison asks for the originals beside them
    and does without. The folder is swapped in whole just before `destination` is replaced, so that no page of an
    earlier result stays. IcasError when that folder holds files of another kind.
    """
    destination, histograms = Path(destination), histograms or {}
    thresholds = [histogram.get("threshold") for histogram in histograms.values()]
    # Several methods have several scales: only a single method's threshold says which members came by a chain.
    threshold = thresholds[0] if len(thresholds) == 1 else None
    clusters, outliers = clusters_of(merged, threshold)
    pages = pages_of(clusters, outliers, page_size)
    everywhere = {
        "title": title,
        "threshold": threshold,
        "searchable": merged.num_rows <= SEARCHABLE,
        "pages": len(pages),
        "first_page": quote(destination.name),
        "folder": quote(destination.stem),
        "found": merged.num_rows + len(rejected),
        "clustered": merged.num_rows - len(outliers),
        "clusters": len(clusters),
        "outliers": len(outliers),
        "outliers_page": next((page.number for page in pages if page.outliers), None),
        "rejected": len(rejected),
    }
    overview = {
        "rejections": rejected[:REJECTIONS_SHOWN],
        "charts": [
            *(similarity_chart(*item) for item in histograms.items()),
            sizes_chart(c.size for c in clusters),
            pairs_chart(counts or {}, merged.num_rows),
        ],
        "counts": counts or {},
        "settings": list(_flat(settings or {})),
        "figures": [(title, _png(path)) for title, path in figures],
        "index": _index(pages, merged.num_rows <= SEARCHABLE),
    }
    folder = destination.with_suffix("")
    with ThreadPoolExecutor(threads) as pool:
        drawn = thumbnails or partial(_drawn, Path(images_root))
        site = _Site(_template(Path(template)), Path(images_root), everywhere, pool, progress, drawn)
        with replaced_folder(folder) as aside:
            for page in pages[1:]:
                _write_text(aside / page_name(page.number), site.render(page, folder))
            first = site.render(pages[0], destination.parent, **overview)
    _write_text(destination, first)


@dataclass(frozen=True)
class _Site:
    template: Template
    images_root: Path
    everywhere: dict[str, Any]
    pool: ThreadPoolExecutor
    progress: Progress | None
    thumbnail_of: ThumbnailOf

    def render(self, page: Page, place: Path, **more: Any) -> str:
        root = Path(os.path.relpath(self.images_root, place)).as_posix()
        return self.template.render(
            self.everywhere,
            page=page,
            thumbnails=self._thumbnails(page),
            root=quote(os.fsencode(root)),
            **more,
        )

    def _thumbnails(self, page: Page) -> dict[str, str | None]:
        paths = [picture.path for picture in page.pictures]
        repeated = {cluster.pictures[0].path for cluster in page.clusters if cluster.part > 1}
        drawn: dict[str, str | None] = {}
        for path, uri in zip(paths, self.pool.map(self._data_uri, paths), strict=True):
            drawn[path] = uri
            if self.progress is not None and path not in repeated:
                self.progress.advance()
        return drawn

    def _data_uri(self, path: str) -> str | None:
        jpeg = self.thumbnail_of(path)
        return None if jpeg is None else "data:image/jpeg;base64," + b64encode(jpeg).decode()


def _drawn(root: Path, path: str) -> bytes | None:
    try:
        return thumbnail(root / path)
    except RejectedPicture:
        # Deleted or damaged since it was clustered: its place in the result is shown without it.
        return None


def _png(path: Path | str) -> str:
    return "data:image/png;base64," + b64encode(Path(path).read_bytes()).decode()


def _write_text(path: Path, text: str) -> None:
    # A rejected picture's name may hold bytes that are no UTF-8.
    with written_atomically(path, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        file.write(text)


def _index(pages: list[Page], searchable: bool) -> dict[str, Any] | None:
    """For a gallery of several pages: where every cluster is and, where asked for, every file."""
    if len(pages) == 1:
        return None
    clusters = [
        [cluster.number, cluster.size, None if cluster.lowest is None else round(cluster.lowest, 4), page.number]
        for page in pages
        for cluster in page.clusters
        if cluster.part == 1
    ]
    names = [[picture.path for picture in page.pictures] for page in pages]
    return {"clusters": clusters, "names": names if searchable else None}


def _flat(settings: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _template(path: Path) -> Template:
    if not path.is_file():
        raise IcasError(f"{path}: the gallery's template is missing, expected a Jinja2 file of HTML")
    environment = Environment(
        loader=FileSystemLoader(path.parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"csp_hash": _csp_hash, "visible": _visible, "number": "{:,}".format, "score": _score}
    environment.globals |= {"page_name": page_name}
    return environment.get_template(path.name)


def _csp_hash(text: str) -> str:
    """The source that lets exactly this inline style or script run (Content Security Policy level 2)."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _score(similarity: float) -> str:
    return f"{similarity:.3f}".replace("-", "−")


def _visible(path: str) -> str:
    """A path with its line ends and other control characters as the signs that stand for them (␊)."""
    return path.translate({code: 0x2400 + code for code in range(32)})

import base64
import hashlib
import io
import os
import re
from html.parser import HTMLParser

import pytest
from PIL import Image

from icas_core.errors import IcasError
from icas_core.report.gallery import write_gallery

HOSTILE = [
    '"><script>alert(1)</script>.jpg',
    "two\nlines.jpg",
    "'single' & <b>bold</b>.jpg",
    "{{ 7 * 7 }}{% raw %}.jpg",
    "deep/../deep/naïve 画像 #1?.jpg",
    "--></script><!--.jpg",
]
VOID = {"meta", "link", "img", "input", "br"}


class Page(HTMLParser):
    """A page's elements, and whether every one of them is closed in its turn."""

    def __init__(self, path):
        super().__init__()
        self.text = path.read_text(encoding="utf-8")
        self.elements, self.open, self.crossed, self.words, self.scripts = [], [], [], [], []
        self.feed(self.text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.crossed.append(tag)

    def handle_data(self, text):
        self.words.append(text)
        if self.open and self.open[-1] == "script":
            self.scripts.append(text)

    def all(self, tag, of_class=None):
        return [
            attributes
            for name, attributes in self.elements
            if name == tag and (of_class is None or of_class in (attributes.get("class") or "").split())
        ]

    @property
    def visible(self):
        return re.sub(r"\s+", " ", " ".join(self.words))

    @property
    def paths(self):
        return [attributes["data-path"] for attributes in self.all("button", "pic")]


@pytest.fixture
def gallery(tmp_path, template):
    def write(merged, root, **more):
        write_gallery(merged, images_root=root, destination=tmp_path / "out/report.html", template=template, **more)
        return Page(tmp_path / "out/report.html")

    return write


def well_formed(page):
    return not page.crossed and not page.open


def test_every_picture_is_shown_once_with_its_thumbnail_inside_the_file(gallery, merged_of, pictures):
    root = pictures("a.jpg", "b.jpg", "c.jpg", "sub/d.jpg")
    page = gallery(merged_of({1: [("a.jpg", 1.0), ("b.jpg", 0.9)], -1: [("c.jpg", None), ("sub/d.jpg", None)]}), root)
    assert page.paths == ["a.jpg", "b.jpg", "c.jpg", "sub/d.jpg"]
    shown = [image for image in page.all("img") if "loading" in image]
    assert [image["alt"] for image in shown] == page.paths
    for image in shown:
        kind, content = image["src"].split(",")
        assert kind == "data:image/jpeg;base64"
        assert max(Image.open(io.BytesIO(base64.b64decode(content))).size) <= 128


def test_figures_are_inside_the_file_with_their_titles(gallery, merged_of, pictures, tmp_path):
    Image.new("RGB", (30, 20), "red").save(tmp_path / "losses.png")
    page = gallery(merged_of({}), pictures(), figures=[("How <it> learnt", tmp_path / "losses.png")])
    assert well_formed(page)
    assert "How <it> learnt" in page.visible
    (figure,) = [image for image in page.all("img") if image.get("alt") == "How <it> learnt"]
    kind, content = figure["src"].split(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(content) == (tmp_path / "losses.png").read_bytes()


def test_counts_add_up_to_the_pictures_found(gallery, merged_of, pictures):
    root = pictures("a.jpg", "b.jpg", "c.jpg")
    merged = merged_of({1: [("a.jpg", 1.0), ("b.jpg", 0.9)], -1: [("c.jpg", None)]})
    page = gallery(merged, root, rejected=[("x.jpg", "truncated"), ("y.jpg", "not a picture")])
    for count in ("5 pictures found", "1 cluster ", "2 clustered", "1 outlier ", "2 rejected"):
        assert count in page.visible
    assert "x.jpg truncated" in page.visible
    assert "y.jpg not a picture" in page.visible


def test_hostile_names_and_reasons_stay_text(gallery, merged_of, pictures):
    root = pictures()
    merged = merged_of({1: [(name, 0.9) for name in HOSTILE[:3]], -1: [(name, None) for name in HOSTILE[3:]]})
    page = gallery(
        merged,
        root,
        rejected=[(HOSTILE[0], "<script>alert(2)</script>")],
        title=HOSTILE[0],
        settings={"images": HOSTILE[0]},
    )
    assert well_formed(page)
    assert sorted(page.paths) == sorted(HOSTILE)
    assert len(page.all("script")) == 1
    assert not page.all("b") or "bold" not in page.text.split("<b>")[1][:6]
    assert "<script>alert" not in page.text
    assert "49" not in [word.strip() for word in page.words]


def test_hostile_names_stay_text_in_the_list_of_all_pages(gallery, merged_of, pictures):
    page = gallery(merged_of({-1: [(name, None) for name in HOSTILE]}), pictures(), page_size=2)
    assert well_formed(page)
    assert len(page.all("script")) == 2
    assert "<script>alert" not in page.text


def test_names_that_are_no_utf8_are_written(gallery, merged_of, pictures):
    name = os.fsdecode(b"latin-\xe9.jpg")
    page = gallery(merged_of({}), pictures(), rejected=[(name, "damaged")])
    assert "latin-\\udce9.jpg" in page.visible


def test_line_ends_in_names_are_seen(gallery, merged_of, pictures):
    page = gallery(merged_of({-1: [("two\nlines.jpg", None)]}), pictures("two\nlines.jpg"))
    assert "two␊lines.jpg" in page.visible
    assert page.paths == ["two\nlines.jpg"]


def test_a_picture_that_is_gone_gets_a_placeholder(gallery, merged_of, pictures):
    root = pictures("a.jpg")
    (root / "damaged.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    page = gallery(merged_of({1: [("a.jpg", 1.0), ("gone.jpg", 0.9), ("damaged.jpg", 0.8)]}), root)
    assert [span["aria-label"] for span in page.all("span", "missing")] == ["gone.jpg", "damaged.jpg"]
    assert page.paths == ["a.jpg", "gone.jpg", "damaged.jpg"]


def test_nothing_outside_the_file_is_asked_for_and_only_its_own_script_may_run(gallery, merged_of, pictures):
    page = gallery(merged_of({1: [("a.jpg", 1.0), ("b.jpg", 0.9)]}), pictures("a.jpg", "b.jpg"))
    assert not re.search(r"https?://", page.text)
    links = [value for name, of in page.elements for key, value in of.items() if key in ("src", "href")]
    assert {value[:5] for value in links if not value.startswith("#")} == {"data:"}
    policy = page.all("meta")[1]["content"]
    assert policy.startswith("default-src 'none'; img-src data: file: 'self' blob:;")
    digest = base64.b64encode(hashlib.sha256(page.scripts[-1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "unsafe-inline" not in policy
    assert not any(key.startswith("on") or key == "style" for _, of in page.elements for key in of)


@pytest.mark.parametrize(
    ("clusters", "rejected", "words"),
    [
        ({}, [], "There are no pictures in this result."),
        ({}, [("x.jpg", "truncated")], "No clusters: every picture was rejected."),
        ({-1: [("a.jpg", None)]}, [], "No clusters: no two pictures are similar enough"),
        ({1: [("a.jpg", 1.0), ("b.jpg", 0.9)]}, [], "Cluster 1 2 pictures"),
    ],
)
def test_results_without_clusters_or_pictures_are_told_so(gallery, merged_of, pictures, clusters, rejected, words):
    page = gallery(merged_of(clusters), pictures("a.jpg", "b.jpg"), rejected=rejected)
    assert words in page.visible
    assert well_formed(page)


def test_settings_workload_and_thresholds_are_shown(gallery, merged_of, pictures):
    page = gallery(
        merged_of({}),
        pictures(),
        settings={"method": "ssim+orb", "size": [16, 16], "orb": {"ratio": 0.75}},
        counts={
            "ssim within batches": {"expected": 90, "possible": 1000, "pruned": 250, "skipped": 50, "compared": 700}
        },
        histograms={name: {"counts": [1] * 200, "threshold": at} for name, at in (("ssim", 0.8), ("orb", 0.25))},
    )
    for words in ("size 16, 16", "orb.ratio 0.75", "90 1,000 250 25.0\xa0% 50".replace("\xa0", " "), "700 70.0"):
        assert words in page.visible
    assert "threshold 0.8" in page.visible
    assert "threshold 0.25" in page.visible
    charts = [chart["aria-label"] for chart in page.all("svg")]
    assert [chart.split(":")[0] for chart in charts[:2]] == ["ssim", "orb"]
    assert charts[-1] == "700 of 1,000 possible pairs were compared; the workload model expects 90"


def test_what_the_model_expects_stands_apart_from_what_the_run_counted(gallery, merged_of, pictures):
    # Two outliers: the model takes their pair twice.
    counts = {"ssim within batches": {"expected": 2, "possible": 1, "pruned": 1, "skipped": 0, "compared": 0}}
    page = gallery(merged_of({-1: [("a.jpg", None), ("b.jpg", None)]}), pictures(), counts=counts)
    for words in (
        "model counted in this run",
        "Expected is no count",
        "larger than “compared” and even than “possible”",
    ):
        assert words in page.visible
    assert [of["class"] for of in page.all("rect", "bar")][-1] == "bar modelled"


def test_a_large_result_goes_on_in_linked_pages_that_hold_every_picture(gallery, merged_of, pictures, tmp_path):
    names = [f"p{i:02d}.jpg" for i in range(12)]
    root = pictures(*names)
    merged = merged_of({1: [(name, 0.9) for name in names[:6]], -1: [(name, None) for name in names[6:]]})
    page = gallery(merged, root, page_size=4)
    folder = tmp_path / "out/report"
    further = [Page(path) for path in sorted(folder.iterdir())]
    shown = [path for one in [page, *further] for path in one.paths]
    assert set(shown) == set(names)
    assert all(well_formed(one) for one in further)
    for one, place in [(page, folder.parent), *((one, folder) for one in further)]:
        links = {link["href"] for link in one.all("a") if "href" in link}
        assert any(not link.startswith("#") for link in links)
        for link in links:
            file, _, name = link.partition("#")
            there = Page(place / file) if file else one
            assert not name or name in {of.get("id") for _, of in there.elements}
        assert (place / one.all("body")[0]["data-root"]).resolve() == root.resolve()


def test_pages_of_an_earlier_larger_result_are_gone(gallery, merged_of, pictures, tmp_path):
    names = [f"p{i}.jpg" for i in range(9)]
    root = pictures(*names)
    gallery(merged_of({-1: [(name, None) for name in names]}), root, page_size=2)
    assert len(list((tmp_path / "out/report").iterdir())) == 4
    gallery(merged_of({-1: [(name, None) for name in names[:4]]}), root, page_size=2)
    assert [path.name for path in (tmp_path / "out/report").iterdir()] == ["page_0002.html"]
    gallery(merged_of({-1: [(names[0], None)]}), root, page_size=2)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["report.html"]


def test_an_interrupted_writing_leaves_the_earlier_gallery(gallery, merged_of, pictures, tmp_path):
    class Interrupting:
        def advance(self, n=1):
            raise KeyboardInterrupt

    root = pictures("a.jpg", "b.jpg", "c.jpg")
    merged = merged_of({-1: [("a.jpg", None), ("b.jpg", None), ("c.jpg", None)]})
    before = gallery(merged, root, page_size=2).text
    with pytest.raises(KeyboardInterrupt):
        gallery(merged, root, page_size=1, progress=Interrupting())
    assert (tmp_path / "out/report.html").read_text() == before
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["report", "report.html"]
    assert len(list((tmp_path / "out/report").iterdir())) == 1


def test_progress_counts_every_picture_once(gallery, merged_of, pictures):
    class Counting:
        total = 0

        def advance(self, n=1):
            self.total += n

    names = [f"p{i}.jpg" for i in range(9)]
    counting = Counting()
    merged = merged_of({1: [(name, 0.9) for name in names[:7]], -1: [(name, None) for name in names[7:]]})
    gallery(merged, pictures(*names), page_size=3, progress=counting)
    assert counting.total == 9


def test_the_same_result_gives_the_same_bytes_with_any_number_of_threads(gallery, merged_of, pictures):
    names = [f"p{i}.jpg" for i in range(9)]
    root = pictures(*names)
    merged = merged_of({1: [(name, 0.9) for name in names]})
    assert gallery(merged, root, threads=1).text == gallery(merged, root, threads=4).text


def test_a_missing_template_is_named(merged_of, tmp_path):
    with pytest.raises(IcasError, match=r"nowhere\.j2: the gallery's template is missing"):
        write_gallery(merged_of({}), images_root=tmp_path, destination=tmp_path / "r.html", template="nowhere.j2")

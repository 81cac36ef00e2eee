import sys
from base64 import b64encode
from pathlib import Path

import pytest
from PIL import Image

from icas_core.report.gallery import write_gallery

sys.path.insert(0, str(Path(__file__).parent))
from chromium import NAMES, Chromium, installed

pytestmark = pytest.mark.skipif(installed() is None, reason=f"no browser here: none of {', '.join(NAMES)} is installed")
HOSTILE = '"><script>document.title="taken"</script>.jpg'
NAMES_OF = {1: ["a.jpg", "b.jpg", "c.jpg"], 2: ["sub folder/ü #1?.jpg", HOSTILE]}


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Chromium(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture
def opened(browser, merged_of, pictures, template, tmp_path):
    """Write a gallery of two clusters and two outliers, open it, and give the browser."""

    def open_gallery(**more):
        alone = ["lonely.jpg", "gone.jpg"]
        root = pictures(*NAMES_OF[1], *NAMES_OF[2], alone[0])
        members = {
            1: [("a.jpg", 1.0), ("b.jpg", 0.95), ("c.jpg", 0.5)],
            2: [(NAMES_OF[2][0], 1.0), (HOSTILE, 0.9)],
            -1: [(name, None) for name in alone],
        }
        histogram = {"counts": [1] * 200, "threshold": 0.85}
        page = tmp_path / "out/report.html"
        write_gallery(
            merged_of(members),
            images_root=root,
            destination=page,
            template=template,
            **{"histograms": {"ssim": histogram}, **more},
        )
        browser.open(page.as_uri())
        return browser

    return open_gallery


def text(browser, element):
    return browser.run(f"document.getElementById('{element}').textContent")


def shown(browser):
    return browser.run("[...document.querySelectorAll('.pic')].filter(isShown).map((pic) => pic.dataset.path)")


@pytest.fixture
def overview(tmp_path):
    """Everything that a page shows besides its pictures: charts of two methods, a figure, settings, rejected files."""
    Image.new("RGB", (900, 700), "red").save(tmp_path / "map.png")
    counts = {"expected": 90, "possible": 1000, "pruned": 250, "skipped": 50, "compared": 700}
    return {
        "histograms": {name: {"counts": [1] * 200, "threshold": 0.8} for name in ("ssim", "orb")},
        "counts": {f"{name} {stage} batches": counts for name in ("ssim", "orb") for stage in ("within", "across")},
        "settings": {f"key_{i}": i for i in range(40)},
        "rejected": [(f"broken_{i}.jpg", "truncated") for i in range(12)],
        "figures": [("Map", tmp_path / "map.png")],
    }


@pytest.fixture
def sized(browser):
    """Give the window a size, for this test only."""
    yield lambda width, height: browser.ask(
        "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
    )
    browser.ask("Emulation.clearDeviceMetricsOverride")


@pytest.fixture
def scriptless(browser):
    """Switch the page's scripts off, for this test only."""
    browser.ask("Emulation.setScriptExecutionDisabled", value=True)
    yield
    browser.ask("Emulation.setScriptExecutionDisabled", value=False)


def in_view(browser, selector):
    """Whether all of the element lies inside the window."""
    place = f"document.querySelector({selector!r}).getBoundingClientRect()"
    return browser.run(f"(r => r.height > 0 && r.top >= 0 && r.bottom <= innerHeight)({place})")


def originals(browser):
    """The addresses of what the comparison shows, once both are the originals' files."""
    images = "[...document.querySelectorAll('#compare figure:not([hidden]) img')]"
    browser.wait_for(f"{images}.every((image) => image.src.startsWith('file:'))")
    return browser.run(f"{images}.map((image) => decodeURIComponent(image.src.split('/pictures/')[1]))")


def test_opening_asks_for_nothing_but_the_file_and_runs_no_name(opened):
    browser = opened(title=HOSTILE)
    assert browser.complaints == []
    assert [address.rsplit("/", 1)[-1] for address in browser.requests] == ["report.html"]
    assert browser.run("document.title") == HOSTILE


@pytest.mark.parametrize("page_size", [1000, 4])
@pytest.mark.parametrize(("width", "height", "clusters"), [(1280, 800, 2), (390, 844, 1)])
def test_the_first_clusters_are_seen_without_scrolling(opened, overview, sized, width, height, clusters, page_size):
    sized(width, height)
    browser = opened(**overview, page_size=page_size)
    on_page = browser.run("document.querySelectorAll('.cluster').length")
    for number in range(1, min(clusters, on_page) + 1):
        assert in_view(browser, f"#cluster-{number} .pic img")
        assert browser.run(f"document.querySelector('#cluster-{number} .pic img').naturalWidth") > 0
    assert in_view(browser, ".top a[href='#overview']")
    assert browser.run("document.documentElement.scrollWidth") <= width


@pytest.mark.usefixtures("scriptless")
def test_without_scripts_the_links_at_the_top_lead_to_charts_and_rejected_pictures(opened, overview, sized):
    sized(1280, 300)
    browser = opened(**overview)
    assert not in_view(browser, "#overview h2")
    browser.click(".top a[href='#overview']")
    browser.wait_for("scrollY > 0")
    assert in_view(browser, "#overview h2")
    browser.click(".top a[href='#rejected']")
    browser.click("#rejected summary")
    assert browser.run("document.getElementById('rejected').innerText").count("truncated") == 12


def test_a_link_to_rejected_pictures_unfolds_them(opened, overview):
    browser = opened(**overview)
    assert not browser.run("byId('rejected').open")
    browser.click(".top a[href='#rejected']")
    browser.wait_for("byId('rejected').open")
    browser.wait_for("byId('rejected').getBoundingClientRect().top < innerHeight")


def test_from_a_further_page_the_counts_lead_to_the_first(opened, overview):
    browser = opened(**overview, page_size=4)
    browser.click(".top a[href$='#outliers']")
    browser.wait_for("location.href.endsWith('page_0002.html#outliers') && document.readyState === 'complete'")
    browser.click(".top a[href$='#rejected']")
    browser.wait_for("location.href.endsWith('out/report.html#rejected') && document.readyState === 'complete'")
    browser.wait_for("byId('rejected').open")
    assert browser.complaints == []


def test_a_click_sets_a_member_beside_its_representative_in_full_size(opened):
    browser = opened()
    browser.click("#cluster-1 .pic:nth-child(2)")
    assert text(browser, "compare-where") == "Cluster 1 · 2 of 3"
    assert text(browser, "compare-score") == "similarity 0.9500"
    assert originals(browser) == ["a.jpg", "b.jpg"]
    assert browser.complaints == []


def test_originals_with_odd_names_are_found(opened):
    browser = opened()
    browser.click("#cluster-2 .rep")
    browser.wait_for("document.querySelector('#compare-left img').src.startsWith('file:')")
    assert "60 × 40" in browser.run("document.querySelector('#compare-left figcaption').textContent")


def test_arrows_step_through_members_and_clusters_and_escape_closes(opened):
    browser = opened()
    browser.click("#cluster-1 .pic:nth-child(2)")
    places = []
    for key in (
        "ArrowRight",
        "ArrowRight",
        "ArrowUp",
        "ArrowLeft",
        "ArrowDown",
        "ArrowRight",
        "ArrowRight",
        "ArrowRight",
    ):
        browser.press(key)
        places.append(text(browser, "compare-where"))
    assert places == [
        "Cluster 1 · 3 of 3", "Cluster 2 · 2 of 2", "Cluster 1 · 3 of 3", "Cluster 1 · 2 of 3", "Cluster 2 · 2 of 2",
        "Outlier · 1 of 2", "Outlier · 2 of 2", "Outlier · 2 of 2",
    ]  # fmt: skip
    browser.press("Escape")
    assert browser.run("document.getElementById('compare').open") is False
    # The page learns of its dialog's end by an event that comes later.
    browser.wait_for("document.activeElement.dataset.path === 'lonely.jpg'")


def test_a_missing_original_leaves_the_thumbnail(opened, tmp_path):
    browser = opened()
    (tmp_path / "pictures/b.jpg").unlink()
    browser.click("#cluster-1 .pic:nth-child(2)")
    browser.wait_for("document.querySelector('#compare-left img').src.startsWith('file:')")
    assert browser.run("document.querySelector('#compare-right img').src").startswith("data:image/jpeg")


def test_members_below_the_threshold_are_marked_and_can_be_shown_alone(opened):
    browser = opened()
    browser.click("#doubtful")
    assert shown(browser) == ["a.jpg", "b.jpg", "c.jpg"]
    browser.click("#cluster-1 .pic:nth-child(3)")
    assert "below the threshold" in text(browser, "compare-score")


def test_finding_a_name_keeps_its_cluster_and_hides_the_rest(opened):
    browser = opened()
    browser.type_into("#find", "SUB FOLDER/Ü")
    assert shown(browser) == [*NAMES_OF[2]]
    assert text(browser, "found") == "1 picture in 1 cluster"
    browser.type_into("#find", "lonely")
    assert shown(browser) == ["lonely.jpg"]


def test_clusters_are_sorted_by_size_and_tightness(opened):
    browser = opened()
    order = "[...document.querySelectorAll('.cluster')].map((cluster) => Number(cluster.dataset.number))"
    for choice, expected in [("smallest", [2, 1]), ("largest", [1, 2]), ("tightest", [2, 1]), ("loosest", [1, 2])]:
        browser.run(f"byId('sort').value = '{choice}'; byId('sort').dispatchEvent(new Event('change'))")
        assert browser.run(order) == expected


def test_the_first_page_finds_pictures_on_the_others(opened):
    browser = opened(page_size=4)
    browser.type_into("#find", "lonely")
    assert text(browser, "elsewhere") == "Also on page 2 (1)"
    browser.click("#elsewhere a")
    browser.wait_for("location.pathname.endsWith('report/page_0002.html') && document.readyState === 'complete'")
    assert shown(browser) == ["lonely.jpg"]
    browser.click("#elsewhere a")
    browser.wait_for("location.pathname.endsWith('out/report.html') && document.readyState === 'complete'")
    assert text(browser, "elsewhere") == "Also on page 2 (1)"
    assert browser.complaints == []


def test_the_list_of_all_clusters_leads_to_each(opened):
    browser = opened(page_size=4)
    browser.run("document.getElementById('index').open = true")
    rows = "[...document.querySelectorAll('#index-table tbody tr')].map((row) => row.innerText.split(/\\s+/))"
    assert browser.run(rows) == [["1", "3", "0.500", "1"], ["2", "2", "0.900", "2"]]
    browser.click("#index-table [data-column='1']")
    browser.click("#index-table [data-column='1']")
    assert [row[0] for row in browser.run(rows)] == ["2", "1"]
    browser.click("#index-table tbody a")
    browser.wait_for("location.href.endsWith('page_0002.html#cluster-2')")


@pytest.mark.parametrize("inlined", [False, True])
def test_inside_another_page_it_says_that_the_further_pages_are_out_of_reach(opened, tmp_path, inlined):
    # So `snakemake --report` shows it: a frame around a copy of the file, inlined into one page or in an archive.
    browser = opened(page_size=4)
    page = tmp_path / "out/report.html"
    address = "data:text/html;base64," + b64encode(page.read_bytes()).decode() if inlined else page.as_uri()
    away = "all('.pages, .top [href*=report]').length"
    asks = f"all('.pic')[1].click(); [byId('embedded').hidden, {away}, dialog.open]"
    (tmp_path / "outer.html").write_text(f'<iframe src="{address}" width="900" height="700"></iframe>')
    browser.open((tmp_path / "outer.html").as_uri())
    assert browser.run(asks, in_frame=True) == [False, 0, True]
    if not inlined:
        assert browser.complaints == []

"""Snakemake's own report of a finished run in a browser: the gallery is in it, and nothing outside is asked for."""

import pytest

from tests.unit.report.chromium import NAMES, Chromium, installed
from tests.workflow.conftest import BATCHES_OF_NINE

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.skipif(installed() is None, reason=f"no browser here: none of {', '.join(NAMES)} is installed"),
]
ENTRY = "[...document.querySelectorAll('a, tr')].filter(each => each.innerText.trim() === '{}').at(-1)"


@pytest.fixture
def browser(tmp_path):
    browser = Chromium(tmp_path / "profile")
    yield browser
    browser.close()


def test_the_report_shows_the_gallery_and_asks_for_nothing_outside(two_batches, browser):
    made = two_batches.run("--report", "snakemake.html", **BATCHES_OF_NINE)
    assert made.ok, made.err
    browser.open((two_batches.folder / "snakemake.html").as_uri())
    browser.wait_for(f"!!{ENTRY.format('Results')}")
    browser.run(f"{ENTRY.format('Results')}.click()")
    browser.wait_for(f"!!{ENTRY.format('out/report.html')}")
    browser.run(f"{ENTRY.format('out/report.html')}.querySelector('a').click()")
    browser.wait_for("!!document.querySelector('iframe')")

    pictures = "all('.pic').map((pic) => pic.querySelector('img').src.startsWith('data:image/jpeg'))"
    browser.wait_for("document.readyState === 'complete' && typeof all === 'function'", in_frame=True)
    assert browser.run(pictures, in_frame=True) == [True] * len(two_batches.rows())
    clusters = browser.run("all('.cluster').map((cluster) => cluster.querySelectorAll('.pic').length)", in_frame=True)
    assert sorted(clusters) == sorted(len(members) for members in two_batches.partition() if len(members) > 1)
    assert [address.rsplit("/", 1)[-1] for address in browser.requests] == ["snakemake.html"]

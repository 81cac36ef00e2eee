import pytest

from icas_core.report.plots import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, pairs_chart, similarity_chart, sizes_chart


def histogram(counts_by_bin, threshold=0.85):
    counts = [0] * 200
    for index, count in counts_by_bin.items():
        counts[index] = count
    return {"counts": counts, "threshold": threshold}


def test_bars_at_or_above_the_threshold_are_strong_and_the_others_are_not():
    # Bins are 0.01 wide: bin 184 is 0.84..0.85, bin 185 is 0.85..0.86.
    chart = similarity_chart("ssim", histogram({120: 50, 184: 3, 185: 2, 199: 1}))
    assert [bar.strong for bar in chart.bars] == [False, False, True, True]


def test_the_share_at_or_above_the_threshold_is_told():
    chart = similarity_chart("ssim", histogram({120: 75, 185: 25}))
    assert chart.alt == "ssim: 100 sampled pairs, 25 % of them at or above the threshold 0.85"


def test_the_threshold_stands_between_the_bars_it_divides():
    chart = similarity_chart("ssim", histogram({184: 1, 185: 1}))
    below, above = chart.bars
    assert below.x < chart.mark[0]
    assert above.x == pytest.approx(chart.mark[0], abs=0.2)


def test_the_axis_starts_at_zero_unless_similarities_are_negative():
    assert similarity_chart("orb", histogram({120: 1})).x_ticks[0][1] == "0.0"
    assert similarity_chart("ssim", histogram({70: 1, 120: 1})).x_ticks[0][1].startswith("−")


@pytest.mark.parametrize("counts", [{}, {0: 1}, {199: 10**9}, {i: i for i in range(200)}])
@pytest.mark.parametrize("threshold", [None, 0, 0.5, 1])
def test_everything_drawn_lies_inside_the_drawing_area(counts, threshold):
    chart = similarity_chart("tm", histogram(counts, threshold))
    for bar in chart.bars:
        assert LEFT - 0.2 <= bar.x <= bar.x + bar.width <= WIDTH - RIGHT + 0.2
        assert TOP - 0.2 <= bar.y <= bar.y + bar.height <= HEIGHT - BOTTOM + 0.2
        assert bar.height > 0


@pytest.mark.parametrize("sizes", [[], [2], [2, 3, 3, 9], [2, 25], [2, 5, 6, 10, 11, 5000, 123_456]])
def test_every_cluster_is_counted_in_exactly_one_bar(sizes):
    chart = sizes_chart(sizes)
    assert sum(int(bar.title.split(": ")[1].split()[0].replace(",", "")) for bar in chart.bars) == len(sizes)


def test_wide_spread_sizes_are_binned():
    chart = sizes_chart([2, 5, 6, 10, 300])
    assert [bar.title for bar in chart.bars] == [
        "2 pictures: 1 clusters", "5 pictures: 1 clusters", "6–10 pictures: 2 clusters", "201–500 pictures: 1 clusters",
    ]  # fmt: skip


def test_the_pairs_of_all_stages_and_methods_are_added_up():
    stage = {"expected": 10, "possible": 100, "pruned": 60, "skipped": 0, "compared": 40}
    stages = ("ssim within batches", "ssim across batches", "orb within batches")
    chart = pairs_chart(dict.fromkeys(stages, stage), pictures=50)
    numbers = [bar.title for bar in chart.bars]
    assert numbers == [
        "every pair: 2,450 pairs", "possible: 300 pairs", "compared: 120 pairs", "expected (model): 30 pairs",
    ]  # fmt: skip
    assert sorted(chart.bars, key=lambda bar: bar.height)[0].title.startswith("expected")


def test_without_a_comparison_no_pairs_are_drawn():
    assert not pairs_chart({}, pictures=50).bars

"""The command `python -m icas_core.evaluate` and the scores it prints."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from icas_core.evaluate.command import main
from icas_core.evaluate.groundtruth import matched, read_groups
from icas_core.evaluate.scores import Sweep, scores_of_clusters


@pytest.fixture(scope="module")
def labelled(tmp_path_factory) -> Path:
    """Six scenes with a brighter and a mirrored copy each, in `images`, and their groups in a csv beside it."""
    root = tmp_path_factory.mktemp("labelled")
    (root / "images" / "sub").mkdir(parents=True)
    rng = np.random.default_rng(7)
    lines = ["path,group,transform"]
    for scene in range(6):
        small = Image.fromarray(rng.integers(0, 200, (9, 12, 3), dtype=np.uint8))
        picture = np.asarray(small.resize((120, 90), Image.Resampling.BICUBIC)).astype(int)
        for copy, pixels in enumerate((picture, picture + 20, picture[:, ::-1])):
            name = f"sub/{scene}-{copy}.png" if scene % 2 else f"{scene}-{copy}.png"
            Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(root / "images" / name)
            lines.append(f"images/{name},scene{scene},{copy}")
    (root / "groundtruth.csv").write_text("\n".join(lines) + "\n")
    return root


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "icas_core.evaluate", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def scored(labelled: Path, tmp_path: Path, *options: str, groundtruth: Path | None = None) -> dict:
    file = tmp_path / "scores.json"
    truth = groundtruth or labelled / "groundtruth.csv"
    assert main([str(labelled / "images"), str(truth), "--json", str(file), *options]) == 0
    return json.loads(file.read_text())


def test_prints_the_scores_and_the_curve_with_the_default_marked(labelled, tmp_path):
    plot, data = tmp_path / "curve.png", tmp_path / "curve.json"
    done = run(labelled / "images", labelled / "groundtruth.csv", "--method", "ssim", "--plot", plot, "--json", data)
    assert done.returncode == 0, done.stderr
    content = json.loads(data.read_text())
    assert content["pictures"] == 18
    assert content["thresholds"] == {"ssim": pytest.approx(content["default"]["threshold"])}
    # Of the three pairs of a scene, the one of the picture and its brighter copy is found.
    assert content["default"]["precision"] == 1
    assert content["default"]["recall"] == pytest.approx(1 / 3)
    assert "recall    0.3333" in done.stdout
    assert sum(line.endswith("<") for line in done.stdout.splitlines()) == 1
    thresholds = [score["threshold"] for score in content["curve"]]
    assert thresholds == sorted(thresholds)
    assert len(thresholds) > 50
    with Image.open(plot) as picture:
        assert picture.width > 500


def test_variants_find_the_mirrored_copies(labelled, tmp_path):
    assert scored(labelled, tmp_path, "--method", "ssim", "--variants", "mirror")["default"]["f1"] == 1


def test_options_reach_the_method(labelled, tmp_path):
    content = scored(
        labelled,
        tmp_path,
        "--method",
        "imagehash",
        "--size",
        "64x48",
        "--threshold",
        "0.6",
        "--parameter",
        "hash_size=8",
    )
    assert content["parameters"] == {"imagehash": {"hash_size": 8, "highfreq_factor": 4}}
    assert content["size"] == [64, 48]
    assert content["default"]["threshold"] == 0.6


@pytest.mark.parametrize(("operator", "compare"), [("+", np.greater_equal), ("&", np.less_equal)])
def test_joined_methods_find_no_less_and_no_more_than_each(labelled, tmp_path, operator, compare):
    alone = [scored(labelled, tmp_path, "--method", name)["default"]["recall"] for name in ("ssim", "imagehash")]
    joined = scored(
        labelled,
        tmp_path,
        "--method",
        f"ssim{operator}imagehash",
        "--threshold",
        "ssim=0.64",
        "--parameter",
        "imagehash.hash_size=10",
    )
    assert compare(joined["default"]["recall"], alone).all()
    assert joined["thresholds"]["ssim"] == 0.64


@pytest.mark.parametrize("prefix", ["", "images/", "elsewhere/photos/"])
def test_paths_may_count_from_the_images_or_from_the_csv(labelled, tmp_path, prefix):
    text = (labelled / "groundtruth.csv").read_text().replace("images/", prefix).replace("group", "label")
    truth = tmp_path / "moved.csv"
    truth.write_text(text)
    assert scored(labelled, tmp_path, "--method", "tm", groundtruth=truth)["pictures"] == 18


def test_a_picture_that_cannot_be_read_counts_as_alone(labelled, tmp_path):
    (tmp_path / "images").symlink_to(labelled / "images")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    truth = tmp_path / "truth.csv"
    truth.write_text((labelled / "groundtruth.csv").read_text() + "broken.png,scene0,3\n")
    content = scored(labelled, tmp_path, "--method", "ssim", groundtruth=truth)
    assert [Path(path).name for path, _ in content["rejected"]] == ["broken.png"]
    assert content["default"]["recall"] == pytest.approx(6 / 21)


CLUSTERS = (
    "path,cluster,representative\n0-0.png,1,1\n0-1.png,1,0\n0-2.png,1,0\nsub/1-0.png,1,0\n2-0.png,-1,0\n2-1.png,-1,0\n"
)


def test_a_finished_run_is_scored_by_pairs_and_by_scikit_learn(labelled, tmp_path):
    (tmp_path / "clusters.csv").write_text(CLUSTERS)
    truth = tmp_path / "truth.csv"
    names = ["0-0.png", "0-1.png", "0-2.png", "sub/1-0.png", "2-0.png", "2-1.png"]
    truth.write_text("path,group\n" + "".join(f"images/{name},{Path(name).name[0]}\n" for name in names))
    done = run("--clusters", tmp_path / "clusters.csv", truth, "--json", tmp_path / "scores.json")
    assert done.returncode == 0, done.stderr
    scores = json.loads((tmp_path / "scores.json").read_text())
    # Together: the six pairs of four pictures, three of them rightly; belonging: those three and 2-0 with 2-1.
    assert scores["precision"] == pytest.approx(3 / 6)
    assert scores["recall"] == pytest.approx(3 / 4)
    assert scores["f1"] == pytest.approx(2 * 3 / (6 + 4))
    marked, found = [0, 0, 0, 1, 2, 2], [1, 1, 1, 1, 5, 6]
    assert scores["ari"] == pytest.approx(adjusted_rand_score(marked, found))
    assert scores["nmi"] == pytest.approx(normalized_mutual_info_score(marked, found))
    assert "F1" in done.stdout.upper()


def test_marked_pictures_that_the_run_does_not_have_are_alone_and_others_left_out(labelled, tmp_path, capsys):
    (tmp_path / "clusters.csv").write_text("path,cluster\n0-0.png,1\n0-1.png,1\nnew.png,1\n")
    assert main(["--clusters", str(tmp_path / "clusters.csv"), str(labelled / "groundtruth.csv")]) == 0
    out = capsys.readouterr().out
    assert "2 pictures, 16 not in the run (alone), 1 of the run not marked (left out)" in out
    assert out.count("\nnot in the run: ") == 3
    assert "\nnot in the run: images/0-2.png\n" in out
    assert "precision 1.0000" in out


def test_a_table_with_semicolons_is_read_alike(labelled, tmp_path):
    text = (labelled / "groundtruth.csv").read_text()
    (tmp_path / "semicolons.csv").write_text(text.replace(",", ";"))
    assert read_groups(tmp_path / "semicolons.csv") == read_groups(labelled / "groundtruth.csv")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "groundtruth"),
        (["{images}", "{truth}"], "give IMAGES GROUNDTRUTH.csv --method NAME"),
        (["{images}", "{truth}", "--method", "sift"], "found 'sift'; accepted: ssim"),
        (["{images}", "{truth}", "--method", "ssim+orb&tm"], "joined by + or by &, not both"),
        (["{images}", "{truth}", "--method", "ssim+ssim"], "each method once"),
        (["{images}", "{truth}", "--method", "ssim", "--threshold", "1.5"], "threshold: found '1.5'"),
        (["{images}", "{truth}", "--method", "ssim", "--threshold", "nan"], "threshold: found 'nan'"),
        (["{images}", "{truth}", "--method", "ssim", "--threshold", "orb=0.1"], "threshold: found 'orb'"),
        (["{images}", "{truth}", "--method", "ssim", "--size", "0x0"], "size: found [0, 0]"),
        (["{images}", "{truth}", "--method", "ssim", "--size", "original", "--variants", "both"], "variants: found"),
        (["{images}", "{truth}", "--method", "orb", "--parameter", "match=knn"], "orb.match: found 'knn'"),
        (["{images}", "{truth}", "--method", "orb", "--parameter", "match"], "parameter: found 'match'"),
        (["{images}", "{truth}", "--method", "orb", "--colour", "red"], "--colour"),
        (["{images}", "{images}/gone.csv", "--method", "ssim"], "gone.csv"),
        (["{images}/gone", "{truth}", "--method", "ssim"], "not a folder"),
        (["{images}", "{bad}", "--method", "ssim"], "columns are file, kind; accepted: path and group"),
        (["{images}", "{missing}", "--method", "ssim"], "nowhere.png is neither below"),
        (["{images}", "{double}", "--method", "ssim"], "0-0.png is in the groups"),
        (["{images}", "{truth}", "--method", "ssim", "--plot", "{images}/curve.doc"], "plot"),
        (["--clusters", "{truth}", "{truth}"], "accepted: path and cluster"),
        (["--clusters", "{others}", "{truth}"], "no picture of it"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(labelled, tmp_path, capsys, arguments, message):
    files = {
        "bad": "file,kind\na,b\n",
        "missing": "path,group\nnowhere.png,1\n",
        "double": "path,group\n0-0.png,1\n0-0.png,2\n",
        "others": "path,cluster\nz.png,1\n",
    }
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text)
    places = {name: tmp_path / f"{name}.csv" for name in files}
    places |= {"images": labelled / "images", "truth": labelled / "groundtruth.csv"}
    assert main([argument.format(**places) for argument in arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_the_command_itself_shows_no_traceback(tmp_path):
    done = run(tmp_path, tmp_path / "gone.csv", "--method", "ssim")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_path_that_could_be_two_pictures_is_refused(tmp_path, capsys):
    (tmp_path / "truth.csv").write_text("path,group\na/x.png,1\nb/x.png,2\n")
    (tmp_path / "clusters.csv").write_text("path,cluster\nx.png,1\n")
    assert main(["--clusters", str(tmp_path / "clusters.csv"), str(tmp_path / "truth.csv")]) == 2
    assert "x.png: could be a/x.png or b/x.png" in capsys.readouterr().err


def test_paths_match_when_one_is_the_end_of_the_other():
    assert matched(["a/b.png", "c.png", "z.png", "deep/er/d.png"], ["a/b.png", "images/c.png", "d.png"]) == {
        "a/b.png": "a/b.png",
        "c.png": "images/c.png",
        "deep/er/d.png": "d.png",
    }


def test_the_sweep_gives_the_components_at_every_threshold_in_whatever_parts_pairs_come():
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rng = np.random.default_rng(3)
    n, thresholds = 40, np.linspace(0, 1, 21)
    groups = rng.integers(0, 12, n).astype(str)
    a, b = np.array(list(combinations(range(n), 2))).T
    similarity = rng.random(len(a)).astype(np.float32) ** 0.3
    sweep = Sweep(groups, thresholds)
    for part in np.array_split(rng.permutation(len(a)), 7):
        sweep.add(a[part], b[part], similarity[part])
    for score, threshold in zip(sweep.scores(), thresholds, strict=True):
        kept = similarity >= np.float32(threshold)
        labels = connected_components(coo_array((np.ones(kept.sum()), (a[kept], b[kept])), shape=(n, n)))[1]
        expected = scores_of_clusters(labels, groups)
        assert (score.precision, score.recall, score.f1) == pytest.approx(
            [expected[name] for name in ("precision", "recall", "f1")]
        )
        assert score.largest == np.bincount(labels).max()
        differing = groups[a] != groups[b]
        assert score.false_pairs == pytest.approx(kept[differing].mean())

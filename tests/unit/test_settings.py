"""Every key of the configuration, from a file and from the command line, through Snakemake's own readers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.cli import parse_config
from snakemake.settings.types import ConfigSettings
from snakemake.utils import update_config

from icas_core.errors import IcasError
from icas_core.segmentation.registry import SEGMENTERS
from icas_core.similarity.registry import METHODS
from workflow.judging import as_typed, judge, load_schema, normalise
from workflow.settings import Settings, derive, folders_to_merge

DEFAULTS = Path(__file__).parents[2] / "config" / "config.yaml"

# key → (what a person writes in a file, what they type behind --config, the value that both must give).
BOTH_WAYS: dict[str, tuple[str, str, Any]] = {
    "images": ("'2024_01'", "images=2024_01", "2024_01"),
    "output": ("results/1e3", "output=results/1e3", "results/1e3"),
    "method": ("imagehash", "method=ImageHash", "imagehash"),
    "threshold": ("0.9", "threshold=0.9", 0.9),
    "threshold_sample": ("50", "threshold_sample=50", 50),
    "floor": ("0.25", "floor=.25", 0.25),
    "size": ("[12, 12]", "size=[12,12]", [12, 12]),
    "variants": ("mirror", "variants=Mirror", "mirror"),
    "decode": ("fast", "decode=fast", "fast"),
    "device": ("cpu", "device=CPU", "cpu"),
    "batch_size": ("100", "batch_size=100", 100),
    "merge": ("all", "merge=ALL", "all"),
    "edges": ("forest", "edges=forest", "forest"),
    "representative": ("first", "representative=first", "first"),
    "transfer": ("hardlink", "transfer=hardlink", "hardlink"),
    "batch_transfer": ("none", "batch_transfer=none", "none"),
    "overwrite": ("true", "overwrite=true", True),
    "folders": ("'007'", "folders=007", "007"),
    "annotations": ("'007'", "annotations=007", "007"),
    "classes": ("{Cell: ['204', 0, 0.0]}", "classes={Cell: [204, 0, 0]}", {"Cell": [204, 0, 0]}),
    "picker": ("'007'", "picker=007", "007"),
    "mask_name": ("original", "mask_name=Original", "original"),
    "templates": ("'007'", "templates=007", "007"),
    "attentions": ("'007'", "attentions=007", "007"),
    "segments": ("'007'", "segments=007", "007"),
    "masks": ("'007'", "masks=007", "007"),
    "template_error": ("0.1", "template_error=.1", 0.1),
    "segment_method": ("quickshift", "segment_method=QuickShift", "quickshift"),
    "reduce": ("0.5", "reduce=.5", 0.5),
    "minhash.permutations": ("64", "minhash={permutations: 64}", 64),
    "minhash.corners": ("50", "minhash={corners: 50}", 50),
    "minhash.cell": ("3", 'minhash={"cell": 3}', 3),
    "imagehash.hash_size": ("12", "imagehash={hash_size: 12}", 12),
    "imagehash.highfreq_factor": ("8", "imagehash={highfreq_factor: 8.0}", 8),
    "orb.features": ("300", "orb={features: 300}", 300),
    "orb.fast_threshold": ("7", "orb={fast_threshold: 7}", 7),
    "orb.edge_threshold": ("9", "orb={edge_threshold: 9}", 9),
    "orb.least": ("9", "orb={least: 9}", 9),
    "orb.match": ("crosscheck", "orb={match: CrossCheck}", "crosscheck"),
    "orb.ratio": ("0.5", "orb={ratio: .5}", 0.5),
    "deep.model": ("My/Model.py:Net", "deep={model: 'My/Model.py:Net'}", "My/Model.py:Net"),
    "deep.checkpoint": ("'007'", "deep={checkpoint: '007'}", "007"),
    "deep.train": ("never", "deep={train: Never}", "never"),
    "deep.loss": ("l1", "deep={loss: L1}", "l1"),
    "deep.loss_model": ("My/Loss.py:Net", "deep={loss_model: 'My/Loss.py:Net'}", "My/Loss.py:Net"),
    "deep.loss_checkpoint": ("'1e3'", "deep={loss_checkpoint: '1e3'}", "1e3"),
    "deep.code": ("32", "deep={code: 32}", 32),
    "deep.epochs": ("3", "deep={epochs: 3}", 3),
    "deep.patience": ("3", "deep={patience: 3.0}", 3),
    "deep.validation": ("0.25", "deep={validation: .25}", 0.25),
    "deep.learning_rate": ("0.001", "deep={learning_rate: 1e-3}", 0.001),
    "deep.batch": ("32", "deep={batch: 32}", 32),
    "deep.pictures": ("100", "deep={pictures: 1e2}", 100),
    "deep.warp": ("0", "deep={warp: 0.0}", 0),
    "deep.seed": ("7", "deep={seed: 7}", 7),
    "deep.compete": ("[kmeans, HDBSCAN]", "deep={compete: [KMeans, hdbscan]}", ["kmeans", "hdbscan"]),
    "deep.components": ("8", "deep={components: 8.0}", 8),
    "deep.selection": ("minmax", "deep={selection: MinMax}", "minmax"),
    "deep.merge": ("first", "deep={merge: First}", "first"),
    "deep.kmeans": ("{n_clusters: [5, '9']}", "deep={kmeans: {n_clusters: [5, 9.0]}}", {"n_clusters": [5, 9]}),
    "deep.agglomerative": (
        "{n_clusters: 4, linkage: single}",
        "deep={agglomerative: {n_clusters: '4', linkage: Single}}",
        {"n_clusters": 4, "linkage": "single"},
    ),
    "deep.dbscan": (
        "{eps: [1, 2.5], min_samples: 4}",
        "deep={dbscan: {eps: ['1', 2.5], min_samples: 4.0}}",
        {"eps": [1, 2.5], "min_samples": 4},
    ),
    "deep.gaussian_mixture": (
        "{n_components: [4], covariance_type: full}",
        "deep={gaussian_mixture: {n_components: [4], covariance_type: Full}}",
        {"n_components": [4], "covariance_type": "full"},
    ),
    "deep.hdbscan": ("{min_cluster_size: 4}", "deep={hdbscan: {min_cluster_size: '4'}}", {"min_cluster_size": 4}),
}
for _name, _segmenter in SEGMENTERS.items():
    for _key, _default in _segmenter.parameters.items():
        if (_name, _key) in {("sam", "model"), ("sam", "checkpoint"), ("sam", "cache")}:
            _value = _segmenter.choices.get(_key, ("Some/Where",))[-1]
            BOTH_WAYS[f"{_name}.{_key}"] = (f"'{_value}'", f"{_name}={{{_key}: {_value}}}", _value)
            continue
        _least, _most = _segmenter.limits.get(_key, (0, 10))
        _value = _segmenter.choices[_key][-1] if _key in _segmenter.choices else _least + min(1.0, _most - _least) / 2
        _value = _default + 1 if isinstance(_default, int) else _value
        BOTH_WAYS[f"{_name}.{_key}"] = (f"'{_value}'", f"{_name}={{{_key}: {str(_value).upper()}}}", _value)
CLASSES_OF_ANY_NAME = {"images": "#cc0000", "7": [1, 2, 3]}
# More ways to write one value: key, in a file, on the command line, the value.
SAME_VALUE = [
    ("threshold", "'0.9'", "threshold='0.9'", 0.9),
    ("threshold", "9.0e-1", "threshold=9e-1", 0.9),
    ("threshold", "1", "threshold=1.0", 1),
    ("threshold", "Default", "threshold=DEFAULT", "default"),
    ("threshold", "Interactive", "threshold=INTERACTIVE", "interactive"),
    (
        "threshold",
        "{SSIM: '0.6', orb: default}",
        "threshold={ssim: 0.6, orb: default}",
        {"ssim": 0.6, "orb": "default"},
    ),
    ("size", "['24', 24.0]", 'size=["24", "24"]', [24, 24]),
    ("size", "0.5", "size=.5", 0.5),
    ("size", "Original", "size=original", "original"),
    ("size", "{ssim: [16, 16], orb: 1}", "size={ssim: [16, 16], orb: 1}", {"ssim": [16, 16], "orb": 1}),
    ("batch_size", "'100'", "batch_size=1e2", 100),
    ("method", "SSIM + Orb", "method=ssim+orb", "ssim+orb"),
    ("method", "ssim & IMAGEHASH", "method=ssim&imagehash", "ssim&imagehash"),
    ("overwrite", "yes", "overwrite=Yes", True),
    ("overwrite", "off", "overwrite=False", False),
    ("classes", "{images: '#CC0000', 7: [1, 2, 3]}", "classes={images: '#cc0000', 7: [1,2,3]}", CLASSES_OF_ANY_NAME),
]
NAMES_THAT_LOOK_LIKE_SOMETHING_ELSE = ["007", "2024_01", "1e3", "nan", "true", "None", "[a]", "a: b", "3.0", "0x10"]


def given(file: Path, text: str = "", typed: list[str] | None = None) -> dict[str, Any]:
    """The judged configuration of one run, read and merged by Snakemake and then by the workflow."""
    files = []
    if text:
        file.write_text(text, encoding="utf-8")
        files = [file]
    settings = ConfigSettings(config=parse_config(typed), configfiles=files, config_args=typed)
    config = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))
    update_config(config, settings.overwrite_config)
    return judge(as_typed(config, settings.config_args or [], [DEFAULTS, *settings.configfiles]), load_schema())


def effect(config: dict[str, Any], folder: Path) -> tuple[Any, ...]:
    """All that the rules take from a configuration: the derived settings and each stage's parameters."""
    (folder / config["images"]).mkdir(parents=True, exist_ok=True)
    settings = derive({**config, "images": str(folder / config["images"])})
    stages = {method: (settings.extract(method), settings.compare(method)) for method in settings.methods}
    return settings, stages, settings.cluster(), settings.comparing()


def written(key: str, value: str) -> str:
    section, _, name = key.rpartition(".")
    return f"{section}:\n  {name}: {value}\n" if section else f"{name}: {value}\n"


def value_of(config: dict[str, Any], key: str) -> Any:
    for name in key.split("."):
        config = config[name]
    return config


def test_every_key_of_the_schema_is_tried_both_ways() -> None:
    keys = set()
    for name, rule in load_schema()["properties"].items():
        section = rule.get("type") == "object"
        keys |= {f"{name}.{inner}" for inner in rule["properties"]} if section else {name}
    assert keys == set(BOTH_WAYS)


@pytest.mark.parametrize("key", BOTH_WAYS)
def test_a_key_has_the_same_effect_from_a_file_as_from_the_command_line(key: str, tmp_path: Path) -> None:
    text, typed, expected = BOTH_WAYS[key]
    from_file = given(tmp_path / "c.yaml", written(key, text))
    from_command_line = given(tmp_path / "c.yaml", typed=[typed])
    assert value_of(from_file, key) == value_of(from_command_line, key) == expected
    assert type(value_of(from_file, key)) is type(value_of(from_command_line, key)) is type(expected)
    assert expected != value_of(given(tmp_path / "c.yaml"), key), "a case must differ from the default"
    assert effect(from_file, tmp_path) == effect(from_command_line, tmp_path) != effect(given(tmp_path / "c"), tmp_path)


@pytest.mark.parametrize(("key", "text", "typed", "expected"), SAME_VALUE)
def test_other_ways_to_write_a_value_are_taken_alike(
    key: str, text: str, typed: str, expected: Any, tmp_path: Path
) -> None:
    from_file = given(tmp_path / "c.yaml", f"{key}: {text}\n")
    assert from_file == given(tmp_path / "c.yaml", typed=[typed])
    assert from_file[key] == expected


def test_the_command_line_outdoes_the_file_key_by_key(tmp_path: Path) -> None:
    config = given(tmp_path / "c", "images: '1'\norb: {features: 9, ratio: 0.5}\n", ["images=02", "orb={ratio: 0.25}"])
    assert config["images"] == "02"
    assert (config["orb"]["features"], config["orb"]["ratio"]) == (9, 0.25)


@pytest.mark.parametrize("key", ["images", "output", "folders"])
@pytest.mark.parametrize("name", NAMES_THAT_LOOK_LIKE_SOMETHING_ELSE)
def test_a_folder_keeps_its_name_whatever_it_looks_like(key: str, name: str, tmp_path: Path) -> None:
    assert given(tmp_path / "c", typed=[f"{key}={name}"])[key] == name
    plain = name if name[0] != "[" and ":" not in name else repr(name)
    assert given(tmp_path / "c", f"{key}: {plain}\n")[key] == name


def test_a_home_folder_is_found_from_a_file_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert given(tmp_path / "c", "images: ~/photos\n")["images"] == str(tmp_path / "photos")


WRONG = [
    ("imagse=x", "'imagse'", "did you mean 'images'"),
    ("zzz=x", "'zzz'", "accepted: images, output"),
    ("images=", "'images'", "the path of a folder"),
    ("method=sift", "'method': found 'sift'", "ssim, minhash"),
    ("method=ssim+", "'method'", "ssim, minhash"),
    ("method=ssim+orb&tm", "'method'", "joined by"),
    ("method=[ssim, orb]", "'method'", "joined by"),
    ("threshold=1.5", "'threshold': found 1.5", "from 0 to 1"),
    ("threshold=-0.1", "'threshold': found -0.1", "from 0 to 1"),
    ("threshold=nan", "'threshold': found nan", "from 0 to 1"),
    ("threshold=.nan", "'threshold'", "from 0 to 1"),
    ("threshold=NaN", "'threshold'", "from 0 to 1"),
    ("threshold=inf", "'threshold'", "from 0 to 1"),
    ("threshold=high", "'threshold': found 'high'", "from 0 to 1"),
    ("threshold=true", "'threshold'", "from 0 to 1"),
    ("threshold=", "'threshold'", "from 0 to 1"),
    ("threshold={ssim: nan}", "'threshold'", "from 0 to 1"),
    ("threshold={sift: 0.5}", "threshold", "sift"),
    ("threshold_sample=1", "'threshold_sample': found 1", "a whole number from 2"),
    ("floor=.nan", "'floor'", "from 0 to 1"),
    ("size=[0,0]", "'size'", "[width, height]"),
    ("size=[24]", "'size'", "[width, height]"),
    ("size=[24,24,3]", "'size'", "[width, height]"),
    ("size=[24,nan]", "'size'", "[width, height]"),
    ("size=24", "'size': found 24", "[width, height]"),
    ("size=24x24", "'size'", "[width, height]"),
    ("size=0", "'size'", "[width, height]"),
    ("batch_size=1", "'batch_size': found 1", "a whole number from 2"),
    ("batch_size=2.5", "'batch_size': found 2.5", "a whole number from 2"),
    ("batch_size=many", "'batch_size': found 'many'", "a whole number from 2"),
    ("merge=some", "'merge': found 'some'", "none, representatives, outliers or all"),
    ("transfer=move", "'transfer': found 'move'", "copy, hardlink or symlink"),
    ("overwrite=maybe", "'overwrite': found 'maybe'", "true or false"),
    ("overwrite=1", "'overwrite': found 1", "true or false"),
    ("classes={a: red}", "'classes'", "a table of names and colours"),
    ("classes={a: [1, 2, 300]}", "'classes'", "a table of names and colours"),
    ("classes={a: [1, 2]}", "'classes'", "a table of names and colours"),
    ("classes=a", "'classes': found 'a'", "a table of names and colours"),
    ("mask_name=x", "'mask_name': found 'x'", "portable or original"),
    ("template_error=worst", "'template_error': found 'worst'", "'best' or a number from 0 to 1"),
    ("template_error=2", "'template_error': found 2", "'best' or a number from 0 to 1"),
    ("orb=400", "'orb': found 400", "a table"),
    ("orb={feature: 9}", "'orb.feature'", "did you mean 'orb.features'"),
    ("orb={features: 0}", "'orb'", "a table of features"),
    ("orb={ratio: .nan}", "'orb'", "ratio"),
    ("imagehash={hash_size: 1}", "'imagehash'", "hash_size"),
]


@pytest.mark.parametrize(("typed", "what", "accepted"), WRONG)
def test_a_wrong_value_is_refused_in_one_line(typed: str, what: str, accepted: str, tmp_path: Path) -> None:
    with pytest.raises(IcasError) as refused:
        given(tmp_path / "c", typed=[typed])
    assert what in str(refused.value)
    assert accepted in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 700


@pytest.mark.parametrize("number", [".nan", "nan", "NaN", "'nan'", ".inf", "-.inf"])
def test_a_threshold_that_is_no_number_is_refused_from_a_file(number: str, tmp_path: Path) -> None:
    with pytest.raises(IcasError, match="'threshold'"):
        given(tmp_path / "c", f"threshold: {number}\n")


def settled(tmp_path: Path, **keys: Any) -> Settings:
    (tmp_path / "pictures").mkdir(exist_ok=True)
    config = given(tmp_path / "c", yaml.safe_dump({"images": str(tmp_path / "pictures"), **keys}))
    return derive(config)


def test_a_method_takes_its_own_defaults_where_nothing_else_is_said(tmp_path: Path) -> None:
    settings = settled(tmp_path, method="+".join(METHODS))
    assert settings.thresholds == {name: method.default_threshold for name, method in METHODS.items()}
    sizes = {name: method.default_size for name, method in METHODS.items()}
    # A deep model looks at each picture at a size of its own choice.
    assert {name: settings.extract(name)["size"] for name in METHODS} == {**sizes, "embedding": "default"}


def test_a_table_gives_each_method_its_own_and_the_rest_their_default(tmp_path: Path) -> None:
    settings = settled(tmp_path, method="ssim&orb", threshold={"orb": 0.5}, size={"ssim": [9, 9]})
    assert settings.operator == "&"
    assert settings.thresholds == {"ssim": METHODS["ssim"].default_threshold, "orb": 0.5}
    assert settings.extract("ssim")["size"] == [9, 9]
    assert settings.extract("orb")["size"] == METHODS["orb"].default_size


def test_one_threshold_for_several_methods_is_refused_with_the_table_to_write(tmp_path: Path) -> None:
    with pytest.raises(IcasError, match=r"\{ssim: 0.7, orb: 0.7\}"):
        settled(tmp_path, method="ssim+orb", threshold=0.5)


def test_a_floor_lowers_what_is_compared_but_not_what_is_clustered(tmp_path: Path) -> None:
    settings = settled(tmp_path, threshold=0.8, floor=0.3)
    assert settings.compare("ssim")["threshold"] == 0.3
    assert settings.cluster()["thresholds"] == {"ssim": 0.8}
    assert settled(tmp_path, threshold=0.2, floor=0.3).compare("ssim")["threshold"] == 0.2


def test_a_setting_of_one_method_leaves_the_stages_of_another_alone(tmp_path: Path) -> None:
    assert settled(tmp_path).extract("ssim") == settled(tmp_path, orb={"features": 9}).extract("ssim")


@pytest.mark.parametrize(
    ("method", "blocks"),
    [
        ("ssim", 16),
        ("imagehash", 4),
        ("minhash", 8),
        ("imagehash+minhash", 8),
        ("ssim+orb", 11),
        ("ssim+imagehash", 11),
        ("ssim+orb+imagehash", 9),
        ("ssim&orb&tm&imagehash&minhash", 6),
        ("deep", 1),
    ],
)
def test_the_comparisons_across_batches_are_as_few_with_several_methods(
    method: str, blocks: int, tmp_path: Path
) -> None:
    settings = settled(tmp_path, method=method)
    assert settings.blocks == blocks
    assert len(settings.thresholds) * blocks * (blocks + 1) // 2 <= 136


def test_a_size_too_small_for_a_method_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IcasError, match=r"size: found \[3, 3\]; ssim takes 7x7"):
        settled(tmp_path, method="orb+ssim", size=[3, 3])


def test_annotations_lie_beside_the_pictures_and_never_among_the_results(tmp_path: Path) -> None:
    assert settled(tmp_path).annotations == tmp_path / "pictures_segmented"
    assert settled(tmp_path, annotations=str(tmp_path / "a")).annotations == tmp_path / "a"
    for place in ("pictures", "out", "out/export"):
        with pytest.raises(IcasError, match="config key 'annotations'"):
            settled(tmp_path, output=str(tmp_path / "out"), annotations=str(tmp_path / place))


def test_the_output_is_named_after_the_picture_folder(tmp_path: Path) -> None:
    assert settled(tmp_path).output == Path("results/pictures")


def test_pictures_inside_the_output_are_refused(tmp_path: Path) -> None:
    for output in (tmp_path, tmp_path / "pictures"):
        with pytest.raises(IcasError, match="'images'.*inside the output"):
            settled(tmp_path, output=str(output))


def test_an_output_that_is_a_file_or_lies_below_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for output in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(IcasError, match="'output'.*is a file"):
            settled(tmp_path, output=str(output))


def test_merge_folders_without_its_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IcasError, match="'folders'"):
        folders_to_merge(given(tmp_path / "c"))


@pytest.mark.parametrize(
    ("folder", "result"), [("photos/batches", "photos_merged"), ("photos/corrected", "corrected_merged")]
)
def test_merged_batch_folders_go_into_a_folder_of_the_projects_name(folder: str, result: str, tmp_path: Path) -> None:
    (tmp_path / folder).mkdir(parents=True)
    config = given(tmp_path / "c", yaml.safe_dump({"images": str(tmp_path / folder)}))
    assert derive(config, merged=True).output == Path("results") / result


def test_normalising_twice_changes_nothing() -> None:
    for value in ("0.50", ["1", "x"], {"A": "nan"}, "Yes", 2.0, None, "ssim + ORB"):
        once = normalise("method", value)
        assert repr(normalise("method", once)) == repr(once)

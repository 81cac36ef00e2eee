"""Exports by real runs: painted pictures in, formats out, and nothing of what was painted is touched."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pycocotools.coco import COCO

from icas_core.annotations.annotation import digest_of, unpainted
from icas_core.annotations.classes import Class, ClassTable
from icas_core.annotations.store import AnnotationStore
from tests.workflow.runs import Project, add_pictures, state

pytestmark = pytest.mark.workflow


def test_annotations_are_exported_each_time_and_stay_as_they_are(tmp_path) -> None:
    project = Project(tmp_path)
    names = add_pictures(project.pictures, scenes=2, copies=1)
    nothing = project.run("export_masks")
    assert not nothing.ok
    said = nothing.err.strip().splitlines()[-1]
    assert said.startswith("icas: annotations: ")
    assert said.endswith("pictures_segmented: found none; paint some first with 'snakemake segment'")

    store = AnnotationStore(tmp_path / "pictures_segmented")
    table = ClassTable((Class(1, "cell", (204, 0, 0)),))
    for number, name in enumerate(names):
        blank = unpainted(np.ones((48, 48), np.int32), digest_of(project.pictures / name))
        classes = np.zeros((48, 48), np.uint8)
        classes[5:20, 5 : 20 + number] = 1
        store.write(name, replace(blank, classes=classes, done=number == 0), table)
    before = state(project.pictures), state(store.folder)

    run = project.run("export_masks", classes={"cell": "#0000ff"})
    assert run.ok, run.err
    assert run.jobs == {"export_masks": 1}
    assert "icas: 2 pictures with 2 objects exported, 1 of them unfinished; see out/export" in run.err
    coco = COCO(project.output / "export" / "coco.json")
    assert [each["area"] for each in coco.anns.values()] == [15 * 15, 15 * 16]
    masks = sorted(path.name for path in (project.output / "export" / "masks").iterdir())
    assert masks == [f"{name.removesuffix('.jpg')}_mask_(R0,G0,B255).png" for name in names]

    (project.output / "export" / "labelme" / "0_scene_000.json").write_text("corrected")
    again = project.run("export_masks")
    assert not again.ok
    said = again.err.strip().splitlines()[-1]
    assert said.startswith("icas: ")
    assert "changed or added by hand (e.g. 'labelme/0_scene_000.json'): set overwrite=true" in said
    assert (state(project.pictures), state(store.folder)) == before

import pytest

from icas_core.errors import IcasError
from icas_core.report.pages_folder import page_name, replaced_folder


def fill(folder, *numbers, text="new"):
    folder.mkdir(exist_ok=True)
    for number in numbers:
        (folder / page_name(number)).write_text(text)


def listed(folder):
    return sorted(path.name for path in folder.iterdir())


def test_pages_of_an_earlier_larger_result_are_gone(tmp_path):
    fill(tmp_path / "report", 2, 3, 4, text="old")
    with replaced_folder(tmp_path / "report") as aside:
        fill(aside, 2)
    assert listed(tmp_path) == ["report"]
    assert listed(tmp_path / "report") == ["page_0002.html"]
    assert (tmp_path / "report/page_0002.html").read_text() == "new"


def test_without_further_pages_the_folder_goes(tmp_path):
    fill(tmp_path / "report", 2)
    with replaced_folder(tmp_path / "report"):
        pass
    assert listed(tmp_path) == []


def test_after_an_error_the_earlier_pages_are_as_they_were(tmp_path):
    fill(tmp_path / "report", 2, 3, text="old")

    def fail_after_one_page():
        with replaced_folder(tmp_path / "report") as aside:
            fill(aside, 2)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_one_page()
    assert listed(tmp_path) == ["report"]
    assert (tmp_path / "report/page_0002.html").read_text() == "old"


def test_what_a_killed_run_left_aside_is_cleared(tmp_path):
    fill(tmp_path / ".report.new", 7)
    fill(tmp_path / ".report.old", 7)
    with replaced_folder(tmp_path / "report") as aside:
        fill(aside, 2)
    assert listed(tmp_path) == ["report"]
    assert listed(tmp_path / "report") == ["page_0002.html"]


def test_a_folder_with_other_files_is_left_alone_and_named(tmp_path):
    fill(tmp_path / "report", 2)
    (tmp_path / "report/thesis.docx").write_text("mine")
    with pytest.raises(IcasError, match=r"report: holds 'thesis.docx'"), replaced_folder(tmp_path / "report"):
        pass
    assert listed(tmp_path / "report") == ["page_0002.html", "thesis.docx"]


def test_a_file_in_the_folders_place_is_left_alone_and_named(tmp_path):
    (tmp_path / "report").write_text("mine")
    with pytest.raises(IcasError, match="report: is a file"), replaced_folder(tmp_path / "report"):
        pass

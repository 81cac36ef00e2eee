"""What merged batch folders were made from: kept in their result, so that another project's merge never replaces it."""

from __future__ import annotations

import json
from pathlib import Path

from icas_core.errors import IcasError
from icas_core.tables import read_notes, written_atomically

_FILE = "made_from.json"


def check_made_from(output: Path | str, folder: Path | str) -> None:
    """Raise IcasError where `output` is an ordinary run's, or was merged from other batch folders than `folder`."""
    ledger, kept = Path(output) / "ledger.parquet", Path(output) / _FILE
    if ledger.exists():
        raise IcasError(
            f"output: {output} was made from the picture folder {read_notes(ledger)['folder']}; choose another output"
        )
    if not kept.exists():
        return
    try:
        source = json.loads(kept.read_text(encoding="utf-8"))["folders"]
    except (ValueError, KeyError, TypeError):
        raise IcasError(f"output: {kept} is damaged; choose another output, or delete this one") from None
    if source != str(Path(folder).resolve()):
        raise IcasError(
            f"output: {output} was made from the batch folders {source}; choose another output, or delete this one"
        )


def write_made_from(output: Path | str, folder: Path | str) -> None:
    """Keep in `output`, atomically, that it is made from the batch folders in `folder`."""
    with written_atomically(Path(output) / _FILE, "w", encoding="utf-8") as file:
        json.dump({"folders": str(Path(folder).resolve())}, file)

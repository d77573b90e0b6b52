"""``docs/settings.md`` is the table of the settings: it names all that exist, and what it names exists."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import SecretStr

from outdial.settings import Settings

DOCS = Path(__file__).parents[2] / "docs" / "settings.md"


def row_of(name: str) -> str:
    """The line of the table a setting must have."""
    field = Settings.model_fields[name]
    default = "" if field.is_required() or field.default_factory is not None else field.default
    shown = default.get_secret_value() if isinstance(default, SecretStr) else default
    if isinstance(shown, bool):
        shown = str(shown).lower()
    cell = "" if shown is None or shown in ("", ()) else f"`{shown:g}`" if isinstance(shown, float) else f"`{shown}`"
    cell = "`~/.outdial`" if name == "home" else cell
    return f"| `OUTDIAL_{name.upper()}` | {cell} | {field.description} |"


def test_every_setting_stands_in_the_table_with_its_default_and_meaning() -> None:
    lines = set(DOCS.read_text().splitlines())

    missing = [row_of(name) for name in Settings.model_fields if row_of(name) not in lines]

    assert not missing, "add or mend these rows:\n" + "\n".join(missing)


def test_every_variable_named_exists() -> None:
    named = set(re.findall(r"OUTDIAL_[A-Z0-9_]+", DOCS.read_text()))

    assert named == {f"OUTDIAL_{name.upper()}" for name in Settings.model_fields} | {"OUTDIAL_SETTINGS_FILE"}

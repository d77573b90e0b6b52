"""``docs/proofs.md``: what is promised, row by row, with the test that proves it; and how far a page is behind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from proofs import choosing
from proofs.choosing import Evidence
from proofs.documented import DOORS, EXAMPLES, Field, Operation, operations, refusal_fields, webhooks
from proofs.impossible import unused, why_not
from proofs.rows import SECTIONS, tests_of
from proofs.tests_named import all_tests, name_of

PAGE: Final = Path(__file__).parents[2] / "docs" / "proofs.md"
NOT_PROVEN: Final = "**not proven**"
CANNOT_OCCUR: Final = "cannot occur"
_HEAD: Final = """# What is promised, and the test that proves it

Made by `make proofs`, which runs the tests and writes down what each of them asks and is told; not written by hand.

A *field* is proven by a test in which it was sent or answered and which compares with the documentation's example that
holds it, or names the field itself; where it was only seen, by such a test of another operation with the same model.
A *status* is proven by a test in which the operation answered with it. `[]` is any item of a list, `*` any key of an
open object. Each test says more than its row: the row shows where to look first. Generated requests
(`tests/api/test_openapi.py`) hold every answer against its schema besides, and are named nowhere here. What cannot
occur is listed with its reason (`tests/proofs/impossible.py`); this page is not made while a test sees one of those.
"""
_ROW: Final = re.compile(r"^\| (\w+) `([^`]+)` \|", re.MULTILINE)
_LINK: Final = re.compile(r"\[`([^`]+)`\]\(\.\./(tests/[^)]+)\)")

Rows = dict[tuple[str, str, str], tuple[str, str]]
"""Type and test of each row, by heading, kind and name of what it is about."""


def promised(documents: Mapping[str, Mapping[str, Any]]) -> dict[tuple[str, str, str], Field | None]:
    """Every row a page must have, with its field where it is about one."""
    found: dict[tuple[str, str, str], Field | None] = {}
    for door, document in documents.items():
        found |= {(_refusals(door), one.where, one.path): one for one in refusal_fields(document)}
        for operation in operations(door, document):
            found |= {(str(operation), one.where, one.path): one for one in operation.fields}
            found |= {(str(operation), "status", str(status)): None for status in operation.statuses}
    for name, fields in webhooks().items():
        found |= {(f"ringg/{name}", one.where, one.path): one for one in fields}
    return found


def proven(evidence: Evidence, documents: Mapping[str, Mapping[str, Any]]) -> Rows:
    rows: Rows = {}
    for door, document in documents.items():
        here = operations(door, document)
        for one in refusal_fields(document):
            rows[_refusals(door), one.where, one.path] = one.kind, choosing.of_refusal(evidence, here, one)
        for operation in here:
            for one in operation.fields:
                rows[str(operation), one.where, one.path] = one.kind, choosing.of_field(evidence, operation, one)
            for status in operation.statuses:
                rows[str(operation), "status", str(status)] = "", choosing.of_status(evidence, operation, status)
        _share(rows, evidence, here)
    for name, fields in webhooks().items():
        for one in fields:
            rows[f"ringg/{name}", one.where, one.path] = "", choosing.of_webhook(evidence, f"ringg/{name}", one)
    return rows


def _share(rows: Rows, evidence: Evidence, here: Iterable[Operation]) -> None:
    """Where a field was seen and nothing more, the test that proves it for another operation with the same model."""
    fields = [(operation, one) for operation in here for one in operation.fields if one.of]
    tests: dict[tuple[str, str], str] = {}
    for operation, one in fields:
        if test := rows[str(operation), one.where, one.path][1]:
            tests[one.where, one.of] = min(test, tests.get((one.where, one.of), test))
    for operation, one in fields:
        kind, test = rows[str(operation), one.where, one.path]
        if not test and choosing.is_seen(evidence, operation, one):
            rows[str(operation), one.where, one.path] = kind, tests.get((one.where, one.of), "")


def written(evidence: Evidence, documents: Mapping[str, Mapping[str, Any]]) -> str:
    """The page.

    Raises:
        ValueError: a row that is said to be impossible was seen, or there is no such row.
    """
    rows = proven(evidence, documents)
    everything = [one for door, document in documents.items() for one in operations(door, document)]
    files = sorted(file.relative_to(EXAMPLES).with_suffix("").as_posix() for file in EXAMPLES.rglob("*.json"))
    examples = {name: choosing.of_example(evidence, name, everything) for name in files}
    tests = {_named(*row): test for row, (_, test) in rows.items()}
    tests |= {f"example `{name}`": test for name, test in examples.items()}
    tests |= {
        f"{section}: {row}": "".join(tests_of(means)) for section, of in SECTIONS.items() for row, means in of.items()
    }
    seen = _seen(evidence, everything)
    if wrong := [*unused(set(tests)), *(row for row, test in tests.items() if why_not(row) and (test or row in seen))]:
        raise ValueError(f"said to be impossible, but seen or not promised: {'; '.join(wrong)}")
    lost = [row for row, test in tests.items() if not test and not why_not(row)]
    impossible = [row for row in tests if why_not(row)]
    return "\n".join(
        [
            _HEAD,
            f"{sum(map(bool, tests.values()))} of {len(tests)} rows are proven; {len(impossible)} cannot occur.\n",
            *_operations(rows),
            *_specification(examples),
            "## Cannot occur\n",
            *(f"- {row}: {why_not(row)}" for row in impossible),
            "\n## Not proven\n",
            *(f"- {one}" for one in lost),
            *([] if lost else ["Nothing."]),
            "",
        ]
    )


def _named(heading: str, kind: str, name: str) -> str:
    return f"{kind} `{name}` of `{heading}`"


def _seen(evidence: Evidence, everything: Iterable[Operation]) -> set[str]:
    """Rows of fields that some test saw, whether or not it says anything of them."""
    return {
        _named(str(operation), one.where, one.path)
        for operation in everything
        for one in operation.fields
        if choosing.is_seen(evidence, operation, one)
    }


def _operations(rows: Rows) -> Iterator[str]:
    begun = ""
    door_names = {_refusals(door): name for door, name in DOORS.items()}
    for heading in dict.fromkeys(heading for heading, _, _ in rows):
        section = door_names.get(heading, "Webhooks of the Ringg dialect" if heading.startswith("ringg/") else begun)
        if section != begun:
            yield f"## {section}\n"
            begun = section
        yield f"### `{heading}`\n"
        yield "| What | Type | Test |\n|---|---|---|"
        for (of, kind, name), (type_, test) in rows.items():
            if of == heading:
                yield f"| {kind} `{name}` | {type_.replace('|', '/')} | {_link(test, _named(of, kind, name))} |"
        yield ""


def _specification(examples: Mapping[str, str]) -> Iterator[str]:
    yield "## Examples of the documentation\n"
    yield "| Example | Test that replays it |\n|---|---|"
    yield from (f"| `{name}` | {_link(test, f'example `{name}`')} |" for name, test in examples.items())
    for section, rows in SECTIONS.items():
        yield f"\n## {section}\n\n| Row | Tests |\n|---|---|"
        for row, means in rows.items():
            yield f"| {row} | {', '.join(map(_link, tests_of(means))) or _link('', f'{section}: {row}')} |"
    yield ""


def behind(page: str, documents: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What a page lacks, or has and should not have."""
    here, heading = set(), ""
    for line in page.splitlines():
        if line.startswith("### `"):
            heading = line[5:-1]
        elif (row := _ROW.match(line)) is not None:
            here.add(this := (heading, row[1], row[2]))
            if line.endswith(f"| {CANNOT_OCCUR} |") is not bool(why_not(_named(*this))):
                yield f"{_named(*this)}: can it occur or not?"
    wanted = set(promised(documents))
    yield from (f"{kind} {name} of {of} is not on the page" for of, kind, name in sorted(wanted - here))
    yield from (f"{kind} {name} of {of} is on the page, but not documented" for of, kind, name in sorted(here - wanted))
    known = {(name_of(test), test.partition("::")[0]) for test in all_tests()}
    yield from (f"there is no test {test} in {file}" for test, file in sorted(set(_LINK.findall(page)) - known))


def _refusals(door: str) -> str:
    return f"any refusal below {door}"


def _link(test: str, row: str = "") -> str:
    if not test:
        return CANNOT_OCCUR if why_not(row) else NOT_PROVEN
    return f"[`{name_of(test)}`](../{test.partition('::')[0]})"


def in_short(rows: Iterable[str]) -> str:
    """The first of many lines."""
    lines = list(rows)
    return "\n".join([*lines[:20], *([f"... and {len(lines) - 20} more"] if len(lines) > 20 else [])])

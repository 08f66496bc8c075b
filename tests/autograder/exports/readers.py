"""Strict readers of the formats that we write, as their documentation describes them.

They refuse whatever a program on the other side may refuse: an unknown field, a column too many
in one line, a score that is no number.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from typing import Any

VISIBILITY = {"hidden", "after_due_date", "after_published", "visible"}
OUTPUT_FORMAT = {"text", "html", "simple_format", "md", "ansi"}
TOP = {
    "score", "execution_time", "output", "output_format", "test_output_format",
    "test_name_format", "visibility", "stdout_visibility", "extra_data", "tests", "leaderboard",
}  # fmt: skip
TEST = {
    "score", "max_score", "status", "name", "name_format", "number", "output", "output_format",
    "tags", "visibility", "extra_data",
}  # fmt: skip
CANVAS_COMPUTED = re.compile(
    r"(Current|Final|Override|Unposted Current|Unposted Final) (Score|Points|Grade)"
)


def read_gradescope(content: bytes) -> dict[str, Any]:
    """Read results.json: https://gradescope-autograders.readthedocs.io/en/latest/specs/."""
    results = json.loads(content.decode("utf-8"), parse_constant=_no_constant)
    assert set(results) <= TOP, set(results) - TOP
    tests = results.get("tests", [])
    assert "score" in results or all("score" in test for test in tests)
    for scored in (results, *tests):
        for name in {"score", "max_score", "execution_time"} & scored.keys():
            assert isinstance(scored[name], int | float), name
        for name in {"output", "name", "number"} & scored.keys():
            assert isinstance(scored[name], str), name
        assert scored.get("visibility", "visible") in VISIBILITY
        for name in {"output_format", "test_output_format", "name_format"} & scored.keys():
            assert scored[name] in OUTPUT_FORMAT
    for test in tests:
        assert set(test) <= TEST, set(test) - TEST
        assert test.get("status", "passed") in {"passed", "failed"}
    return results


def read_classroom(payload: str) -> dict[str, Any]:
    """Read what the grading reporter decodes and adds up."""
    results = json.loads(base64.b64decode(payload, validate=True).decode("utf-8"))
    assert set(results) == {"version", "status", "max_score", "tests"}
    assert results["status"] in {"pass", "fail", "error"}
    assert results["tests"]  # the reporter divides by their number
    for test in results["tests"]:
        assert set(test) == {"name", "status", "score", "message"}
        assert test["status"] in {"pass", "fail", "error"}
        assert isinstance(test["score"], int | float)
    return results


def read_canvas(content: bytes) -> dict[str, dict[str, str]]:
    """Read a gradebook as Canvas does on upload; return each assignment's grades by student."""
    header, *rows = _rows(content)
    named = header[:1] == ["Student"] or header[:2] == ["LastName", "FirstName"]
    assert named, header
    assert header.index("ID") < header.index("Section")
    assert all(len(row) == len(header) for row in rows), "a line is shorter or longer"
    if any("Manual Posting" in cell for cell in rows[0]):
        rows = rows[1:]
    assert "Points Possible" in rows[0][0]
    most = dict(zip(header, rows[0], strict=True))
    read: dict[str, dict[str, str]] = {}
    for place in range(header.index("Section") + 1, len(header)):
        title = header[place]
        if CANVAS_COMPUTED.search(title) or "read only" in most[title]:
            continue
        if most[title]:
            float(most[title].replace(",", "."))
        read[title] = {row[0]: row[place] for row in rows[1:] if row[0]}
        for grade in read[title].values():
            assert grade in {"", "EX", "N/A"} or float(grade.replace(",", ".")) >= 0
    return read


def read_moodle(content: bytes) -> dict[str, dict[str, str]]:
    """Read a grading worksheet as Moodle does on upload; return its lines by identifier."""
    header, *rows = _rows(content)
    assert {"Identifier", "Grade", "Last modified (grade)"} <= set(header)
    read = {}
    for row in rows:
        assert len(row) == len(header)
        line = dict(zip(header, row, strict=True))
        assert re.fullmatch(r"Participant \d+", line["Identifier"])
        if line["Grade"]:
            assert 0 <= float(line["Grade"]) <= float(line["Maximum Grade"].replace(",", "."))
        assert line["Identifier"] not in read
        read[line["Identifier"]] = line
    return read


def _rows(content: bytes) -> list[list[str]]:
    text = content.decode("utf-8-sig")
    delimiter = ";" if text.split("\n")[0].count(";") > text.split("\n")[0].count(",") else ","
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")

"""What must not stand in any file: this machine's paths, other hosts, large files."""

import re

import pytest

# Put together here, so that this file does not find itself.
FORBIDDEN = {
    "a path of somebody's machine": r"(?<![\w.])/(work|home|Users|opt|root)/[\w.]",
    "a package registry's host": r"(pypi|pythonhosted|npm"
    r"js|download\.pytorch|deb\.debian|registry\.[a-z]+)\.(org|com|net)",
    "a CDN": r"(jsdelivr|unpkg|cdnjs|cloudflare|gstatic|googleapis|cdn\.[\w-]+)\.(net|com|org)",
    "a conflict mark": r"^(<{7}|>{7}) ",
}
GENERATED = {"constraints.txt"}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(texts, what):
    pattern = re.compile(FORBIDDEN[what], re.MULTILINE)
    found = [
        f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}"
        for path, text in texts.items()
        if "vendor" not in path.parts
        for match in pattern.finditer(text)
    ]
    assert found == []


def test_every_file_ends_with_one_line_break_and_no_line_with_white_space(texts):
    wrong = [
        str(path)
        for path, text in texts.items()
        if "vendor" not in path.parts
        and path.suffix in {".py", ".md", ".toml", ".yml", ".css", ".js"}
        if text
        and (not text.endswith("\n") or text.endswith("\n\n") or re.search(r"[ \t]\n", text))
    ]
    assert wrong == []


def test_no_file_is_larger_than_a_megabyte(root, files):
    assert [str(path) for path in files if (root / path).stat().st_size > 2**20] == []


def test_no_output_is_kept_in_a_notebook(texts):
    notebooks = {path: text for path, text in texts.items() if path.suffix == ".ipynb"}
    assert [str(path) for path, text in notebooks.items() if '"output_type"' in text] == []

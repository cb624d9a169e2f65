"""The documents of the Python API: what their snippets print, and that the API page is fresh."""

import re

import mlx_app
from api_page import PAGE, api_page
from python_process import run_python

GUIDE = PAGE.with_name("python.md")


def test_snippets_of_the_guide_print_what_they_show() -> None:
    program = "\n".join(
        re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    )
    expected = re.findall(r"^ *print\(.*\)  # (.*)$", program, re.MULTILINE)
    assert len(expected) > 20
    code, output, errors = run_python(program, start="")
    assert (code, errors) == (0, "")
    assert output.splitlines() == expected


def test_page_of_the_api_is_fresh() -> None:
    command = "To update it, run: python packages/engine/python/tests/engine/api_page.py"
    assert PAGE.read_text("utf-8") == api_page(), command


def test_page_of_the_api_has_each_public_name() -> None:
    headings = re.findall(r"^## (\w+)$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert sorted(headings) == sorted(set(mlx_app.__all__) - {"__version__"})

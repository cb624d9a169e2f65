from itertools import pairwise

import pytest

from mlx_app.decoding.stop_strings import StopStringMatcher

TEXT = "an array framework for array people 👋🏽 ends"


def run(stops: list[str], pieces: list[str]) -> tuple[str, str | None]:
    stop = StopStringMatcher(stops)
    shown = ""
    for piece in pieces:
        text, met = stop.feed(piece)
        shown += text
        if met:
            return shown, met
    return shown + stop.flush(), None


@pytest.mark.parametrize(
    "stops",
    [["ramew"], ["y people", "nothing"], ["a"], ["ends!"], ["👋🏽"], ["🏽"], ["aa", "array p"], []],
)
def test_however_the_text_is_cut_the_result_is_the_same(stops: list[str]) -> None:
    found = [(TEXT.find(stop), stop) for stop in stops if stop in TEXT]
    first_at, met = min(found) if found else (len(TEXT), None)
    expected = (TEXT[:first_at], met)
    for first in range(len(TEXT) + 1):
        for second in range(first, len(TEXT) + 1):
            cuts = [0, first, second, len(TEXT)]
            assert run(stops, [TEXT[a:b] for a, b in pairwise(cuts)]) == expected
    assert run(stops, list(TEXT)) == expected


def test_shows_at_once_what_can_not_be_a_stop_string() -> None:
    stop = StopStringMatcher(["END"])
    assert stop.feed("text E") == ("text ", None)
    assert stop.feed("xE") == ("Ex", None)
    assert stop.feed("ND more") == ("", "END")


def test_an_overlap_of_two_stop_strings_is_cut_at_the_earlier_one() -> None:
    assert run(["bcd", "ab"], ["xabcd"]) == ("x", "ab")


def test_of_two_at_one_place_the_first_given_wins() -> None:
    assert run(["abc", "ab"], ["xabcd"]) == ("x", "abc")
    assert run(["ab", "abc"], ["xabcd"]) == ("x", "ab")

"""Texts that the user gives: as an argument, or as standard input."""

import sys

import typer


def read_text(argument: str, name: str) -> str:
    """Returns a text: an argument, or standard input for `-`.

    Raises typer.BadParameter, whose exit code is 2, if it is empty or not UTF-8.

    Args:
        argument: What the user has given.
        name: The name of the argument in the help, such as `QUESTION`.
    """
    text = check_text(_standard_input(name) if argument == "-" else argument, name)
    if text.strip() == "":
        raise typer.BadParameter("The text is empty.", param_hint=name)
    return text


def check_text(text: str, name: str) -> str:
    """Returns a text. Raises typer.BadParameter if Python could not decode it.

    Python keeps undecodable bytes of arguments, and of standard input in the C locale, as
    surrogates.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _not_utf8("This", name) from error
    return text


def _standard_input(name: str) -> str:
    try:
        return sys.stdin.read().rstrip("\n")
    except UnicodeDecodeError as error:
        raise _not_utf8("Standard input", name) from error


def _not_utf8(subject: str, name: str) -> typer.BadParameter:
    return typer.BadParameter(f"{subject} is not UTF-8 text.", param_hint=name)

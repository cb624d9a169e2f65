"""Numbers as people read them, in the words of the npm package's commands."""

import math
from collections.abc import Sequence

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def format_bytes(count: float) -> str:
    """Returns bytes in decimal units, as the Hugging Face hub does: 1234567 is 1.2 MB."""
    value = float(count)
    unit = 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value /= 1000
        unit += 1
    digits = 1 if unit > 0 and value < 99.95 else 0
    return f"{value:.{digits}f} {_UNITS[unit]}"


def format_duration(seconds: float) -> str:
    """Returns a duration: 83 is 1:23, 3725 is 1:02:05. Seconds are rounded up."""
    whole = math.ceil(seconds)
    if whole >= 86_400:
        return "over a day"
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def format_table(rows: Sequence[Sequence[str]], *, right: int | None = None) -> list[str]:
    """Returns rows as lines with aligned columns. `right` is the column that ends aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if column == right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]

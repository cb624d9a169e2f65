"""The free memory of the machine, without a package for it."""

import os
from pathlib import Path


def free_bytes(root: Path = Path("/")) -> int:
    """Returns the bytes that this process can still take without swapping others out.

    On Linux, this is `MemAvailable` of /proc/meminfo or, if that is less, what the control groups
    of the process have left, since a container sees the whole machine in meminfo. Elsewhere it is
    three quarters of the physical memory, since the standard library knows no more there. `root` is
    the root of the file system. See https://man7.org/linux/man-pages/man5/proc_meminfo.5.
    """
    available = _available(root / "proc/meminfo")
    if available is None:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * 3 // 4
    return max(0, min([available, *_left_in_groups(root)]))


def _available(meminfo: Path) -> int | None:
    try:
        text = meminfo.read_text("ascii")
    except OSError:  # not Linux
        return None
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) * 1024
    return None


def _left_in_groups(root: Path) -> list[int]:
    """Returns the bytes left in each control group with a limit, from the process up to the root.

    Version 2 has memory.max and memory.current, version 1 memory.limit_in_bytes and
    memory.usage_in_bytes (https://docs.kernel.org/admin-guide/cgroup-v2.html and cgroup-v1/memory).
    """
    try:
        lines = (root / "proc/self/cgroup").read_text("utf-8").splitlines()
    except OSError:  # a kernel without control groups
        return []
    left: list[int] = []
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if controllers == "":
            top, names = root / "sys/fs/cgroup", ("memory.max", "memory.current", "")
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_")
            top = root / "sys/fs/cgroup/memory"
        else:
            continue
        folder = top / group.lstrip("/")
        # In a container, the path may name a group that is not visible; its parents still count.
        for place in (folder, *folder.parents):
            found = _left(place, *names)
            if found is not None:
                left.append(found)
            if place == top:
                break
    return left


def _left(folder: Path, most: str, used: str, prefix: str) -> int | None:
    limit = _number(folder / most)
    usage = _number(folder / used)
    if limit is None or usage is None:
        return None
    # When memory is short, the kernel frees pages of files that were not used recently.
    return limit - usage + _inactive_file(folder / "memory.stat", f"{prefix}inactive_file")


def _number(file: Path) -> int | None:
    """Returns the number in a file; None if there is no file, or if it says "max"."""
    try:
        text = file.read_text("ascii").strip()
    except OSError:  # the group is not visible, or has no such file
        return None
    return int(text) if text.isdigit() else None


def _inactive_file(statistics: Path, wanted: str) -> int:
    try:
        lines = statistics.read_text("ascii").splitlines()
    except OSError:  # not known, so nothing counts as free
        return 0
    for line in lines:
        name, _, value = line.partition(" ")
        if name == wanted:
            return int(value)
    return 0


def address_space_left() -> int | None:
    """Returns the bytes that this process may still map (`ulimit -v`); None without a limit.

    MLX's CPU build ends the process when it gets no memory, so the limit must not be reached.
    """
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    statm = Path("/proc/self/statm")
    if limit == resource.RLIM_INFINITY or not statm.is_file():
        return None
    # Linux counts in pages; the first number is all that is mapped (man 5 proc).
    mapped = int(statm.read_text().split()[0]) * resource.getpagesize()
    return max(0, limit - mapped)

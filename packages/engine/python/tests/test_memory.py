"""The memory limit, what a model takes of it, and the error."""

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import mlx.core as mx
import pytest

import mlx_app
from mlx_app.machine_memory import free_bytes
from mlx_app.memory import format_bytes, limit_of, memory_limit, weight_bytes
from mlx_app.models.text_model import TextModel

GIB = 1024**3


def machine(root: Path, files: dict[str, str]) -> Path:
    """A tree of files like Linux's, with 8 GiB available."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/meminfo").write_text(
        f"MemTotal:  {16 * GIB // 1024} kB\nMemAvailable:  {8 * GIB // 1024} kB\n", "ascii"
    )
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n", "ascii")
    return root


def test_a_limit_that_is_asked_for_is_taken() -> None:
    assert memory_limit(123) == 123


@pytest.mark.skipif(mx.default_device().type == mx.DeviceType.gpu, reason="A GPU has its own.")
def test_the_limit_leaves_a_part_of_what_is_free() -> None:
    limit = memory_limit(None)
    total = free_bytes() + mx.get_active_memory() + mx.get_cache_memory()
    # Other processes come and go in between.
    assert limit == pytest.approx(total * 7 / 8, rel=0.2)


@pytest.mark.parametrize(
    ("info", "held", "expected"),
    [
        # Keys by mlx/device.h and mlx/backend/gpu/device_info.h of mlx 0.32.4.
        ({"max_recommended_working_set_size": 5000, "memory_size": 8000}, 100, 5000),
        ({"free_memory": 7000, "total_memory": 80_000}, 1000, 7000),
        ({"total_memory": 8000}, 1000, 7000),
        ({"architecture": "x86_64", "device_name": "a processor"}, 600, 3500),
    ],
)
def test_the_limit_depends_on_what_the_device_reports(
    info: dict[str, str | int], held: int, expected: int
) -> None:
    assert limit_of(info, held, lambda: 3400) == expected


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's.")
def test_this_machine_has_memory() -> None:
    assert 10_000_000 < free_bytes() < 10**14


def test_without_proc_it_is_a_part_of_the_physical_memory(tmp_path: Path) -> None:
    assert 10_000_000 < free_bytes(tmp_path) < 10**14


def test_without_groups_it_is_what_is_available(tmp_path: Path) -> None:
    assert free_bytes(machine(tmp_path, {})) == 8 * GIB


def test_a_container_of_version_2_bounds_it(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/",
        "sys/fs/cgroup/memory.max": str(2 * GIB),
        "sys/fs/cgroup/memory.current": str(GIB),
        "sys/fs/cgroup/memory.stat": "anon 5\nactive_file 7\ninactive_file 4096",
    }
    assert free_bytes(machine(tmp_path, files)) == GIB + 4096


def test_the_tightest_group_around_counts(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/app.slice/app.scope",
        "sys/fs/cgroup/app.slice/app.scope/memory.max": "max",
        "sys/fs/cgroup/app.slice/app.scope/memory.current": "5",
        "sys/fs/cgroup/app.slice/memory.max": str(3 * GIB),
        "sys/fs/cgroup/app.slice/memory.current": "0",
    }
    assert free_bytes(machine(tmp_path, files)) == 3 * GIB


def test_a_group_of_version_1_bounds_it_though_its_own_folder_is_hidden(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "9:name=systemd:/\n4:cpu,memory:/docker/0123\n0::/",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": str(2 * GIB),
        "sys/fs/cgroup/memory/memory.usage_in_bytes": str(GIB),
        "sys/fs/cgroup/memory/memory.stat": "inactive_file 1\ntotal_inactive_file 4096",
    }
    assert free_bytes(machine(tmp_path, files)) == GIB + 4096


def test_a_group_over_its_limit_leaves_nothing(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/",
        "sys/fs/cgroup/memory.max": "1000",
        "sys/fs/cgroup/memory.current": "2000",
    }
    assert free_bytes(machine(tmp_path, files)) == 0


def test_weights_are_counted_before_they_are_read(models: Path, hello: TextModel) -> None:
    assert weight_bytes(models / "hello") == hello.total_bytes


def test_only_the_files_that_are_read_count(tmp_path: Path) -> None:
    def write(name: str, size: int) -> None:
        entry = {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}
        header = json.dumps({"x": entry}).encode("utf-8")
        (tmp_path / name).write_bytes(struct.pack("<Q", len(header)) + header + bytes(size))

    write("adapters.safetensors", 10)
    assert weight_bytes(tmp_path) == 10
    write("0000100_adapters.safetensors", 1000)
    assert weight_bytes(tmp_path) == 10
    write("model-00001-of-00002.safetensors", 300)
    write("model-00002-of-00002.safetensors", 200)
    write("consolidated.safetensors", 5000)
    assert weight_bytes(tmp_path) == 500


@pytest.mark.parametrize("content", [b"", b"abc", b"\xff" * 8 + b"rest"])
def test_a_damaged_file_counts_as_it_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(content)
    assert weight_bytes(tmp_path) == len(content)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (9_994, "9.99 kB"),
        (9_996, "10.0 kB"),
        (99_960, "100 kB"),
        (999_600, "1.00 MB"),
        (1_234_567_890, "1.23 GB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_bytes_are_formatted_for_people(count: int, text: str) -> None:
    assert format_bytes(count) == text


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process has mapped")
def test_a_limit_of_the_address_space_holds_whatever_is_asked() -> None:
    code = (
        "import resource; from mlx_app.machine_memory import address_space_left as left\n"
        "from mlx_app.memory import memory_limit\n"
        "assert left() is None\n"
        "resource.setrlimit(resource.RLIMIT_AS, (8_000_000_000, 8_000_000_000))\n"
        "print(left(), memory_limit(10**12), memory_limit(1000))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(mlx_app.__file__).parents[1])}
    ran = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment
    )
    space, limit, asked = map(int, ran.stdout.split())
    assert 0 < limit < space < 8_000_000_000
    assert asked == 1000

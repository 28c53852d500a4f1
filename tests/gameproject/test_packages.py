"""Packages that are missing and can't be installed are named."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.stack import ROOT

NOBODY = 65534


@pytest.fixture
def programs() -> Iterator[Path]:
    """Links to all programs, for a user who isn't root either."""
    with TemporaryDirectory() as folder:
        path = Path(folder)
        path.chmod(0o755)
        (path / "id").symlink_to(str(shutil.which("id")))
        yield path


def install(programs: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["/bin/sh", "-s", "--", "nginx", "redis-server"],
        input=(ROOT / "deploy/packages").read_text(),
        env={"PATH": str(programs)},
        cwd="/",
        user=NOBODY if os.getuid() == 0 else None,
        capture_output=True,
        text=True,
    )


def test_elsewhere_than_on_debian_it_says_what_to_install(programs: Path) -> None:
    done = install(programs)
    assert done.returncode == 1
    assert "nginx redis-server" in done.stderr
    assert "isn't Debian" in done.stderr


def test_whoever_is_not_root_is_told_what_to_install(programs: Path) -> None:
    (programs / "apt-get").symlink_to("/bin/false")  # exists, but must not run
    done = install(programs)
    assert done.returncode == 1
    assert "nginx redis-server" in done.stderr
    assert "isn't root" in done.stderr
    assert done.stdout == ""

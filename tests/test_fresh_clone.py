"""README's first command in a fresh clone, with nothing installed by hand; its second is what runs this test."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT

from guide import verify


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.skipif(bool(subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True).stdout), reason="the working tree has changes that a clone would not have")
def test_make_in_a_fresh_clone_gives_the_same_bytes(site, tmp_path):
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GUIDE_", "VIRTUAL_ENV", "SOURCE_DATE"))}
    environment["PATH"] = os.pathsep.join(part for part in environment["PATH"].split(os.pathsep) if not part.startswith(str(ROOT)))
    done = subprocess.run(["make"], cwd=clone, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "field-guide.pdf" in done.stdout and "verification" in done.stdout
    ours = {path.relative_to(site): digest(path) for path in site.rglob("*") if path.is_file()}
    theirs = {path.relative_to(clone / "site"): digest(path) for path in (clone / "site").rglob("*") if path.is_file()}
    assert sorted(str(name) for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)) == []
    assert (clone / "site" / verify.BOOK).exists()
    status = subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True).stdout
    assert status == "", "the build leaves files that git does not ignore"
    shutil.rmtree(clone)

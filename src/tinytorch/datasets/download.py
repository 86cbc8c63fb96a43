"""Verified downloads: a published file arrives whole and unchanged, or not at all.

A transfer writes to NAME.part and goes on where it broke off. The file gets its name only after its
SHA-256 was found right, so what stands under its name is complete. Mirrors are tried in order, and
need not be trusted: the digest decides. One process at a time works in a folder.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.client
import os
import sys
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple, cast

__all__ = [
    "Check", "Collection", "DataError", "NetworkError", "RemoteFile", "content", "data_root",
    "download", "locked", "sha256_of",
]  # fmt: skip

Progress = Callable[[int, int], None]  # (bytes done, bytes in total)
BLOCK = 1 << 18  # bytes read at a time


class DataError(RuntimeError):
    """Data that is missing, damaged, or not what it should be."""


class NetworkError(RuntimeError):
    """A file that no server could deliver."""


class RemoteFile(NamedTuple):
    """A published file: its name, its bytes, and where it can be got.

    `content_sha256` is the digest of what a gzip file holds, so that a local copy is recognised
    uncompressed, or compressed by another program, as well.
    """

    name: str
    size: int  # bytes
    sha256: str
    urls: tuple[str, ...]
    content_size: int = 0  # bytes, uncompressed
    content_sha256: str = ""


class Check(NamedTuple):
    """What `verify` found out about one file.

    `status` is "ok", "missing", "different" (not the published bytes), or "unchecked" (no digest of
    this form was published).
    """

    name: str
    status: str
    path: Path | None = None


def data_root(root: str | os.PathLike | None = None) -> Path:
    """The folder below which data sets lie: `root`, else $TINYTORCH_DATA, else the user's cache.

    >>> data_root("sets").as_posix()
    'sets'
    """
    if root is not None:
        return Path(root).expanduser()
    if named := os.environ.get("TINYTORCH_DATA"):
        return Path(named).expanduser()
    cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not cache.is_absolute():  # unset, or against the specification
        if sys.platform == "win32":
            cache = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        else:
            cache = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return cache / "tinytorch"


# ------------------------------------------------------------------------------ one at a time

if sys.platform == "win32":
    import msvcrt

    def try_lock(file: IO) -> bool:
        """Lock the first byte of `file` if nobody else holds it; closing the file lets go."""
        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def try_lock(file: IO) -> bool:
        """Lock `file` if nobody else holds it; closing the file lets go."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextlib.contextmanager
def locked(folder: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Within the block, no other process or thread is in such a block for `folder`.

    The lock belongs to the open file `.lock`, and the system takes it back when a process ends, in
    whatever way. So there are no stale locks, and the empty file that stays behind locks nothing.

    Args:
        waiting: called ten times a second while another process is at work.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "ab") as file:
        while not try_lock(file):
            waiting()
            time.sleep(0.1)
        yield


# ------------------------------------------------------------------------------- the transfer


def download(
    file: RemoteFile, folder: Path, progress: Progress | None = None, timeout: float = 30.0
) -> Path:
    """Bring `file` into `folder`, verified, and return its path.

    Mirrors are tried in order. One that broke off is asked for the rest, as long as that gains
    something. The caller holds the folder's lock.

    Args:
        progress: called with (bytes done, bytes in total).
        timeout: seconds without a byte after which a server is given up.
    Raises: NetworkError when a server refused or broke off and no other delivered, DataError when
        all delivered other bytes than the published ones.
    """
    part, report = folder / f"{file.name}.part", progress or no_report
    failures: list[str] = []
    kind: type[RuntimeError] = DataError
    for url in file.urls:
        while True:
            before = size_of(part)
            try:
                transfer(url, part, file.size, report, timeout)
                if (found := sha256_of(part)) != file.sha256:
                    raise DataError(f"got bytes of SHA-256 {found}, expected {file.sha256}")
                return part.replace(folder / file.name)
            except NetworkError as error:
                kind = NetworkError
                failures.append(f"  {url}: {error}")
                if size_of(part) <= before:
                    break
            except DataError as error:
                failures.append(f"  {url}: {error}")
                part.unlink()
                if not before:  # wrong from its first byte on
                    break
    raise kind("\n".join([f"could not download {file.name}:", *failures]))


def transfer(url: str, part: Path, size: int, report: Progress, timeout: float) -> None:
    """Append to `part` what it lacks of the `size` bytes at `url`.

    Raises: NetworkError when the server refuses or breaks off, DataError for a byte too many.
    """
    done = size_of(part)
    if done == size:
        return
    if done > size:
        raise DataError(f"there were {done:,} bytes already, expected {size:,}")
    headers = {"User-Agent": "tinytorch", **({"Range": f"bytes={done}-"} if done else {})}
    with network_errors():
        response = urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=timeout
        )
    with response:
        if not (response.headers.get("Content-Range") or "").startswith(f"bytes {done}-"):
            done = 0  # the server sends it from the start
        with open(part, "ab" if done else "wb") as out:
            while block := read_block(response):
                done += len(block)
                if done > size:
                    raise DataError(f"got more than the {size:,} bytes of the published file")
                out.write(block)
                report(done, size)
            out.flush()
            os.fsync(out.fileno())
    if done < size:
        raise NetworkError(f"the transfer broke off after {done:,} of {size:,} bytes")


def read_block(response: IO[bytes]) -> bytes:
    """The next bytes of `response`, empty at its end."""
    with network_errors():
        return response.read(BLOCK)


@contextlib.contextmanager
def network_errors() -> Iterator[None]:
    """Turn what urllib raises into a NetworkError that says why in a few words."""
    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()  # it is the response, too
        raise NetworkError(f"the server answered {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise NetworkError(str(error.reason)) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NetworkError(str(error) or type(error).__name__) from error


def no_report(done: int, total: int) -> None:
    """The progress of those who do not want to know."""


def advance(report: Progress, before: int, total: int, done: int, _: int) -> None:
    """Report the bytes of one file as part of those of all files."""
    report(before + done, total)


def size_of(path: Path) -> int:
    """The bytes of the file at `path`, 0 where there is none."""
    return path.stat().st_size if path.exists() else 0


# ---------------------------------------------------------------------------- what was brought


@contextlib.contextmanager
def content(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of the file at `path`, uncompressed where it is a gzip file, by whatever name.

    Raises: DataError for a damaged gzip file.
    """
    with open(path, "rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        try:
            if compressed:
                with gzip.open(file) as stream:
                    yield cast(IO[bytes], stream)
            else:
                yield file
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DataError(
                f"{path} is damaged ({error}). Delete it, and fetch the data again."
            ) from error


def sha256_of(path: Path) -> str:
    """The SHA-256 of the file at `path`."""
    with open(path, "rb") as file:
        return sha256_of_stream(file, size_of(path))


def sha256_of_stream(stream: IO[bytes], limit: int) -> str:
    """The SHA-256 of `stream`, or a text that says so if it has more than `limit` bytes."""
    digest = hashlib.sha256()
    while block := stream.read(BLOCK):
        digest.update(block)
        if stream.tell() > limit:
            return f"more than {limit:,} bytes"
    return digest.hexdigest()


@dataclass(frozen=True)
class Collection:
    """A published data set: its files, whence they come, and where they lie below a root.

    Args:
        name: as in `tito data fetch NAME`.
        folders: below the root; downloads go to the first, and files are found in all of them.
        licence, source: what a user must know, in a sentence each.
    """

    name: str
    title: str
    folders: tuple[str, ...]
    files: tuple[RemoteFile, ...]
    licence: str
    source: str

    @property
    def size(self) -> int:
        """The bytes of a download."""
        return sum(file.size for file in self.files)

    def folder(self, root: str | os.PathLike | None = None) -> Path:
        """Where downloads go."""
        return data_root(root) / self.folders[0]

    def find(self, name: str, root: str | os.PathLike | None = None) -> Path | None:
        """The local file `name`, as it was published or uncompressed; None where there is none."""
        for folder in self.folders:
            for candidate in (name, name.removesuffix(".gz")):
                path = data_root(root) / folder / candidate
                if path.is_file():
                    return path
        return None

    def missing(self, root: str | os.PathLike | None = None) -> Sequence[RemoteFile]:
        """The files that are not there."""
        return [file for file in self.files if self.find(file.name, root) is None]

    def fetch(
        self, root: str | os.PathLike | None = None, progress: Progress | None = None
    ) -> Path:
        """Download what is missing, one process at a time; returns the folder.

        Args:
            progress: called with (bytes done, bytes in total), also while another process is at it.
        Raises: as `download`, and the message names the files, their addresses and the folder;
            OSError when the folder cannot be written to.
        """
        missing, folder, report = self.missing(root), self.folder(root), progress or no_report
        if not missing:
            return folder
        total = sum(file.size for file in missing)

        def arrived() -> int:
            parts = [folder / f"{file.name}{end}" for file in missing for end in ("", ".part")]
            return min(total, sum(map(size_of, parts)))

        try:
            with locked(folder, waiting=lambda: report(arrived(), total)):
                missing = self.missing(root)  # another process may have been at work
                done = total - sum(file.size for file in missing)
                for file in missing:
                    download(file, folder, partial(advance, report, done, total))
                    done += file.size
                self.unpack(folder)
        except (NetworkError, DataError) as error:
            raise type(error)(f"{error}\n{self.by_hand(root)}") from error
        except OSError as error:
            raise OSError(
                error.errno,
                f"cannot write to {folder}: {error.strerror}. {self.name} needs {total:,} bytes: "
                "make room, or name another folder in TINYTORCH_DATA",
            ) from error
        return folder

    def unpack(self, folder: Path) -> None:
        """What is to be done with the files once they are there: nothing."""

    def verify(self, root: str | os.PathLike | None = None) -> list[Check]:
        """For each file, whether it is there and holds the published bytes."""
        return [self.check(file, self.find(file.name, root)) for file in self.files]

    def check(self, file: RemoteFile, path: Path | None) -> Check:
        """Whether the local copy at `path` holds the bytes of `file`."""
        if path is None:
            return Check(file.name, "missing")
        if file.content_sha256:
            try:
                with content(path) as stream:
                    found = sha256_of_stream(stream, file.content_size)
            except DataError:
                found = "damaged"
            right = found == file.content_sha256
        elif path.name == file.name:
            right = sha256_of(path) == file.sha256
        else:
            return Check(file.name, "unchecked", path)
        return Check(file.name, "ok" if right else "different", path)

    def by_hand(self, root: str | os.PathLike | None = None) -> str:
        """How to get the missing files without this program: their names, addresses and folder."""
        files = [
            f"  {file.name} ({file.size:,} bytes) from {file.urls[0]}"
            for file in self.missing(root)
        ]
        return "\n".join(
            [
                f"Without a network here, put these files into {self.folder(root)}:",
                *files,
                f"or name a folder that has {self.folders[0]}/ in it: TINYTORCH_DATA=FOLDER.",
            ]
        )

    def require(
        self,
        names: Sequence[str],
        root: str | os.PathLike | None = None,
        download: bool = False,
        progress: Progress | None = None,
    ) -> list[Path]:
        """The local files `names`; what is missing is fetched if `download` says so.

        Raises: DataError for a missing file, with all ways to get it; as `fetch` otherwise.
        """
        if download and not all(self.find(name, root) for name in names):
            self.fetch(root, progress)
        found = [self.find(name, root) for name in names]
        if None not in found:
            return cast(list[Path], found)
        raise DataError(
            f"{self.name} is not complete in {data_root(root)}. Get it with download=True or with "
            f"`tito data fetch {self.name}` ({self.size:,} bytes).\n{self.by_hand(root)}"
        )

"""Downloads are verified, resumed, bounded, and done by one process at a time."""

import gzip
import hashlib
import importlib.util
import io
import os
import subprocess
import sys
import threading
import types
from pathlib import Path

import pytest

from tinytorch.datasets import DATASETS, download
from tinytorch.datasets.download import (
    Collection,
    DataError,
    NetworkError,
    RemoteFile,
    data_root,
    locked,
)
from tinytorch.datasets.embedded import EmbeddedCollection

DATA = bytes(range(256)) * 4000  # about a megabyte


def collection(*files):
    return Collection("example", "An example", ("example",), files, "none", "this test")


def test_a_file_arrives_whole_and_reports_its_progress(server, tmp_path):
    seen = []
    example = collection(server.publish("a.bin", DATA), server.publish("b.bin", b"short"))
    folder = example.fetch(tmp_path, lambda done, total: seen.append((done, total)))
    assert (folder / "a.bin").read_bytes() == DATA
    assert (folder / "b.bin").read_bytes() == b"short"
    assert seen[-1] == (len(DATA) + 5, len(DATA) + 5)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "a.bin", "b.bin"]


def test_what_is_there_is_not_downloaded_again(server, tmp_path):
    example = collection(server.publish("a.bin", DATA))
    example.fetch(tmp_path)
    example.fetch(tmp_path)
    assert len(server.requests) == 1


def test_a_broken_transfer_goes_on_where_it_stopped(server, tmp_path):
    server.break_after = 300_000
    folder = collection(server.publish("a.bin", DATA)).fetch(tmp_path)
    assert (folder / "a.bin").read_bytes() == DATA
    (_, first), (_, second) = server.requests
    assert first is None
    assert second == "bytes=300000-"


def test_a_later_run_goes_on_where_an_earlier_one_was_stopped(server, tmp_path):
    example = collection(server.publish("a.bin", DATA))

    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        example.fetch(tmp_path, interrupt)
    kept = (tmp_path / "example" / "a.bin.part").stat().st_size
    assert 0 < kept < len(DATA)
    folder = example.fetch(tmp_path)
    assert server.requests[1] == ("a.bin", f"bytes={kept}-")
    assert (folder / "a.bin").read_bytes() == DATA


def test_a_server_without_ranges_sends_it_all_again(server, tmp_path):
    server.ranges = False
    server.break_after = 300_000
    folder = collection(server.publish("a.bin", DATA)).fetch(tmp_path)
    assert (folder / "a.bin").read_bytes() == DATA
    assert len(server.requests) == 2


@pytest.mark.parametrize("left", [b"something else", DATA + b"too much", b"x" * len(DATA)])
def test_the_rest_of_something_else_is_thrown_away(server, tmp_path, left):
    example = collection(server.publish("a.bin", DATA))
    (tmp_path / "example").mkdir()
    (tmp_path / "example" / "a.bin.part").write_bytes(left)
    assert (example.fetch(tmp_path) / "a.bin").read_bytes() == DATA


def test_other_bytes_are_removed_and_the_next_mirror_is_tried(server, tmp_path):
    server.files["bad"] = b"?" * len(DATA)
    file = server.publish("a.bin", DATA, "bad", "missing", "good")
    del server.files["missing"]
    folder = collection(file).fetch(tmp_path)
    assert (folder / "a.bin").read_bytes() == DATA
    assert [path for path, _ in server.requests] == ["bad", "missing", "good"]


def test_when_all_mirrors_have_other_bytes_it_is_the_data_that_is_wrong(server, tmp_path):
    server.files["bad"] = b"?" * len(DATA)
    with pytest.raises(DataError, match=hashlib.sha256(DATA).hexdigest()):
        collection(server.publish("a.bin", DATA, "bad")).fetch(tmp_path)
    assert [path.name for path in (tmp_path / "example").iterdir()] == [".lock"]


def test_a_download_ends_at_the_published_size(server, tmp_path):
    server.endless = True
    seen = []
    with pytest.raises(DataError, match="more than the 1,024,000 bytes"):
        collection(server.publish("a.bin", DATA)).fetch(tmp_path, lambda done, _: seen.append(done))
    assert max(seen) <= len(DATA)
    assert not (tmp_path / "example" / "a.bin.part").exists()


def test_without_a_network_the_message_names_files_addresses_and_folder(tmp_path):
    url = "http://127.0.0.1:1/a.bin"  # nobody listens there
    example = collection(RemoteFile("a.bin", 1234, "0" * 64, (url,)))
    with pytest.raises(NetworkError) as caught:
        example.fetch(tmp_path)
    message = str(caught.value)
    assert f"{url}: " in message
    assert "refused" in message
    assert f"put these files into {tmp_path / 'example'}" in message
    assert f"a.bin (1,234 bytes) from {url}" in message
    assert "TINYTORCH_DATA" in message


def test_a_server_that_falls_silent_is_given_up(server, tmp_path):
    server.pause = 5
    with pytest.raises(NetworkError, match="timed out"):
        download.download(server.publish("a.bin", DATA), tmp_path, timeout=0.05)


def test_missing_data_says_all_ways_to_get_it(tmp_path):
    for name, dataset in DATASETS.items():
        if isinstance(dataset, EmbeddedCollection):
            continue
        with pytest.raises(DataError) as caught:
            dataset.require([dataset.files[0].name], tmp_path)
        message = str(caught.value)
        assert f"`tito data fetch {name}`" in message
        assert "download=True" in message
        assert str(tmp_path / dataset.folders[0]) in message
        for file in dataset.files:
            assert file.name in message
            assert file.urls[0] in message


def test_a_folder_that_cannot_be_made_is_an_error_of_the_system(server, tmp_path):
    (tmp_path / "example").write_text("a file, where the folder should be")
    with pytest.raises(OSError, match=r"cannot write to .*example: .*TINYTORCH_DATA"):
        collection(server.publish("a.bin", DATA)).fetch(tmp_path)


# ------------------------------------------------------------------------------ one at a time

FETCH = """
import sys
from tinytorch.datasets.download import Collection, RemoteFile
url, size, sha256, root = sys.argv[1:]
file = RemoteFile("a.bin", int(size), sha256, (url,))
print(Collection("example", "", ("example",), (file,), "", "").fetch(root))
"""

HOLD = """
import sys, time
from pathlib import Path
from tinytorch.datasets.download import locked
with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(60)
"""


def start(code, *arguments):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_processes_at_once_download_once(server, tmp_path):
    server.pause = 0.5
    file = server.publish("a.bin", DATA)
    arguments = (file.urls[0], file.size, file.sha256, tmp_path)
    both = [start(FETCH, *arguments) for _ in range(2)]
    assert [process.communicate(timeout=60)[0].strip() for process in both] == [
        str(tmp_path / "example")
    ] * 2
    assert (tmp_path / "example" / "a.bin").read_bytes() == DATA
    assert len(server.requests) == 1


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    process = start(HOLD, tmp_path)
    assert process.stdout.readline() == "locked\n"
    waits = []

    def give_up_waiting():
        waits.append(1)
        process.kill()

    with locked(tmp_path, waiting=give_up_waiting):
        assert waits  # it was held until then
    process.communicate(timeout=60)


def test_two_threads_are_never_in_the_block_together(tmp_path):
    inside, most = [], []

    def work():
        with locked(tmp_path):
            inside.append(1)
            threading.Event().wait(0.02)
            most.append(len(inside))
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1]


def test_on_windows_the_module_locks_without_fcntl(monkeypatch, tmp_path):
    held = []

    def locking(descriptor, mode, length):
        if len(held) > 1:
            raise OSError("held by another process")
        held.append(length)

    msvcrt = types.SimpleNamespace(LK_NBLCK=2, locking=locking)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", msvcrt)
    spec = importlib.util.spec_from_file_location("download_on_windows", download.__file__)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    with module.locked(tmp_path), open(tmp_path / ".lock", "ab") as file:
        assert module.try_lock(file)
        assert not module.try_lock(file)
    assert held == [1, 1]


# ---------------------------------------------------------------------------- what was brought


def test_verifying_tells_published_from_other_and_missing_bytes(tmp_path):
    def gz(name, data):
        packed = gzip.compress(data)
        return RemoteFile(
            name, len(packed), hashlib.sha256(packed).hexdigest(), (), len(data), sha(data)
        )

    def sha(data):
        return hashlib.sha256(data).hexdigest()

    names = ["as published.gz", "other compressor.gz", "uncompressed.gz", "other.gz", "long.gz"]
    names += ["damaged.gz", "missing.gz"]
    example = collection(*(gz(name, DATA) for name in names))
    folder = tmp_path / "example"
    folder.mkdir()
    (folder / "as published.gz").write_bytes(gzip.compress(DATA))
    (folder / "other compressor.gz").write_bytes(gzip.compress(DATA, 1))
    (folder / "uncompressed").write_bytes(DATA)
    (folder / "other.gz").write_bytes(gzip.compress(DATA[::-1]))
    (folder / "long.gz").write_bytes(gzip.compress(DATA * 20))
    (folder / "damaged.gz").write_bytes(gzip.compress(DATA)[:-20])
    statuses = [check.status for check in example.verify(tmp_path)]
    assert statuses == ["ok", "ok", "ok", "different", "different", "different", "missing"]


def test_no_more_is_unpacked_than_was_published(tmp_path):
    class Endless(io.RawIOBase):
        def readinto(self, buffer):
            self.position = self.tell() + len(buffer)
            return len(buffer)

        def tell(self):
            return getattr(self, "position", 0)

    assert download.sha256_of_stream(Endless(), 1_000_000) == "more than 1,000,000 bytes"


def test_a_form_without_a_published_digest_is_called_unchecked(tmp_path):
    example = collection(RemoteFile("a.gz", 10, "0" * 64, ()))
    (tmp_path / "example").mkdir()
    (tmp_path / "example" / "a").write_bytes(DATA)
    assert [check.status for check in example.verify(tmp_path)] == ["unchecked"]


def test_the_root_is_the_argument_then_the_variable_then_the_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("TINYTORCH_DATA", str(tmp_path / "named"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert data_root(tmp_path / "given") == tmp_path / "given"
    assert data_root() == tmp_path / "named"
    assert data_root("~/sets") == Path.home() / "sets"
    monkeypatch.setenv("TINYTORCH_DATA", "")
    assert data_root() == tmp_path / "cache" / "tinytorch"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # against the specification: not followed
    monkeypatch.setattr(sys, "platform", "linux")
    assert data_root() == Path.home() / ".cache" / "tinytorch"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert data_root() == Path.home() / "Library" / "Caches" / "tinytorch"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert data_root() == tmp_path / "local" / "tinytorch"


def test_every_published_file_has_a_digest_a_size_and_an_address():
    for name, dataset in DATASETS.items():
        assert dataset.name == name
        assert dataset.licence
        assert dataset.source
        assert dataset.size == sum(file.size for file in dataset.files) > 0
        for file in dataset.files:
            assert len(bytes.fromhex(file.sha256)) == 32
            assert file.urls or isinstance(dataset, EmbeddedCollection)
            assert len(set(file.urls)) == len(file.urls)

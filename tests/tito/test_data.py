"""Datasets from a server on this machine: fetched with progress, verified, told in words."""

import hashlib
import http.server
import json
import threading

import pytest

import tinytorch.datasets
from tinytorch.datasets.download import Collection, RemoteFile
from tito.__main__ import main

CONTENT = {"images.bin": bytes(range(256)) * 4096, "labels.bin": b"0123456789"}


@pytest.fixture
def server(monkeypatch):
    """Serves CONTENT; yields the content, which a test may change, and the address."""
    content = dict(CONTENT)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = content.get(self.path[1:])
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *arguments):
            pass

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield content, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def toy(server, monkeypatch):
    """A dataset of two files on the server, the only one that there is."""
    files = tuple(
        RemoteFile(name, len(body), hashlib.sha256(body).hexdigest(), (f"{server[1]}/{name}",))
        for name, body in CONTENT.items()
    )
    collection = Collection("toy", "A toy", ("toy",), files, "Public domain [0]", "Made up here")
    monkeypatch.setattr(tinytorch.datasets, "DATASETS", {"toy": collection})
    return collection


def test_fetch_downloads_verifies_and_names_the_licence(here, toy, capsys):
    assert main(["data", "fetch", "toy"]) == 0
    shown = capsys.readouterr().out
    assert "Public domain [0]" in shown
    assert "fetching toy  100 %" in shown
    assert "MB 1.0 of 1.0" in shown
    assert (here / "data/toy/images.bin").read_bytes() == CONTENT["images.bin"]


def test_fetch_answers_in_json(here, toy, capsys):
    assert main(["data", "fetch", "TOY", "--json", "--data", "elsewhere"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["sound"]
    assert answer["folder"] == "elsewhere/toy"
    assert [file["status"] for file in answer["files"]] == ["ok", "ok"]


def test_fetching_twice_downloads_once(here, toy, server, capsys):
    assert main(["data", "fetch", "toy"]) == 0
    server[0].clear()
    assert main(["data", "fetch", "toy"]) == 0


def test_other_bytes_than_published_exit_with_4(here, toy, server, capsys):
    server[0]["labels.bin"] = b"9876543210"
    assert main(["data", "fetch", "toy"]) == 4
    assert "SHA-256" in capsys.readouterr().err
    assert not (here / "data/toy/labels.bin").exists()


def test_a_file_that_the_server_lacks_exits_with_5(here, toy, server, capsys):
    del server[0]["labels.bin"]
    assert main(["data", "fetch", "toy"]) == 5
    assert "404" in capsys.readouterr().err


def test_fetch_does_not_trust_a_local_file_that_was_changed(here, toy, capsys):
    main(["data", "fetch", "toy"])
    (here / "data/toy/labels.bin").write_bytes(b"changed")
    assert main(["data", "fetch", "toy"]) == 4
    assert "labels.bin" in capsys.readouterr().err


def test_verify_passes_over_what_is_not_here_unless_it_was_named(here, toy, capsys):
    assert main(["data", "verify"]) == 0
    assert main(["data", "verify", "toy"]) == 4
    assert "tito data fetch" in capsys.readouterr().out


def test_list_says_what_is_here(here, toy, capsys):
    def state():
        main(["data", "list", "--json"])
        return json.loads(capsys.readouterr().out)["datasets"][0]["state"]

    assert state() == "not here"
    main(["data", "fetch", "toy"])
    capsys.readouterr()
    assert state() == "here"
    (here / "data/toy/labels.bin").unlink()
    assert state() == "1 of 2 files missing"


def test_a_full_run_fetches_its_data_first(here, toy, add_milestone, capsys):
    look = "from pathlib import Path; assert Path('data/toy/images.bin').exists() == stage.full"
    add_milestone(2001, "hungry", data=["toy"], extra=look)
    assert main(["milestone", "run", "hungry"]) == 0
    assert main(["milestone", "run", "hungry", "--full"]) == 0
    assert "fetching toy" in capsys.readouterr().out

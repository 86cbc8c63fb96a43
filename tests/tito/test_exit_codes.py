"""Each exit code, provoked in a process of its own, with the words that go with it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

WAITS = "import time; print('waiting', flush=True); time.sleep(30)"
REFUSED = "http://127.0.0.1:9"  # the discard port: nobody listens


def test_a_reached_target_exits_with_0(command, tmp_path):
    done = command("milestone", "run", "1958")
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads((tmp_path / "tinytorch-runs/1958_perceptron/result.json").read_text())
    assert result["passed"]


def test_a_missed_target_exits_with_1_and_says_by_how_much(command, tmp_path):
    done = command("milestone", "run", "1969")
    assert done.returncode == 1
    assert "Missed: accuracy is 20 % too low (target: at least 95 %)." in done.stdout
    result = json.loads((tmp_path / "tinytorch-runs/1969_xor/result.json").read_text())
    assert not result["passed"]
    assert result["targets"][0]["reached"] is False


def test_an_exception_exits_with_1_and_names_the_last_line_of_user_code(command, tmp_path):
    done = command("milestone", "run", "1986")
    assert done.returncode == 1
    assert "stopped: ValueError: shapes (3, 4) and (5, 2)" in done.stderr
    assert "1986_mlp" in done.stderr
    assert "in run: raise ValueError('shapes (3, 4) and (5, 2)')" in done.stderr
    assert "Traceback" not in done.stderr
    result = json.loads((tmp_path / "tinytorch-runs/1986_mlp/result.json").read_text())
    assert not result["passed"]
    assert "ValueError" in result["error"]


def test_debug_shows_the_traceback(command):
    done = command("milestone", "run", "1986", "--debug")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


@pytest.mark.parametrize("statement", ["raise SystemExit(0)", "import sys; sys.exit()"])
def test_code_that_exits_by_itself_is_a_failure(command, add_milestone, statement):
    add_milestone(2001, "quitter", extra=statement)
    assert command("milestone", "run", "quitter").returncode == 1


def test_a_milestone_without_targets_has_not_passed(command, add_milestone):
    add_milestone(2001, "aimless", program="def run(stage):\n    pass\n")
    done = command("milestone", "run", "aimless")
    assert done.returncode == 1
    assert "declared no target" in done.stdout


def test_an_unknown_command_exits_with_2_and_a_suggestion(command):
    done = command("milestnoe")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Did you mean: tito milestone" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["milestone", "run", "percetron"], "Did you mean 'perceptron'?"),
        (["milestone", "run", "19"], "fits several milestones"),
        (["milestone", "run"], "Missing argument 'NAME'"),
        (["milestone"], "Missing command"),
        (["milestone", "list", "--wrong"], "--wrong"),
        (["demo", "--seed", "-1"], "--seed"),
        (["data", "fetch", "minst"], "Did you mean 'mnist'?"),
        (["milestone", "run", "1958", "--full", "--epochs", "0"], "--epochs"),
        (["milestone", "run", "1958", "--epochs", "3"], "has no use for --epochs"),
        (["milestone", "run", "1958", "--full", "--epochs", "3"], "has no use for --epochs"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_what_to_write(command, arguments, words):
    done = command(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert " Do: " in done.stderr


def test_a_result_folder_that_cannot_be_made_exits_with_3_before_the_run(command, tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = command("milestone", "run", "1958", "--out", "file/below")
    assert done.returncode == 3
    assert "--out DIR" in done.stderr
    assert "training" not in done.stdout


@pytest.mark.parametrize("content", ["", "{", "[]", '{"year": 1}', '{"needs": 3, "data": []}'])
def test_a_broken_milestone_exits_with_3_and_names_its_file(command, milestones, content):
    (milestones / "1958_perceptron/milestone.json").write_text(content)
    done = command("milestone", "list")
    assert done.returncode == 3
    assert "1958_perceptron" in done.stderr


def test_no_milestones_at_all_exits_with_3(command, tmp_path):
    done = command("milestone", "list", TITO_MILESTONES=str(tmp_path / "nowhere"))
    assert done.returncode == 3
    assert "nowhere" in done.stderr


def test_modules_that_nobody_wrote_yet_exit_with_3_by_name(command, add_milestone):
    add_milestone(2030, "future", needs=[1, 20])
    done = command("milestone", "run", "future")
    assert done.returncode == 3
    assert "olympics" in done.stderr


def test_a_missing_package_exits_with_3_and_the_command_that_installs_it(tmp_path, environment):
    program = (
        "import sys; sys.modules['rich'] = None; from tito.__main__ import *; sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "milestone", "list"],
        env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 3
    assert "pip install" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "arguments", [["--help"], ["milestone", "list"], ["data", "list", "--json"]]
)
def test_a_full_disk_behind_standard_output_exits_with_3(command, arguments):
    with open("/dev/full", "w") as full:
        done = command(*arguments, stdout=full)
    assert done.returncode == 3
    assert "No space left" in done.stderr
    assert "Exception ignored" not in done.stderr


def test_damaged_data_exits_with_4(command, tmp_path):
    folder = tmp_path / "data/mnist"
    folder.mkdir(parents=True)
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(b"\x1f\x8bnot what was published")
    done = command("data", "verify", "mnist", TINYTORCH_DATA=str(tmp_path / "data"))
    assert done.returncode == 4
    assert "different  mnist    train-labels-idx1-ubyte.gz" in done.stdout
    assert "missing    mnist    train-images-idx3-ubyte.gz" in done.stdout


def test_damaged_data_within_a_milestone_exits_with_4(command, add_milestone):
    statement = "from tinytorch.datasets import DataError; raise DataError('labels: 12 bytes')"
    add_milestone(2001, "hungry", extra=statement)
    done = command("milestone", "run", "hungry")
    assert done.returncode == 4
    assert "Failed: labels: 12 bytes" in done.stderr


def test_a_refused_connection_exits_with_5_and_names_files_and_folder(command, tmp_path):
    done = command("data", "fetch", "mnist", https_proxy=REFUSED, http_proxy=REFUSED)
    assert done.returncode == 5
    assert "refused" in done.stderr
    assert "t10k-labels-idx1-ubyte.gz" in done.stderr
    assert str(tmp_path / "cache") in done.stderr


def test_a_full_run_without_its_data_and_network_exits_with_5(command, add_milestone):
    add_milestone(2001, "hungry", data=["mnist"])
    assert command("milestone", "run", "hungry").returncode == 0
    done = command("milestone", "run", "hungry", "--full", https_proxy=REFUSED, http_proxy=REFUSED)
    assert done.returncode == 5


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_exits_with_130_in_one_line_and_leaves_nothing_behind(
    add_milestone, environment, tmp_path
):
    add_milestone(2001, "waiter", extra=WAITS)
    process = subprocess.Popen(
        [sys.executable, "-m", "tito", "milestone", "run", "waiter"],
        cwd=tmp_path, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    try:
        for line in process.stdout:
            if line.startswith("waiting"):
                break
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130
    assert len(errors.splitlines()) == 1
    assert "Stopped" in errors
    assert list((tmp_path / "tinytorch-runs/2001_waiter").iterdir()) == []


RESUMABLE = """
def run(stage):
    import time
    from pathlib import Path
    from tinytorch import nn, ones, optim
    from tinytorch.core.training import Callback, Trainer

    class Told(Callback):
        def on_epoch_begin(self, trainer):
            print("epoch", trainer.epoch + 1, flush=True)
            if trainer.epoch == 2 and not Path("waited").exists():
                Path("waited").touch()
                print("waiting", flush=True)
                time.sleep(30)

    model = nn.Linear(1, 1)
    trainer = Trainer(
        model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1), callbacks=[Told()],
        checkpoint=stage.checkpoint(f"line-{{stage.epochs}}-epochs"),
    )
    trainer.fit([(ones(4, 1), 2 * ones(4, 1))], stage.epochs, resume=True)
    stage.target("accuracy", {accuracy}, at_least=95)
    {extra}
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_the_same_command_goes_on_after_the_last_whole_epoch(
    add_milestone, command, environment, tmp_path
):
    add_milestone(2001, "long", program=RESUMABLE, epochs=4)
    process = subprocess.Popen(
        [sys.executable, "-m", "tito", "milestone", "run", "long", "--full", "--epochs", "5"],
        cwd=tmp_path, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    try:
        shown = []
        for line in process.stdout:
            shown.append(line.strip())
            if line.startswith("waiting"):
                break
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Ctrl-C stops it; the same command goes on after the last whole epoch." in shown
    assert shown[-4:] == ["epoch 1", "epoch 2", "epoch 3", "waiting"]
    done = command("milestone", "run", "long", "--full", "--epochs", "5")
    lines = done.stdout.splitlines()
    assert "Going on after the last whole epoch of the run that was stopped." in lines
    assert [line for line in lines if line.startswith("epoch")] == ["epoch 3", "epoch 4", "epoch 5"]
    folder = tmp_path / "tinytorch-runs/2001_long"
    assert [file.name for file in folder.iterdir()] == ["result.json"]
    assert json.loads((folder / "result.json").read_text())["epochs"] == 5


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX pipes")
@pytest.mark.parametrize("arguments", ["milestone list", "--help", "milestone run 1958"])
def test_a_reader_who_leaves_ends_the_command_without_a_word(environment, tmp_path, arguments):
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [sys.executable, "-m", "tito", *arguments.split()],
        cwd=tmp_path, env=environment, stdout=writer, stderr=subprocess.PIPE, timeout=60,
    )  # fmt: skip
    os.close(writer)
    assert (process.returncode, process.stderr) == (141, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_process_killed_while_it_writes_leaves_a_whole_file(tmp_path, environment):
    target = tmp_path / "result.json"
    program = (
        "import sys; from pathlib import Path; from tito.files import write_json\n"
        "while True: write_json(Path(sys.argv[1]), {'values': list(range(20_000))})"
    )
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", program, str(target)], env=environment)
        deadline = time.monotonic() + 20
        while not target.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.05)
        process.kill()
        process.wait()
        assert len(json.loads(target.read_text())["values"]) == 20_000

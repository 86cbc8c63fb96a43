"""What the test suites share: PyTorch as an oracle, and comparisons with it."""

import warnings
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

import tinytorch as tt

collect_ignore = ["programs"]  # they import torch, and are run by test_programs.py

settings.register_profile(
    "tinytorch", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tinytorch")


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="also run the slow tests")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--slow"):
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="slow; run with --slow, as .ci/run does"))


def pytest_terminal_summary(terminalreporter):
    """Why tests were skipped, a line for each reason."""
    skipped = terminalreporter.stats.get("skipped", ())
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    for reason, number in reasons.most_common():
        terminalreporter.write_line(f"skipped {number}: {reason}")


@pytest.fixture(scope="session")
def torch():
    """PyTorch, on one thread; the tests that compare with it skip where it is not installed."""
    module = pytest.importorskip(
        "torch", reason="PyTorch is not installed; .ci/run compares with it"
    )
    module.set_num_threads(1)
    return module


@pytest.fixture(scope="session")
def same():
    """Assert that a Tensor equals a torch tensor: shape, dtype and values."""

    def check(ours, theirs, rtol=1e-5, atol=1e-6, dtype=True):
        expected = theirs.detach().numpy()
        got = ours.array if isinstance(ours, tt.Tensor) else np.asarray(ours)
        assert got.shape == expected.shape
        if dtype:
            assert got.dtype == expected.dtype, f"{got.dtype}, expected {expected.dtype}"
        np.testing.assert_allclose(got, expected, rtol, atol, equal_nan=True)

    return check


@pytest.fixture(autouse=True)
def fixed_seed():
    """Every test starts from the same random numbers."""
    tt.manual_seed(0)


@pytest.fixture(scope="session")
def same_refusal(torch):
    """Assert that a call, a function of the library, ends in an error of PyTorch's type."""

    def check(make):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises(Exception) as theirs:  # noqa: PT011 - whatever PyTorch raises
                make(torch)
        with pytest.raises(theirs.type):
            make(tt)

    return check

"""For all tests: CI skips nothing but what is marked `extra`. Elsewhere, what is lacking is skipped with its cure."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Final, TypeVar

import pytest
from hypothesis import settings

# No test is failed for being slow: machines are noisy, and what is counted is work.
settings.register_profile("sideman", deadline=None)
settings.load_profile("sideman")

IN_CI: Final = os.environ.get("CI") == "true"

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _unskipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _unskipped((yield))


def _unskipped(report: Report) -> Report:
    # An expected failure reports itself as skipped too.
    extra = "extra" in getattr(report, "keywords", {})
    if IN_CI and report.outcome == "skipped" and not extra and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"CI skips nothing: {report.longrepr}"
    return report

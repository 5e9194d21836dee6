"""How the TypeScript client behaves when the network and the suite do not: typescript.test.mjs, in Node."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

TESTS = Path(__file__).with_name("typescript.test.mjs")


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_every_test_in_node_passes() -> None:
    command = ["node", "--test", "--test-reporter=tap", str(TESTS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
    written = len(re.findall(r"^ *test\(", TESTS.read_text(), re.MULTILINE))
    passed = re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE)
    assert passed is not None
    assert int(passed[1]) >= written > 0

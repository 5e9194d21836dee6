"""The tours of README.md, line by line, on a running suite."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from pathlib import Path

import pytest

from local.suite import Suite

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
MINUTES = 3


def tours() -> str:
    """All blocks marked as `sh`, in their order."""
    return "\n".join(re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL))


@pytest.mark.slow
@pytest.mark.suite
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_the_tours_do_what_they_say() -> None:
    async with Suite(seed_demo=True) as suite:
        process = await asyncio.create_subprocess_exec(
            *("bash", "-euo", "pipefail", "-c", tours()),
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "URL": suite.gateway_url,
                "PUBSUB_EMULATOR_HOST": suite.pubsub_endpoint,
                "MONGODB_URI": suite.mongo_uri,
                "MONGODB_DATABASE": suite.mongo_database,
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, errors = await asyncio.wait_for(process.communicate(), MINUTES * 60)
    text = out.decode()
    assert process.returncode == 0, f"{text}\n{errors.decode()}"
    assert text.count('"kind":"gtin"') >= 1
    assert '"lot":"LOT7"' in text
    assert '"applied":2' in text
    assert '"state":"exit_issued"' in text
    assert '"opened":true' in text
    assert "PASS_USED" in text
    assert '"unitPrice":139' in text
    assert "line 3: price 'two euros'" in text
    assert "published: 2 new" in text
    assert '"unitPrice":219' in text
    assert '"state":"rolled_back"' in text
    assert "NOT_JSON" in text
    assert "nothing would change" in text


def test_the_picture_and_the_two_commands_come_first() -> None:
    first = README.partition("## Two commands")
    assert "```text" in first[0]
    assert first[2].index("make run") < first[2].index("make test") < first[2].index("## ")


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make ([a-z]+)", README)) | {"run", "test"}))
def test_a_command_it_names_is_a_target(target: str) -> None:
    makefiles = (ROOT / "Makefile").read_text() + (ROOT / "local" / "local.mk").read_text()
    assert re.search(rf"^{target}:", makefiles, re.MULTILINE)


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_a_file_it_points_to_exists(link: str) -> None:
    assert (ROOT / link).exists()

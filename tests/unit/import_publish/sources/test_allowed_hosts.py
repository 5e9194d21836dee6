"""Simulators may be named on one's own machine, and nowhere else."""

from dataclasses import replace

import pytest

from functions.common import settings as common_settings
from functions.import_publish import settings, wiring


@pytest.mark.parametrize(("environment", "allowed"), [("local", 2), ("test", 2), ("staging", 0), ("prod", 0), ("", 0)])
def test_private_hosts_are_allowed_by_nobodys_environment_but_ones_own(environment: str, allowed: int) -> None:
    common_settings.override(replace(common_settings.Common(), environment=environment))
    settings.load.replace(settings.ImportPublish(import_allowed_hosts="127.0.0.1:8201,127.0.0.1:8202"))
    try:
        assert len(wiring._allowed_hosts()) == allowed
    finally:
        common_settings.override(None)
        settings.load.replace(None)


def test_by_default_there_are_none() -> None:
    assert settings.ImportPublish().import_allowed_hosts == ""


def test_settings_do_not_show_the_key() -> None:
    assert "sesame" not in repr(settings.ImportPublish(import_upload_key="sesame"))

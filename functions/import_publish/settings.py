"""The environment of this room alone; what every room reads is in `functions.common.settings`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from functions.common import settings
from functions.common.once import Once


@dataclass(frozen=True, slots=True)
class ImportPublish:
    """Where files are kept, and what the local cloud needs instead of Google's own addresses and keys."""

    import_bucket: str = "retailscan-imports"
    import_upload_key: str = dataclasses.field(default="", repr=False)
    import_allowed_hosts: str = ""
    storage_emulator_host: str = ""
    secret_manager_emulator_host: str = ""


load = Once(lambda: settings.load(ImportPublish))

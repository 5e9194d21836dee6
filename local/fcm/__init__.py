"""FCM's HTTP v1 API on one's own machine: checks every message, keeps it, and misbehaves on demand.

`python -m local.fcm`; in a test: `async with FcmServer() as fcm: fcm.url, fcm.sent, fcm.trouble(...)`.
"""

from local.fcm.server import FcmServer, Sent
from local.fcm.troubles import KINDS, Trouble

__all__ = ["KINDS", "FcmServer", "Sent", "Trouble"]

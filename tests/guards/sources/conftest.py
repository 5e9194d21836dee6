"""The room of imports with an ERP, a bucket and a Secret Manager."""

from tests.integration.import_publish.conftest import later as later
from tests.integration.import_publish.conftest import room as room
from tests.integration.import_publish.sources.conftest import bucket as bucket
from tests.integration.import_publish.sources.conftest import erp as erp
from tests.integration.import_publish.sources.conftest import folder as folder
from tests.integration.import_publish.sources.conftest import make_job as make_job
from tests.integration.import_publish.sources.conftest import sources as sources
from tests.integration.import_publish.sources.conftest import waits as waits
from tests.integration.import_publish.sources.test_schedules_door import nightly as nightly
from tests.integration.import_publish.sources.test_ssrf import listener as listener

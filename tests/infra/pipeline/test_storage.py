"""Records in a bucket, and the lock that keeps two builds apart."""

from __future__ import annotations

import pytest

from infra.pipeline import Failed
from infra.pipeline.storage import LOCK_SECONDS, Bucket, Builds, lock, unlock
from tests.infra.pipeline.fake import FakeGoogle

BUCKET = "shop-releases"


@pytest.fixture
def google() -> FakeGoogle:
    return FakeGoogle(builds={name: {"id": name, "status": "WORKING"} for name in ("mine", "theirs")})


def take(google: FakeGoogle, build: str = "mine", environment: str = "staging") -> None:
    lock(Bucket(google, BUCKET), Builds(google, "ci", "europe-west1"), google.clock, environment, build)


def holder(google: FakeGoogle) -> str:
    lock_now = Bucket(google, BUCKET).read("staging/lock.json")
    return str(lock_now and lock_now["build"])


def test_what_is_written_is_read_and_the_rest_is_none() -> None:
    bucket = Bucket(FakeGoogle(), BUCKET)
    bucket.write("releases/abc.json", {"commit": "abc"})
    assert bucket.read("releases/abc.json") == {"commit": "abc"}
    assert bucket.read("releases/def.json") is None


def test_the_environment_belongs_to_one_build(google: FakeGoogle) -> None:
    take(google)
    assert holder(google) == "mine"


def test_a_build_may_take_twice_what_is_its_own(google: FakeGoogle) -> None:
    take(google)
    take(google)


def test_environments_are_held_apart(google: FakeGoogle) -> None:
    take(google, "theirs", "prod")
    take(google, "mine", "staging")


def test_one_waits_until_the_other_has_let_go(google: FakeGoogle) -> None:
    take(google, "theirs")

    def ends(method: str, _url: str) -> None:
        if method == "projects.locations.builds.get" and google.clock.now > begun + 600:
            unlock(Bucket(google, BUCKET), "staging", "theirs")

    begun = google.clock.now
    google.before = ends
    take(google)
    assert holder(google) == "mine"
    assert google.clock.now - begun >= 600


@pytest.mark.parametrize("status", ["FAILURE", "CANCELLED", "TIMEOUT"])
def test_a_build_that_died_holds_nothing(google: FakeGoogle, status: str) -> None:
    take(google, "theirs")
    google.builds["theirs"]["status"] = status
    begun = google.clock.now
    take(google)
    assert holder(google) == "mine"
    assert google.clock.now == begun


def test_nobody_waits_for_ever(google: FakeGoogle) -> None:
    take(google, "theirs")
    begun = google.clock.now
    with pytest.raises(Failed, match="staging is still held by build theirs"):
        take(google)
    assert google.clock.now - begun == pytest.approx(LOCK_SECONDS, abs=60)


def test_one_does_not_let_go_of_what_is_anothers(google: FakeGoogle) -> None:
    take(google, "theirs")
    unlock(Bucket(google, BUCKET), "staging", "mine")
    assert holder(google) == "theirs"


def test_a_lock_that_changed_hands_meanwhile_is_not_taken_away(google: FakeGoogle) -> None:
    take(google, "theirs")
    bucket = Bucket(google, BUCKET)
    stale = bucket.generation("staging/lock.json")
    assert stale is not None
    unlock(bucket, "staging", "theirs")
    take(google, "theirs")
    bucket.remove("staging/lock.json", stale)
    assert holder(google) == "theirs"

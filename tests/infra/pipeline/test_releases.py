"""Production gets what staging has found good, by digest, or nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from infra.pipeline import Failed
from infra.pipeline.releases import Release, assemble, path_of, promoted, refuse_older
from infra.pipeline.storage import Bucket
from tests.infra.pipeline.fake import FakeGoogle

REPOSITORY = "europe-west1-docker.pkg.dev/shop-ci/retailscan"
COMMIT = "c" * 40
ROOMS = ["catalog", "scan"]


def image(room: str, sign: str = "a") -> str:
    return f"{REPOSITORY}/{room}@sha256:{sign * 64}"


GOOD = Release(COMMIT, {room: image(room) for room in ROOMS}, ("staging",), "2026-11-21T10:00:00Z")


def promote(
    record: Release | None, *, wanted: str = COMMIT, checked_out: str = COMMIT, rooms: list[str] = ROOMS
) -> Release:
    bucket = Bucket(FakeGoogle(), "shop-releases")
    if record is not None:
        bucket.write(path_of(wanted), record.as_dict())
    return promoted(bucket, wanted, checked_out, rooms, REPOSITORY)


def test_a_release_has_every_room_built_or_found() -> None:
    made = assemble(COMMIT, ROOMS, {"scan": image("scan")}, {"catalog": image("catalog", "b")})
    assert made.images == {"catalog": image("catalog", "b"), "scan": image("scan")}
    assert made.tfvars() == {"images": made.images}


def test_what_was_just_built_wins() -> None:
    made = assemble(COMMIT, ["scan"], {"scan": image("scan")}, {"scan": image("scan", "b")})
    assert made.images == {"scan": image("scan", "b")}


def test_a_room_without_an_image_stops_the_build() -> None:
    with pytest.raises(Failed, match="no image of scan: neither found nor built"):
        assemble(COMMIT, ROOMS, {"catalog": image("catalog")}, {})


def test_an_image_by_tag_stops_the_build() -> None:
    with pytest.raises(Failed, match="not by digest"):
        assemble(COMMIT, ["scan"], {}, {"scan": f"{REPOSITORY}/scan:latest"})


def test_what_passed_staging_is_promoted_as_it_is() -> None:
    assert promote(GOOD) == GOOD


def test_what_staging_never_saw_is_not_promoted() -> None:
    with pytest.raises(Failed, match="staging has not found it good"):
        promote(None)


def test_what_did_not_pass_is_not_promoted() -> None:
    with pytest.raises(Failed, match="has not passed staging"):
        promote(replace(GOOD, passed=()))


def test_the_code_of_another_commit_does_not_deploy_it() -> None:
    with pytest.raises(Failed, match="these must be one"):
        promote(GOOD, checked_out="d" * 40)


@pytest.mark.parametrize("foreign", [f"{REPOSITORY}/scan:latest", f"elsewhere.example/scan@sha256:{'a' * 64}"])
def test_an_image_of_anywhere_else_is_not_promoted(foreign: str) -> None:
    with pytest.raises(Failed, match="not images of"):
        promote(replace(GOOD, images={**GOOD.images, "scan": foreign}))


def test_rooms_that_came_later_are_not_promoted_without_their_image() -> None:
    with pytest.raises(Failed, match="not the rooms of this checkout"):
        promote(GOOD, rooms=[*ROOMS, "checkout"])


def test_a_document_that_is_no_release_is_refused() -> None:
    with pytest.raises(Failed, match="not the record of a release"):
        Release.of({"commit": COMMIT})


def test_a_build_that_was_overtaken_does_not_go_back_in_time() -> None:
    refuse_older(None, "2026-11-21T09:00:00Z")
    refuse_older(GOOD.as_dict(), "2026-11-21T11:00:00Z")
    with pytest.raises(Failed, match="is deployed already; this build is older"):
        refuse_older(GOOD.as_dict(), "2026-11-21T09:00:00Z")

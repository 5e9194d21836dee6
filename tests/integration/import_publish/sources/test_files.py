"""Files by HTTP, from buckets of others and over SFTP."""

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from functions.import_publish.sources.blobs import Bucket
from functions.import_publish.sources.fetch import Fetched, fetch, probe
from functions.import_publish.sources.jobs import Job
from functions.import_publish.sources.problems import Budget, NothingNew, SourceProblem
from local.erp.sftp import PASSWORD, USER, Drop
from local.erp.web import Erp
from local.processes import free_port
from tests.integration.import_publish.sources.conftest import MakeJob

CSV = b"barcode;price\r\n4009000000006;1,10\r\n"
S3_SECRET = {"accessKeyId": "AKIDEMO", "secretAccessKey": "very-secret"}


async def pull(job: Job, bucket: Bucket, folder: str) -> Fetched:
    async def alive(_progress: object) -> None:
        return None

    return await fetch(job, bucket, folder, attempt=7, alive=alive)


async def content(bucket: Bucket, fetched: Fetched) -> bytes:
    return await bucket.run(lambda: bucket.open(fetched.stored.object).read())


# ---- HTTP ---------------------------------------------------------------------------------------------------


async def test_a_file_is_fetched_as_it_is(erp: Erp, make_job: MakeJob, bucket: Bucket, folder: str) -> None:
    job = make_job({"kind": "https", "url": f"{erp.url}/files/products.csv"}, f"127.0.0.1:{erp.port}")
    fetched = await pull(job, bucket, folder)
    data = await content(bucket, fetched)
    assert data.decode() == erp.assortment.csv()
    assert (fetched.name, fetched.stored.media) == ("products.csv", "text/csv")
    assert fetched.stored.sha256 == hashlib.sha256(data).hexdigest()
    assert fetched.stored.object.startswith(f"{folder}/7-")


async def test_a_file_that_has_not_changed_is_not_fetched_again(
    erp: Erp, make_job: MakeJob, bucket: Bucket, folder: str
) -> None:
    settings = {"kind": "https", "url": f"{erp.url}/files/products.csv"}
    first = await pull(make_job(settings, f"127.0.0.1:{erp.port}"), bucket, folder)
    with pytest.raises(NothingNew):
        await pull(make_job(settings, f"127.0.0.1:{erp.port}", checkpoint=first.checkpoint), bucket, folder)


@pytest.mark.parametrize("fault", ["endless", "gzip-bomb"])
async def test_a_file_without_an_end_is_cut_off(
    erp: Erp, make_job: MakeJob, bucket: Bucket, folder: str, fault: str
) -> None:
    erp.misbehaviour.change({fault: -1})
    budget = Budget(seconds=20, file_bytes=3 << 20)
    job = make_job({"kind": "https", "url": f"{erp.url}/files/x.csv"}, f"127.0.0.1:{erp.port}", budget=budget)
    with pytest.raises(SourceProblem) as caught:
        await pull(job, bucket, folder)
    assert caught.value.code == "SOURCE_TOO_LARGE"
    assert await bucket.stat(f"{folder}/7-1-x.csv") is None


async def test_a_download_that_breaks_off_is_begun_again(
    erp: Erp, make_job: MakeJob, bucket: Bucket, folder: str, waits: list[float]
) -> None:
    erp.misbehaviour.change({"500": 1, "429": 1})
    job = make_job({"kind": "https", "url": f"{erp.url}/files/x.csv"}, f"127.0.0.1:{erp.port}")
    assert (await content(bucket, await pull(job, bucket, folder))).decode() == erp.assortment.csv()
    assert len(waits) == 2


@pytest.mark.parametrize("path", ["https://evil.example/x", "//evil.example/x", "http://127.0.0.1:1/x"])
async def test_a_path_does_not_lead_to_another_server(make_job: MakeJob, bucket: Bucket, path: str) -> None:
    job = make_job({"kind": "https", "url": "https://erp.example.com/a/b.csv"}, "x:1", path=path)
    with pytest.raises(SourceProblem) as caught:
        await pull(job, bucket, "acme/x")
    assert caught.value.code == "SOURCE_FORBIDDEN_ADDRESS"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="Preise.csv"', "Preise.csv"),
        ('attachment; filename="../../etc/passwd"', "_.._etc_passwd"),
        ("attachment; filename=a\x08b.csv", "a_b.csv"),
        ("", "list.csv"),
    ],
)
def test_the_name_a_server_gives_a_file_is_only_a_name(header: str, name: str) -> None:
    import httpx

    from functions.import_publish.sources.http_pull import name_of

    response = httpx.Response(200, headers={"content-disposition": header} if header else {})
    assert name_of(httpx.URL("https://erp.example.com/x/list.csv?y=1"), response) == name


# ---- S3 -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def s3() -> Iterator[tuple[str, Any]]:
    """moto's server, and a client that fills it."""
    import boto3
    from moto.server import ThreadedMotoServer

    port = free_port()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="eu-central-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    client.create_bucket(Bucket="acme-drop", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    yield f"http://127.0.0.1:{port}", client
    server.stop()


def s3_settings(endpoint: str, **more: Any) -> dict[str, Any]:
    return {"kind": "s3", "bucket": "acme-drop", "region": "eu-central-1", "endpoint": endpoint, **more}


async def test_an_object_is_fetched_from_s3(
    s3: tuple[str, Any], make_job: MakeJob, bucket: Bucket, folder: str
) -> None:
    endpoint, client = s3
    client.put_object(Bucket="acme-drop", Key="out/März 50%.csv", Body=CSV, ContentType="text/csv")
    job = make_job(s3_settings(endpoint, path="out/März 50%.csv"), endpoint[7:], secret=S3_SECRET)
    fetched = await pull(job, bucket, folder)
    assert await content(bucket, fetched) == CSV
    assert fetched.stored.media == "text/csv"


async def test_the_newest_object_of_a_drop_is_fetched_once(
    s3: tuple[str, Any], make_job: MakeJob, bucket: Bucket, folder: str
) -> None:
    endpoint, client = s3
    for number in (1, 2):
        client.put_object(Bucket="acme-drop", Key=f"drop/{number}.csv", Body=CSV + b"%d" % number)
        await asyncio.sleep(1.1)  # S3 knows whole seconds
    client.put_object(Bucket="acme-drop", Key="drop/readme.txt", Body=b"x")
    settings = s3_settings(endpoint, path="drop/*.csv")
    first = await pull(make_job(settings, endpoint[7:], secret=S3_SECRET), bucket, folder)
    assert first.name == "2.csv"
    with pytest.raises(NothingNew):
        await pull(make_job(settings, endpoint[7:], secret=S3_SECRET, checkpoint=first.checkpoint), bucket, folder)


async def test_one_object_after_the_other_is_fetched_when_asked_so(
    s3: tuple[str, Any], make_job: MakeJob, bucket: Bucket, folder: str
) -> None:
    endpoint, client = s3
    for name in ("a", "b"):
        client.put_object(Bucket="acme-drop", Key=f"queue/{name}.csv", Body=CSV)
    settings = s3_settings(endpoint, path="queue/*.csv", take="next")
    first = await pull(make_job(settings, endpoint[7:], secret=S3_SECRET), bucket, folder)
    job = make_job(settings, endpoint[7:], secret=S3_SECRET, checkpoint=first.checkpoint)
    second = await pull(job, bucket, folder)
    assert (first.name, second.name) == ("a.csv", "b.csv")


@pytest.mark.parametrize(
    ("settings", "secret", "code"),
    [
        ({"path": "nothing.csv"}, S3_SECRET, "SOURCE_NOT_FOUND"),
        ({"path": "nothing/*.csv"}, S3_SECRET, "SOURCE_NOT_FOUND"),
        ({"bucket": "nobodys", "path": "x"}, S3_SECRET, "SOURCE_NOT_FOUND"),
        ({"path": "x"}, {"accessKeyId": "x"}, "SECRET_INCOMPLETE"),
        ({}, S3_SECRET, "SOURCE_SETTINGS"),
    ],
)
async def test_what_is_wrong_with_a_bucket_is_said(
    s3: tuple[str, Any], make_job: MakeJob, bucket: Bucket, settings: dict[str, Any], secret: dict[str, str], code: str
) -> None:
    endpoint, _ = s3
    job = make_job(s3_settings(endpoint) | settings, endpoint[7:], secret=secret)
    with pytest.raises(SourceProblem) as caught:
        await pull(job, bucket, "acme/x")
    assert caught.value.code == code


async def test_nothing_of_this_machines_own_credentials_signs_for_s3(
    s3: tuple[str, Any], make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    from functions.import_publish.sources.object_stores import _amazon

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "OURS")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "ours")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "ours-too")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    job = make_job({"kind": "s3", "bucket": "acme-drop", "region": "eu-central-1"}, "x:1", secret=S3_SECRET)
    url = _amazon(job, "x.csv", {})
    assert url.startswith("https://acme-drop.s3.eu-central-1.amazonaws.com/x.csv?")
    assert "AKIDEMO" in url
    assert "OURS" not in url
    assert "ours" not in url


# ---- Google -------------------------------------------------------------------------------------------------


async def test_a_file_of_another_bucket_is_fetched_with_the_tenants_own_key(
    storage_server: dict[str, str], make_job: MakeJob, bucket: Bucket, folder: str
) -> None:
    endpoint = storage_server["STORAGE_EMULATOR_HOST"]
    await bucket.put(f"{folder}-theirs/a.csv", CSV, limit=1000)
    await bucket.put(f"{folder}-theirs/b.csv", CSV + b"2", limit=1000)
    settings = {"kind": "gs", "bucket": "retailscan-imports", "path": f"{folder}-theirs/*.csv"}
    secret = {"serviceAccountKey": storage_server["IMPORT_UPLOAD_KEY"]}
    job = make_job(settings, endpoint[7:], secret=secret, own_storage=endpoint)
    fetched = await pull(job, bucket, folder)
    assert (fetched.name, await content(bucket, fetched)) == ("b.csv", CSV + b"2")


@pytest.mark.parametrize("secret", [{}, {"serviceAccountKey": "{}"}, {"serviceAccountKey": "no json"}])
async def test_without_a_key_no_bucket_is_read(
    storage_server: dict[str, str], make_job: MakeJob, bucket: Bucket, secret: dict[str, str]
) -> None:
    settings = {"kind": "gs", "bucket": "retailscan-imports", "path": "bolt/secret.csv"}
    endpoint = storage_server["STORAGE_EMULATOR_HOST"]
    with pytest.raises(SourceProblem) as caught:
        await pull(make_job(settings, endpoint[7:], secret=secret, own_storage=endpoint), bucket, "acme/x")
    assert caught.value.code == "SECRET_INCOMPLETE"


async def test_a_key_of_somebody_else_is_refused(
    storage_server: dict[str, str], make_job: MakeJob, bucket: Bucket
) -> None:
    from local.issuer import Issuer

    settings = {"kind": "gs", "bucket": "retailscan-imports", "path": "bolt/secret.csv"}
    endpoint = storage_server["STORAGE_EMULATOR_HOST"]
    secret = {"serviceAccountKey": Issuer().upload_key()}
    with pytest.raises(SourceProblem) as caught:
        await pull(make_job(settings, endpoint[7:], secret=secret, own_storage=endpoint), bucket, "acme/x")
    assert caught.value.code == "SOURCE_REFUSES"


def test_the_token_address_of_a_key_file_is_never_used(make_job: MakeJob) -> None:
    from functions.import_publish.sources.object_stores import _google
    from local.issuer import Issuer

    key = json.loads(Issuer().upload_key()) | {"token_uri": "http://169.254.169.254/token"}
    job = make_job({"kind": "gs", "bucket": "b"}, "x:1", secret={"serviceAccountKey": json.dumps(key)})
    assert _google(job, "x.csv", {}).startswith("https://storage.googleapis.com/b/x.csv?")


# ---- SFTP ---------------------------------------------------------------------------------------------------


@pytest.fixture
async def drop(tmp_path: Path) -> AsyncIterator[Drop]:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "products.csv").write_bytes(CSV)
    async with Drop(tmp_path) as running:
        yield running


def sftp(drop: Drop, **more: Any) -> dict[str, Any]:
    return {"kind": "sftp", "host": "127.0.0.1", "port": drop.port, "username": USER, "hostKey": drop.host_key, **more}


async def test_a_file_is_fetched_over_sftp(drop: Drop, make_job: MakeJob, bucket: Bucket, folder: str) -> None:
    job = make_job(sftp(drop, path="/out/products.csv"), f"127.0.0.1:{drop.port}", secret={"password": PASSWORD})
    fetched = await pull(job, bucket, folder)
    assert (fetched.name, await content(bucket, fetched)) == ("products.csv", CSV)


async def test_a_server_with_another_host_key_is_told_no_password(
    drop: Drop, make_job: MakeJob, bucket: Bucket
) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    job = make_job(
        sftp(drop, hostKey=other, path="/out/products.csv"), f"127.0.0.1:{drop.port}", secret={"password": PASSWORD}
    )
    with pytest.raises(SourceProblem) as caught:
        await pull(job, bucket, "acme/x")
    assert (caught.value.code, caught.value.passing) == ("SOURCE_HOST_KEY", False)
    assert drop.logins == []


async def test_a_private_key_opens_a_drop_too(tmp_path: Path, make_job: MakeJob, bucket: Bucket, folder: str) -> None:
    (tmp_path / "a.csv").write_bytes(CSV)
    key = asyncssh.generate_private_key("ssh-ed25519")
    secret = {"privateKey": key.export_private_key("pkcs8-pem", passphrase="horse").decode(), "passphrase": "horse"}
    async with Drop(tmp_path, authorized_keys=key.export_public_key().decode()) as drop:
        job = make_job(sftp(drop, path="/a.csv"), f"127.0.0.1:{drop.port}", secret=secret)
        assert await content(bucket, await pull(job, bucket, folder)) == CSV


async def test_the_newest_file_of_a_folder_is_fetched_once(
    drop: Drop, tmp_path: Path, make_job: MakeJob, bucket: Bucket, folder: str
) -> None:
    newer = tmp_path / "out" / "newer.csv"
    newer.write_bytes(CSV + b"new")
    os.utime(newer, (2_000_000_000, 2_000_000_000))
    (tmp_path / "out" / "folder.csv").mkdir()
    allowed, secret = f"127.0.0.1:{drop.port}", {"password": PASSWORD}
    settings = sftp(drop, path="/out/*.csv")
    first = await pull(make_job(settings, allowed, secret=secret), bucket, folder)
    assert first.name == "newer.csv"
    with pytest.raises(NothingNew):
        await pull(make_job(settings, allowed, secret=secret, checkpoint=first.checkpoint), bucket, folder)


@pytest.mark.parametrize(
    ("settings", "secret", "code"),
    [
        ({"path": "/out/nothing.csv"}, {"password": PASSWORD}, "SOURCE_NOT_FOUND"),
        ({"path": "/out/products.csv"}, {"password": "wrong"}, "SOURCE_REFUSES"),
        ({"path": "/out/products.csv"}, {}, "SECRET_INCOMPLETE"),
        ({"path": "/out/products.csv"}, {"privateKey": "-----BEGIN NONSENSE-----"}, "SECRET_INCOMPLETE"),
        ({"path": "/out/products.csv", "hostKey": "nonsense"}, {"password": PASSWORD}, "SOURCE_SETTINGS"),
        ({"path": "/*/products.csv"}, {"password": PASSWORD}, "SOURCE_SETTINGS"),
        ({"path": "/out/products.csv", "port": 1}, {"password": PASSWORD}, "SOURCE_FORBIDDEN_ADDRESS"),
        ({"path": "/out/products.csv", "host": "localhost"}, {"password": PASSWORD}, "SOURCE_FORBIDDEN_ADDRESS"),
    ],
)
async def test_what_is_wrong_with_a_drop_is_said(
    drop: Drop, make_job: MakeJob, bucket: Bucket, settings: dict[str, Any], secret: dict[str, str], code: str
) -> None:
    job = make_job(sftp(drop) | settings, f"127.0.0.1:{drop.port}", secret=secret, budget=Budget(tries=1))
    with pytest.raises(SourceProblem) as caught:
        await pull(job, bucket, "acme/x")
    assert caught.value.code == code


async def test_a_file_too_large_is_not_read_to_its_end(
    drop: Drop, tmp_path: Path, make_job: MakeJob, bucket: Bucket
) -> None:
    (tmp_path / "large.csv").write_bytes(b"x" * 3_000_000)
    budget = Budget(file_bytes=1_000_000)
    settings, secret = sftp(drop, path="/large.csv"), {"password": PASSWORD}
    with pytest.raises(SourceProblem) as caught:
        await pull(make_job(settings, f"127.0.0.1:{drop.port}", secret=secret, budget=budget), bucket, "acme/x")
    assert caught.value.code == "SOURCE_TOO_LARGE"


async def test_a_probe_reads_no_more_than_the_beginning(drop: Drop, make_job: MakeJob) -> None:
    job = make_job(sftp(drop, path="/out/products.csv"), f"127.0.0.1:{drop.port}", secret={"password": PASSWORD})
    assert (await probe(job))["name"] == "products.csv"


def test_a_job_does_not_show_its_secret(make_job: MakeJob) -> None:
    assert PASSWORD not in repr(make_job({"kind": "sftp"}, "x:1", secret={"password": PASSWORD}))

"""The Python client and its examples against a running suite."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from retailscan_client import ApiError, RetailScan
from tests.integration.clients.conftest import STORE, Place, barcode_of

pytestmark = [pytest.mark.suite, pytest.mark.slow]

CLIENT = Path(__file__).parents[3] / "clients" / "python"


def started(place: Place, name: str, *arguments: str) -> subprocess.Popen[str]:
    """An example, as the ERP runs it."""
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(CLIENT),
        "RETAILSCAN_URL": place.url,
        "RETAILSCAN_TOKEN": place.token("erp"),
    }
    command = [sys.executable, "-W", "error", str(CLIENT / "examples" / name), *arguments, "--store", STORE]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def visit(place: Place) -> RetailScan:
    """A shopper's client, checked in."""
    with place.client("brand_manager") as api:
        poster = api.catalog.read_check_in_code(STORE)
    api = place.client("shopper")
    begun = api.sessions.check_in({"storeCode": poster["code"]})
    api.close()
    return RetailScan(place.url, identity=place.token("shopper"), session=begun["token"])


def test_prices_and_stock_from_a_file_reach_the_shopper_once(place: Place, tmp_path: Path) -> None:
    first, second, _ = place.barcodes
    file = tmp_path / "prices.csv"
    file.write_text(f"barcode,price,stock\n{first},1.49,12\n{second},2.5,\n{first[:-1]}x,1.00,1\n")
    for _time in range(2):
        example = started(place, "push_prices.py", str(file), "--currency", "EUR")
        out, errors = example.communicate(timeout=90)
        assert (example.returncode, errors.partition(":")[0]) == (1, "line 4"), out + errors
        assert "2 applied" in out
        assert "1 rejected" in out
    with visit(place) as phone:
        scanned = phone.scan.scan_code(first)
    assert (scanned["price"], scanned["unitPrice"], scanned["currency"]) == (149, 149, "EUR")
    with place.client("erp") as api:
        listing = api.price_ingest.list_price_batches(limit=1)
        assert listing.page().total == len(list(listing)) == 1


def test_an_import_waits_until_somebody_has_approved_it(place: Place, tmp_path: Path) -> None:
    new = barcode_of(77)
    file = tmp_path / "goods.csv"
    file.write_text(
        f"barcode,name,price,stock\n{new},Elderflower Juice,2.49,6\n{barcode_of(78)},Rye Bread,two euros,3\n"
    )
    example = started(place, "import_file.py", str(file))
    assert example.stdout is not None
    import_id = example.stdout.readline().split()[1]
    assert example.stdout.readline().startswith("staged: ")
    with place.client("brand_manager") as manager:
        example.stdout.readline()
        manager.import_publish.approve_import(import_id, {})
        out, errors = example.communicate(timeout=90)
        assert "line 3: " in errors
        assert "published: " in out, out + errors
        assert manager.catalog.read_product(STORE, new)["name"] == "Elderflower Juice"
        assert "two euros" in manager.import_publish.export_failures(import_id)


def test_a_large_file_goes_past_the_doors(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "large.csv"
    file.write_text(f"barcode,name,price,stock\n{barcode_of(79)},Oat Milk,1.09,1\n")
    with place.client("erp") as api:
        asked = api.import_publish.request_upload_url({"storeIds": [STORE], "name": file.name, "media": "text/csv"})
        api.put_file(asked["upload"], file)
        # The answer was lost, so it is brought again.
        api.put_file(asked["upload"], file)
        begun = api.import_publish.confirm_upload(asked["imports"][0]["importId"])
        assert begun["groupId"] == asked["groupId"]


def test_what_the_suite_refuses_has_its_code_and_the_id_to_quote(place: Place) -> None:
    with place.client("brand_manager") as api:
        with pytest.raises(ApiError) as unknown:
            api.catalog.read_store("not-ours")
        with pytest.raises(ApiError) as wrong:
            api.catalog.create_brand({"brandId": "Ä", "name": ""})
    assert (unknown.value.status, unknown.value.code) == (404, "STORE_NOT_FOUND")
    assert unknown.value.request_id
    assert wrong.value.code == "VALIDATION_FAILED"
    assert {detail["field"] for detail in wrong.value.details} == {"brandId", "name"}


def test_a_key_used_for_something_else_is_refused(place: Place) -> None:
    with place.client("brand_manager") as api:
        api.catalog.create_brand({"brandId": "own", "name": "Own"}, idempotency_key="k1")
        again = api.catalog.create_brand({"brandId": "own", "name": "Own"}, idempotency_key="k1")
        assert again["brandId"] == "own"
        with pytest.raises(ApiError) as refused:
            api.catalog.create_brand({"brandId": "other", "name": "Other"}, idempotency_key="k1")
    assert refused.value.status == 422


def test_the_package_can_be_installed_and_brings_all_it_needs(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    shutil.copytree(CLIENT, source, ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", str(target), str(source)], check=True, env={**os.environ, "PYTHONWARNINGS": ""})
    line = "import retailscan_client as package; package.RetailScan('http://x').scan; print(package.__file__)"
    found = subprocess.run([sys.executable, "-c", line], cwd=target, capture_output=True, text=True, check=True)
    assert found.stdout.startswith(str(target))
    assert (target / "retailscan_client" / "py.typed").exists()


def test_a_list_comes_whole_though_in_pages(place: Place) -> None:
    with place.client("brand_manager") as api:
        names = [product["name"] for product in api.catalog.list_products(STORE, q="product", limit=1)]
    assert names == ["Product 1", "Product 2", "Product 3"]

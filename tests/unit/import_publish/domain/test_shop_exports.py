"""What Shopify and Square export goes in as it is: several lines a product, pictures, HTML, marks of spreadsheets."""

from __future__ import annotations

import csv
import io

import pytest

from functions.import_publish.domain import mapping
from functions.import_publish.domain.mapping import Mapper, Row
from functions.import_publish.domain.profiles import BUILT_IN, Profile, ProfileProblem

SHOPIFY = (
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,"
    "Option2 Value,Option3 Name,Option3 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,"
    "Variant Inventory Qty,Variant Inventory Policy,Variant Fulfillment Service,Variant Price,"
    "Variant Compare At Price,Variant Requires Shipping,Variant Taxable,Variant Barcode,Image Src,Image Position,"
    "Image Alt Text,Gift Card,SEO Title,SEO Description,Variant Image,Variant Weight Unit,Variant Tax Code,"
    "Cost per item,Status"
)
CDN = "https://cdn.shopify.example/files"


def file(*lines: dict[str, str]) -> list[list[str]]:
    """A file as Shopify writes it, through a real CSV writer and reader."""
    out = io.StringIO()
    writer = csv.DictWriter(out, SHOPIFY.split(","))
    writer.writeheader()
    writer.writerows(lines)
    return list(csv.reader(io.StringIO(out.getvalue(), newline="")))


OATS = {
    "Handle": "oat-drink",
    "Title": "Oat Drink",
    "Body (HTML)": "<p>Whole <strong>oats</strong> &amp; water.</p>\n<ul><li>No sugar</li><li>1&nbsp;l</li></ul>",
    "Vendor": "Köhler & Söhne",
    "Product Category": "Food, Beverages & Tobacco > Beverages",
    "Type": "Plant Drinks",
    "Tags": "vegan, oats",
    "Published": "true",
    "Option1 Name": "Title",
    "Option1 Value": "Default Title",
    "Variant SKU": "OAT-1",
    "Variant Grams": "1030",
    "Variant Inventory Tracker": "shopify",
    "Variant Inventory Qty": "42",
    "Variant Inventory Policy": "deny",
    "Variant Fulfillment Service": "manual",
    "Variant Price": "2.49",
    "Variant Compare At Price": "2.99",
    "Variant Barcode": "'4006381333931",
    "Image Src": f"{CDN}/oat-1.jpg",
    "Image Position": "1",
    "Status": "active",
}
OATS_PICTURE = {"Handle": "oat-drink", "Image Src": f"{CDN}/oat-2.jpg", "Image Position": "2"}
SHIRT = {
    "Handle": "shop-shirt",
    "Title": "Shop Shirt",
    "Body (HTML)": "Cotton",
    "Vendor": "Acme",
    "Type": "Shirts",
    "Option1 Name": "Size",
    "Option1 Value": "S",
    "Option2 Name": "Colour",
    "Option2 Value": "Red",
    "Variant Inventory Tracker": "",
    "Variant Inventory Qty": "0",
    "Variant Price": "19.00",
    "Variant Barcode": "5000112637922",
    "Image Src": f"{CDN}/shirt.jpg",
    "Variant Image": f"{CDN}/shirt-red.jpg",
    "Status": "draft",
}
SHIRT_M = {
    "Handle": "shop-shirt",
    "Option1 Value": "M",
    "Option2 Value": "Red",
    "Variant Inventory Tracker": "shopify",
    "Variant Inventory Qty": "-2",
    "Variant Price": "19.00",
    "Variant Barcode": "96385074",
}
SHIRT_L = {"Handle": "shop-shirt", "Option1 Value": "L", "Option2 Value": "Red", "Variant Price": "19.00"}


def mapped(lines: list[list[str]], name: str = "shopify") -> tuple[Mapper, list[Row]]:
    head, *body = lines
    mapper = mapping.compile(BUILT_IN[name], head, "EUR")
    rows = [mapper.map(number, list[str | None](cells)) for number, cells in enumerate(body, 2)]
    return mapper, [row for row in rows if row is not None]


def test_a_product_of_one_variant_is_one_row_with_everything_shopify_knows() -> None:
    mapper, rows = mapped(file(OATS, OATS_PICTURE))
    (oats,) = rows
    assert (oats.line, oats.barcode, oats.faults) == (2, "4006381333931", [])
    assert oats.values == {
        "name": "Oat Drink",
        "description": "Whole oats & water.\n\n\u2022 No sugar\n\u2022 1 l",
        "brandId": "kohler-and-sohne",
        "categoryId": "plant-drinks",
        "status": "active",
        "imageUrl": f"{CDN}/oat-1.jpg",
        "price": 249,
        "stock": 42_000,
        "metadata": {
            "sku": "OAT-1",
            "vendor": "Köhler & Söhne",
            "tags": "vegan, oats",
            "category": "Food, Beverages & Tobacco > Beverages",
            "handle": "oat-drink",
            "grams": "1030",
            "compareAtPrice": "2.99",
        },
    }
    assert mapper.skipped == {"no_product": 1}


def test_every_variant_is_a_product_and_knows_what_only_the_first_line_says() -> None:
    mapper, rows = mapped(file(SHIRT, SHIRT_M, SHIRT_L, OATS))
    small, medium, large, _ = rows
    assert [row.values["name"] for row in rows] == [
        "Shop Shirt S Red",
        "Shop Shirt M Red",
        "Shop Shirt L Red",
        "Oat Drink",
    ]
    assert {row.values["description"] for row in (small, medium, large)} == {"Cotton"}
    assert {row.values["status"] for row in (small, medium, large)} == {"inactive"}
    assert [row.barcode for row in rows] == ["5000112637922", "96385074", None, "4006381333931"]
    assert [each.code for each in large.faults] == ["BARCODE_MISSING"]
    assert mapper.skipped == {}


def test_a_variant_without_a_picture_has_the_products() -> None:
    _, (small, medium) = mapped(file(SHIRT, SHIRT_M))
    assert small.values["imageUrl"] == f"{CDN}/shirt-red.jpg"
    assert medium.values["imageUrl"] == f"{CDN}/shirt.jpg"


def test_stock_that_shopify_does_not_track_is_not_taken_for_none() -> None:
    _, (small, medium) = mapped(file(SHIRT, SHIRT_M))
    assert "stock" not in small.values
    assert medium.values["stock"] == -2000  # oversold: the rules say what becomes of it


def test_a_failed_variant_keeps_what_was_filled_in_so_that_its_line_can_be_uploaded_alone() -> None:
    lines = file(SHIRT, SHIRT_L)
    _, (_, large) = mapped(lines)
    _, (again,) = mapped([lines[0], [cell or "" for cell in large.raw]])
    assert again.values == large.values


def test_a_variant_whose_first_line_is_lost_gets_no_name_from_its_size() -> None:
    _, (alone,) = mapped(file(SHIRT_M))
    assert "name" not in alone.values


def test_a_name_made_of_several_columns_can_be_too_long_like_any_other() -> None:
    _, (oats,) = mapped(file({**OATS, "Title": "x" * 150, "Option1 Value": "y" * 60}))
    assert [(each.code, each.field, each.column) for each in oats.faults] == [("TEXT_TOO_LONG", "name", "Title")]
    assert oats.faults[0].message == "Shorten the text to 200 characters; it has 211."


def test_lines_of_another_product_are_not_filled_from_the_one_before() -> None:
    _, rows = mapped(file(OATS, {**SHIRT_M, "Handle": "mug"}, {**SHIRT_L, "Handle": ""}, {**SHIRT_L, "Handle": ""}))
    assert ["name" in row.values for row in rows] == [True, False, False, False]


def test_shopifys_newer_names_of_columns_are_known_too() -> None:
    head = ["Title", "URL handle", "Description", "Vendor", "Status", "SKU", "Barcode", "Price", "Inventory quantity"]
    _, (row,) = mapped(
        [head, ["Oat Drink", "oat-drink", "<p>Oats</p>", "Acme", "Active", "A1", "4006381333931", "2.49", "3"]]
    )
    assert (row.barcode, row.faults) == ("4006381333931", [])
    assert (row.values["name"], row.values["price"], row.values["stock"]) == ("Oat Drink", 249, 3000)


def test_a_squares_library_goes_in_and_a_variable_price_is_none() -> None:
    head = ["Token", "Item Name", "Variation Name", "SKU", "GTIN", "Description", "Reporting Category", "Price"]
    head += ["Archived", "Current Quantity Main Street", "New Quantity Main Street", "Tax - VAT (19%)"]
    _, (tea, tip) = mapped(
        [
            head,
            ["T1", "Tea", "Regular", "S1", "4006381333931", "<b>Green</b>", "Hot Drinks", "2.50", "N", "7", "", "Y"],
            ["T2", "Tip", "Large", "", "96385074", "", "", "variable", "Y", "7", "9", "N"],
        ],
        "square",
    )
    assert tea.values == {
        "name": "Tea",
        "description": "Green",
        "categoryId": "hot-drinks",
        "status": "active",
        "price": 250,
        "stock": 7000,
        "metadata": {"sku": "S1", "token": "T1", "category": "Hot Drinks"},
    }
    assert tip.values == {"name": "Tip Large", "status": "inactive", "stock": 9000, "metadata": {"token": "T2"}}


def test_of_several_locations_the_profile_must_name_one() -> None:
    head = ["GTIN", "Item Name", "Current Quantity North", "Current Quantity South"]
    chosen = Profile.from_dict(
        {"name": "north", "extends": "square", "compose": {"stock": {"columns": ["Current Quantity North"]}}}
    )
    row = mapping.compile(chosen, head, "EUR").map(2, ["4006381333931", "Tea", "3", "9"])
    assert row is not None
    assert row.values["stock"] == 3000
    with pytest.raises(ProfileProblem, match="Current Quantity North, Current Quantity South") as refused:
        mapping.compile(BUILT_IN["square"], head, "EUR")
    assert refused.value.code == "COLUMN_AMBIGUOUS"

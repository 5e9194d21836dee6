"""Profiles everybody has: our own names in several languages, and the exports of Shopify and Square."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_STATUS = {
    "aktiv": "active",
    "activo": "active",
    "enabled": "active",
    "true": "active",
    "1": "active",
    "inaktiv": "inactive",
    "inactivo": "inactive",
    "disabled": "inactive",
    "false": "inactive",
    "0": "inactive",
}
_MEASURE = {
    **dict.fromkeys(
        ("piece", "pieces", "pcs", "pc", "ea", "unit", "stück", "stueck", "stk", "st", "pieza", "styck"), "each"
    ),
    **dict.fromkeys(("kg", "g", "kilogram", "gewicht", "peso", "vikt"), "weight"),
    **dict.fromkeys(("l", "ml", "litre", "liter", "volumen", "volym"), "volume"),
    **dict.fromkeys(("m", "cm", "metre", "meter", "metro", "länge", "längd"), "length"),
}
_RETAILSCAN: Mapping[str, Any] = {
    "name": "retailscan",
    "title": "Our own names of columns, and what others call them",
    "columns": {
        "barcode": [
            *("barcode", "gtin", "ean", "ean13", "ean code", "gtin13", "gtin14", "upc", "upc code", "jan", "isbn"),
            *("Strichcode", "EAN Nummer", "código de barras", "codigo de barras", "streckkod", "EAN kod", "code"),
        ],
        "name": [
            *("name", "product name", "title", "item name", "item", "product", "Bezeichnung", "Artikelbezeichnung"),
            *("Artikelname", "Produktname", "Artikel", "nombre", "nombre del producto", "denominación", "producto"),
            *("namn", "produktnamn", "benämning", "artikelnamn", "titel", "título", "titulo"),
        ],
        "description": [
            *("description", "long description", "Beschreibung", "Artikelbeschreibung", "descripción", "descripcion"),
            *("beskrivning", "produktbeskrivning"),
        ],
        "brandId": ["brandId", "brand", "Marke", "marca", "varumärke", "märke"],
        "categoryId": [
            *("categoryId", "category", "Kategorie", "Warengruppe", "categoría", "categoria", "kategori", "varugrupp"),
        ],
        "status": ["status", "state", "active", "aktiv", "estado"],
        "measure": ["measure", "unit", "unit of measure", "uom", "Einheit", "Mengeneinheit", "unidad", "enhet"],
        "taxClass": ["taxClass", "vat class", "Steuerklasse", "clase de impuesto", "momsklass"],
        "imageUrl": ["imageUrl", "image", "picture", "image link", "Bild", "Bild URL", "imagen", "bild länk"],
        "ageRestriction": [
            *("ageRestriction", "minimum age", "age", "Mindestalter", "Altersfreigabe", "edad mínima", "åldersgräns"),
        ],
        "showInQuickProducts": ["showInQuickProducts", "quick product", "Schnellwahl", "snabbval"],
        "price": [
            *("price", "retail price", "sales price", "unit price", "Preis", "Verkaufspreis", "VK", "VK brutto"),
            *("Einzelpreis", "precio", "precio de venta", "PVP", "pris", "försäljningspris"),
        ],
        "currency": ["currency", "currency code", "Währung", "moneda", "valuta"],
        "stock": [
            *("stock", "quantity", "qty", "on hand", "inventory", "inventory quantity", "stock quantity", "Bestand"),
            *("Lagerbestand", "Menge", "existencias", "cantidad", "lager", "lagersaldo", "antal"),
        ],
        "asOf": ["asOf", "as of", "updated at", "timestamp", "Stand", "fecha", "tidpunkt"],
    },
    "words": {"status": _STATUS, "measure": _MEASURE},
    "decimal": "auto",
    "slugify": ["brandId", "categoryId"],
}
_SHOPIFY: Mapping[str, Any] = {
    "name": "shopify",
    "title": "Shopify's product CSV",
    "columns": {
        "barcode": ["Variant Barcode", "Barcode"],
        "description": ["Body (HTML)", "Body HTML", "Description"],
        "brandId": ["Vendor"],
        "categoryId": ["Type", "Custom Product Type"],
        "status": ["Status"],
        "price": ["Variant Price", "Price"],
        "stock": ["Variant Inventory Qty", "Inventory quantity"],
        "metadata.sku": ["Variant SKU", "SKU"],
        "metadata.vendor": ["Vendor"],
        "metadata.tags": ["Tags"],
        "metadata.category": ["Product Category", "Standard Product Type"],
        "metadata.handle": ["Handle", "URL handle"],
        "metadata.grams": ["Variant Grams", "Weight value (grams)"],
        "metadata.compareAtPrice": ["Variant Compare At Price", "Compare-at price"],
        "metadata.taxCode": ["Variant Tax Code"],
    },
    "words": {"status": {"draft": "inactive", "archived": "inactive", "unlisted": "active"}},
    "compose": {
        "name": {
            "columns": ["Title", "Option1 Value", "Option2 Value", "Option3 Value"],
            "skip": ["Default Title"],
        },
        "imageUrl": {
            "columns": ["Variant Image", "Variant image URL", "Image Src", "Product image URL"],
            "take": "first",
        },
    },
    "html": ["description"],
    "slugify": ["brandId", "categoryId"],
    "textMarks": True,
    "needs": {"stock": "Variant Inventory Tracker"},
    "group": {
        "by": "Handle",
        "fill": [
            *("Title", "Body (HTML)", "Description", "Vendor", "Product Category", "Type", "Custom Product Type"),
            *("Standard Product Type", "Tags", "Published", "Status", "Image Src", "Product image URL"),
        ],
        "own": [
            *("Option1 Value", "Variant SKU", "SKU", "Variant Barcode", "Barcode", "Variant Price", "Price"),
            *("Variant Inventory Qty", "Inventory quantity"),
        ],
    },
}
_SQUARE: Mapping[str, Any] = {
    "name": "square",
    "title": "Square's item library",
    "columns": {
        "barcode": ["GTIN"],
        "description": ["Description"],
        "categoryId": ["Reporting Category", "Category", "Categories"],
        "status": ["Archived"],
        "price": ["Price"],
        "metadata.sku": ["SKU"],
        "metadata.token": ["Token"],
        "metadata.category": ["Reporting Category", "Category", "Categories"],
    },
    "words": {"price": {"variable": ""}, "status": {"y": "inactive", "yes": "inactive", "n": "active", "no": "active"}},
    "compose": {
        "name": {"columns": ["Item Name", "Variation Name"], "skip": ["Regular"]},
        "stock": {"columns": ["New Quantity*", "Current Quantity*"], "take": "first"},
    },
    "html": ["description"],
    "slugify": ["categoryId"],
    "textMarks": True,
}

DESCRIPTIONS: tuple[Mapping[str, Any], ...] = (_RETAILSCAN, _SHOPIFY, _SQUARE)

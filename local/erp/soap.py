"""The ERP that speaks SOAP 1.1: one operation, ListProducts(cursor, since)."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

from local.erp.assortment import Assortment, Item

_SPACE = "urn:demo-erp"
_PAGE = 50
_CURSOR = re.compile(rb"<(?:\w+:)?cursor>(\d+)</")
_SINCE = re.compile(rb"<(?:\w+:)?since>(\d+)</")


def wsdl(address: str) -> str:
    """The contract."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions name="Erp" targetNamespace="{_SPACE}" xmlns:t="{_SPACE}" xmlns:xsd="http://www.w3.org/2001/XMLSchema"
    xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/">
  <wsdl:types>
    <xsd:schema targetNamespace="{_SPACE}" elementFormDefault="qualified">
      <xsd:element name="ListProducts"><xsd:complexType><xsd:sequence>
        <xsd:element name="cursor" type="xsd:string" minOccurs="0"/>
        <xsd:element name="since" type="xsd:string" minOccurs="0"/>
      </xsd:sequence></xsd:complexType></xsd:element>
      <xsd:complexType name="Product"><xsd:sequence>
        <xsd:element name="barcode" type="xsd:string"/>
        <xsd:element name="name" type="xsd:string"/>
        <xsd:element name="supplier" type="xsd:string"/>
        <xsd:element name="price" type="xsd:decimal"/>
        <xsd:element name="stock" type="xsd:int"/>
      </xsd:sequence></xsd:complexType>
      <xsd:element name="ListProductsResponse"><xsd:complexType><xsd:sequence>
        <xsd:element name="product" type="t:Product" minOccurs="0" maxOccurs="unbounded"/>
        <xsd:element name="next" type="xsd:string" minOccurs="0"/>
        <xsd:element name="more" type="xsd:boolean"/>
        <xsd:element name="revision" type="xsd:string"/>
      </xsd:sequence></xsd:complexType></xsd:element>
    </xsd:schema>
  </wsdl:types>
  <wsdl:message name="In"><wsdl:part name="parameters" element="t:ListProducts"/></wsdl:message>
  <wsdl:message name="Out"><wsdl:part name="parameters" element="t:ListProductsResponse"/></wsdl:message>
  <wsdl:portType name="Port"><wsdl:operation name="ListProducts">
    <wsdl:input message="t:In"/><wsdl:output message="t:Out"/>
  </wsdl:operation></wsdl:portType>
  <wsdl:binding name="Binding" type="t:Port">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="ListProducts"><soap:operation soapAction="{_SPACE}:ListProducts"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation>
  </wsdl:binding>
  <wsdl:service name="Erp"><wsdl:port name="Port" binding="t:Binding">
    <soap:address location="{escape(address)}"/>
  </wsdl:port></wsdl:service>
</wsdl:definitions>"""


def answer(assortment: Assortment, request: bytes, *, entities: bool, renamed: bool) -> str:
    """The envelope for a request's envelope."""
    cursor, since = _CURSOR.search(request), _SINCE.search(request)
    items = assortment.since(int(since[1]) if since else 0)
    start = int(cursor[1]) if cursor else 0
    end = start + _PAGE
    more = end < len(items)
    listed = "".join(_product(item, "cost" if renamed else "price") for item in items[start:end])
    head = _BOMB if entities else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}'
        f'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        f'<ListProductsResponse xmlns="{_SPACE}">{listed}{f"<next>{end}</next>" if more else ""}'
        f"<more>{str(more).lower()}</more><revision>{assortment.revision}{'&lol9;' if entities else ''}</revision>"
        f"</ListProductsResponse></e:Body></e:Envelope>"
    )


def _product(item: Item, price: str) -> str:
    return (
        f"<product><barcode>{item.barcode}</barcode><name>{escape(item.name)}</name><supplier>{escape(item.supplier)}</supplier>"
        f"<{price}>{item.price}</{price}><stock>{item.stock}</stock></product>"
    )


_BOMB = (
    '<!DOCTYPE lolz [<!ENTITY lol0 "lol">'
    + "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 10))
    + '<!ENTITY xxe SYSTEM "file:///etc/passwd">]>'
)

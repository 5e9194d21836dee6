"""What both gRPC servers of the local cloud share: refusals, handlers over raw bytes, masks, pages, start and stop."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import grpc
from grpc import StatusCode

from local.processes import port_is_free

log = logging.getLogger("local.cloud")

# A raw protobuf message (upb). The generated classes carry no type information, and proto-plus wrappers cost too much.
Pb = Any

# Google's services take 10 MB; the limit here is wider so that what is too large meets our refusal, not gRPC's.
_MAX_MESSAGE = 64 << 20
_OPTIONS = [
    ("grpc.max_receive_message_length", _MAX_MESSAGE),
    ("grpc.max_send_message_length", _MAX_MESSAGE),
    ("grpc.so_reuseport", 0),
    # The clients ping idle connections; the defaults would answer with GOAWAY "too many pings".
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 1000),
    ("grpc.http2.max_ping_strikes", 0),
]


class Refused(Exception):
    """A call ends with this status."""

    def __init__(self, code: StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> Refused:
    """INVALID_ARGUMENT."""
    return Refused(StatusCode.INVALID_ARGUMENT, message)


def not_found(kind: str, name: str) -> Refused:
    """NOT_FOUND, in Google's words."""
    return Refused(StatusCode.NOT_FOUND, f"Resource not found (resource={name}). No such {kind}.")


def already_exists(kind: str, name: str) -> Refused:
    """ALREADY_EXISTS, in Google's words."""
    return Refused(StatusCode.ALREADY_EXISTS, f"Resource already exists in the project (resource={name}): {kind}.")


T = TypeVar("T")
RawHandler = Callable[[bytes, "grpc.aio.ServicerContext[bytes, bytes]"], Awaitable[bytes]]


def unary(request_type: Pb, verb: Callable[[Pb], Pb | None]) -> Any:
    """A handler for a verb that answers at once; None is google.protobuf.Empty."""

    async def handle(raw: bytes, context: "grpc.aio.ServicerContext[bytes, bytes]") -> bytes:
        try:
            reply = verb(request_type.FromString(raw))
            return b"" if reply is None else bytes(reply.SerializeToString())
        except Refused as refused:
            await context.abort(refused.code, refused.message)
        except ValueError as error:
            await context.abort(StatusCode.INVALID_ARGUMENT, str(error))
        raise AssertionError("abort always raises")

    return grpc.unary_unary_rpc_method_handler(handle)


def unary_raw(handle: RawHandler) -> Any:
    """A handler that wants the request's own bytes."""

    async def guarded(raw: bytes, context: "grpc.aio.ServicerContext[bytes, bytes]") -> bytes:
        try:
            return await handle(raw, context)
        except Refused as refused:
            await context.abort(refused.code, refused.message)
        raise AssertionError("abort always raises")

    return grpc.unary_unary_rpc_method_handler(guarded)


class GrpcServer:
    """One grpc.aio server on one port."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self.port = port
        self._server: grpc.aio.Server | None = None

    async def start(self, services: Mapping[str, Mapping[str, Any]]) -> None:
        """Binds and serves; raises OSError when the port is taken."""
        if self.port and not port_is_free(
            self.port
        ):  # asked first: gRPC would say so on stderr in a language of its own
            raise OSError(f"port {self.port} on {self._host} is taken")
        server = grpc.aio.server(options=_OPTIONS)
        for name, methods in services.items():
            server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(name, dict(methods))])
        try:
            self.port = server.add_insecure_port(f"{self._host}:{self.port}")
        except RuntimeError as error:
            raise OSError(f"port {self.port} on {self._host} is taken") from error
        await server.start()
        self._server = server

    async def stop(self, grace_s: float = 0.2) -> None:
        """Ends open calls after a short grace; safe to repeat."""
        if self._server is not None:
            await self._server.stop(grace_s)
            self._server = None


def merge_masked(target: Pb, source: Pb, paths: Iterable[str]) -> None:
    """Copies the fields named by an update mask; raises Refused for a path that is no field."""
    for path in paths:
        _merge_path(target, source, path.split("."), path)


def _merge_path(target: Pb, source: Pb, steps: Sequence[str], path: str) -> None:
    field = target.DESCRIPTOR.fields_by_name.get(steps[0])
    if field is None:
        raise invalid(f"Invalid update_mask provided in the request: {path!r} is not a known field.")
    if len(steps) > 1:
        if field.message_type is None or field.is_repeated:
            raise invalid(f"Invalid update_mask provided in the request: {path!r} is not a known field.")
        _merge_path(getattr(target, steps[0]), getattr(source, steps[0]), steps[1:], path)
        return
    target.ClearField(steps[0])
    if field.is_repeated:
        getattr(target, steps[0]).MergeFrom(getattr(source, steps[0]))
    elif field.message_type is None:
        setattr(target, steps[0], getattr(source, steps[0]))
    elif source.HasField(steps[0]):
        getattr(target, steps[0]).CopyFrom(getattr(source, steps[0]))


def page_of(items: Sequence[T], page_size: int, page_token: str) -> tuple[Sequence[T], str]:
    """One page and the token of the next; raises Refused for a token we did not give."""
    try:
        start = int(page_token or "0")
    except ValueError:
        raise invalid("The page_token is not one of ours.") from None
    size = page_size if 0 < page_size <= 1000 else 1000
    stop = start + size
    return items[start:stop], str(stop) if stop < len(items) else ""


def camel(name: str) -> str:
    """A field's name as JSON writes it."""
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)

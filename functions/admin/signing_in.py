"""Where people prove who they are: Firebase, or the local cloud's issuer. Either way an identity token comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from functions.common import log
from functions.common.errors import Problem, Unavailable
from functions.common.settings import SettingsError

if TYPE_CHECKING:
    import httpx

    from functions.admin.settings import Admin

_SIGN_IN_SECONDS = 5.0


class NotSignedIn(Problem):
    """The provider knows nobody by these words. It is not said which of them was wrong."""

    status, code = 422, "NOT_SIGNED_IN"


class Provider(Protocol):
    """`template`: the fields that its form asks for."""

    template: str

    async def token(self, given: Mapping[str, str]) -> str:
        """The identity token of whoever gives these fields. Raises NotSignedIn, Unavailable."""
        ...


class Firebase:
    """Google's Identity Toolkit, `accounts:signInWithPassword`.

    https://cloud.google.com/identity-platform/docs/reference/rest/v1/accounts/signInWithPassword. The password goes
    through this process and is kept nowhere; nor is the refresh token, so that nobody is signed in for longer than an
    hour.
    """

    template = "sign_in_firebase.html"

    def __init__(self, client: httpx.AsyncClient, url: str, key: str) -> None:
        self._client, self._url, self._key = client, url.rstrip("/"), key

    async def token(self, given: Mapping[str, str]) -> str:
        import httpx

        body = {"email": given.get("email", ""), "password": given.get("password", ""), "returnSecureToken": True}
        try:
            response = await self._client.post(
                f"{self._url}/v1/accounts:signInWithPassword",
                params={"key": self._key},
                json=body,
                timeout=_SIGN_IN_SECONDS,
            )
            said: Any = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable("sign-in does not answer now", code="SIGN_IN_UNAVAILABLE") from error
        if response.status_code == 400:
            log.security("admin.sign_in_refused", why=str(said.get("error", {}).get("message", ""))[:40])
            raise NotSignedIn("the address or the password is not right")
        token = said.get("idToken") if response.status_code == 200 else None
        if not isinstance(token, str):
            raise Unavailable("sign-in does not answer now", code="SIGN_IN_UNAVAILABLE")
        return token


class LocalIssuer:
    """The local cloud's `/dev/token`: whoever asks is whoever he says he is. For a developer's machine alone."""

    template = "sign_in_local.html"

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def token(self, given: Mapping[str, str]) -> str:
        import httpx

        stores = [each for each in given.get("stores", "").replace(",", " ").split() if each]
        body = {"role": given.get("role", ""), "tenantId": given.get("tenant", "")}
        more: dict[str, Any] = {"storeIds": stores} if stores else {}
        more |= {"sub": given["name"]} if given.get("name") else {}
        try:
            response = await self._client.post("/dev/token", json=body | more)
            said: Any = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable("the local issuer does not answer now", code="SIGN_IN_UNAVAILABLE") from error
        if response.status_code == 400:
            raise NotSignedIn(str(said["error"]["message"]))
        if response.status_code != 201:
            raise Unavailable("there is no local issuer here", code="SIGN_IN_UNAVAILABLE")
        return str(said["token"])


def provider(own: Admin, environment: str, client: httpx.AsyncClient) -> Provider:
    """The one that the settings name. Raises SettingsError for the local issuer but on a developer's machine."""
    if own.dashboard_sign_in == "firebase":
        if not own.firebase_api_key:
            raise SettingsError("FIREBASE_API_KEY is not set: nobody could sign in to the dashboard")
        return Firebase(client, own.firebase_auth_url, own.firebase_api_key)
    if own.dashboard_sign_in == "local" and environment in ("local", "test"):
        return LocalIssuer(client)
    raise SettingsError(f"DASHBOARD_SIGN_IN is not possible in {environment}: {own.dashboard_sign_in}")

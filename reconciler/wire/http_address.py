"""Where requests may go: who gets a token, whose certificates are believed, which proxy is taken."""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from reconciler.errors import Rejected
from reconciler.wire.loopback import is_loopback

_PRINTABLE = re.compile(r"[!-~]*")


def checked_url(url: str, target: str) -> str:
    """The base URL without a slash at its end. Raises Rejected for one to which no token is ever sent."""

    def refuse(message: str) -> Rejected:
        return Rejected(message, target=target)

    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if not host or parts.scheme not in ("https", "http") or port == 0 or not _PRINTABLE.fullmatch(url):
        # Not quoted: who mistook a field may have put the token here.
        raise refuse("`url` is not a URL; write it like https://scim.example.com/v2")
    if parts.username is not None or parts.password is not None:
        raise refuse("`url` contains credentials; put them into `token`, and only the address into `url`")
    if "?" in url or "#" in url:
        raise refuse("`url` has a part behind ? or #; write the address of the service without it")
    if parts.scheme != "https" and not is_loopback(url):
        raise refuse(f"http://{host} is not encrypted, and no token is sent there; use https")
    if _is_link_local(host):
        raise refuse(
            f"{host} is an address of this network link, where cloud machines keep their credentials"
        )
    if any(part in (".", "..") for part in parts.path.lower().replace("%2e", ".").split("/")):
        raise refuse("`url` has a . or .. in its path; write the path that it leads to")
    return url.rstrip("/")


def _is_link_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_link_local
    except ValueError:
        return False


def trusted(url: str, ca_file: str | None, target: str) -> Any:
    """Whose certificates are believed: those that certifi lists, and a private CA by file.

    Not `ssl.create_default_context`, which writes the keys of every connection into SSLKEYLOGFILE, and not
    OpenSSL's default paths, which SSL_CERT_FILE moves.
    """
    import ssl

    import certifi

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not is_loopback(url):
        context.load_verify_locations(cafile=certifi.where())
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ValueError) as error:
            # A path with a zero byte is a ValueError.
            why = (getattr(error, "strerror", None) or "the file does not exist").lower()
            why = "it holds no certificate" if isinstance(error, ssl.SSLError) else why
            message = f"`ca_file` {ca_file} cannot be used: {why}; name a file with certificates in PEM form"
            raise Rejected(message, target=target) from None
    return context


def environment_proxy(url: str, authorities: Any, target: str) -> Any:
    """The proxy of HTTPS_PROXY or ALL_PROXY; None where NO_PROXY says so, and on the way to this machine."""
    from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]  # typeshed lacks it

    import httpx

    proxies = getproxies_environment()
    chosen = proxies.get("https") or proxies.get("all") or ""
    if not chosen or is_loopback(url) or proxy_bypass_environment(urlsplit(url).netloc, proxies):
        return None
    try:
        parts = urlsplit(chosen if "://" in chosen else f"http://{chosen}")
        if parts.scheme in ("http", "https") and parts.hostname:
            # Only on the way to a proxy that speaks TLS itself is there anybody to be trusted.
            return httpx.Proxy(parts.geturl(), ssl_context=authorities if parts.scheme == "https" else None)
    except (httpx.InvalidURL, ValueError):
        # Said below, where no frame holds the password that may stand in it.
        pass
    message = (
        "the proxy of the environment cannot be used; set HTTPS_PROXY like http://proxy.example.com:3128"
    )
    raise Rejected(message, target=target)

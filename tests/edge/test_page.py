"""The page's small server, as far as it is bytes: what it takes for a request, whom it lets in, what it answers."""

import base64
import contextlib
import hashlib
import re
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.page.http import BadRequest, Request, answer, is_let_in, is_own_name, read_head, refusal
from edge.page.server import page_html, policy
from wire.properties import PROPERTIES


def _asking(**fields: str) -> Request:
    return Request("GET", "/", fields)


def test_head_gives_method_path_and_fields() -> None:
    """The query does not count, names of fields are in lower case."""
    head = b"GET /values.json?now HTTP/1.1\r\nHost: localhost:8066\r\nAccept: */*\r\n\r\n"

    assert read_head(head) == Request("GET", "/values.json", {"host": "localhost:8066", "accept": "*/*"})


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/2\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    ],
)
def test_head_that_is_none_is_refused(head: bytes, status: int) -> None:
    """Before anything is looked at."""
    with pytest.raises(BadRequest) as caught:
        read_head(head)

    assert caught.value.status == status


@given(st.binary(max_size=200))
def test_noise_is_a_request_or_refused(noise: bytes) -> None:
    """Whatever comes, nothing else is raised."""
    with contextlib.suppress(BadRequest):
        assert read_head(noise + b"\r\n\r\n").method in {"GET", "HEAD"}


@pytest.mark.parametrize("status", [HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.METHOD_NOT_ALLOWED])
def test_refusal_is_a_status_and_says_what_would_do(status: HTTPStatus) -> None:
    """A browser asks for the password, a program learns the methods."""
    head = refusal(status).decode()

    assert head.startswith(f"HTTP/1.1 {status.value} ")
    assert ("WWW-Authenticate: Basic" in head) is (status == HTTPStatus.UNAUTHORIZED)
    assert ("Allow: GET, HEAD" in head) is (status == HTTPStatus.METHOD_NOT_ALLOWED)


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("localhost", True),
        ("localhost:8066", True),
        ("127.0.0.1:8066", True),
        ("[::1]:8066", True),
        ("[::1]", True),
        ("localhost.evil.example", False),
        ("evil.example:8066", False),
        ("", False),
    ],
)
def test_page_without_a_password_answers_only_to_its_own_name(host: str, own: bool) -> None:  # noqa: FBT001  # a table
    """A stranger's site cannot have a browser on this machine read the page under the stranger's name."""
    assert is_own_name(_asking(host=host)) is own


@pytest.mark.parametrize(
    ("given_", "let_in"),
    [
        ("Basic " + base64.b64encode("lab:密码:x".encode()).decode(), True),
        ("basic " + base64.b64encode("lab:密码:x".encode()).decode(), True),
        ("Basic " + base64.b64encode(b"lab:wrong").decode(), False),
        ("Basic !!!", False),
        ("Basic é", False),
        ("Bearer x", False),
        ("", False),
    ],
)
def test_credentials_are_compared_whole(given_: str, let_in: bool) -> None:  # noqa: FBT001  # a table
    """Any password in UTF-8; nonsense is not let in and does no harm."""
    assert is_let_in(_asking(authorization=given_), "lab", "密码:x") is let_in


def test_answer_says_its_length_and_closes() -> None:
    """HEAD has the same head and no body; nothing is kept in a cache."""
    whole = answer(HTTPStatus.OK, b"{}", "application/json")
    head, _, body = whole.partition(b"\r\n\r\n")

    assert body == b"{}"
    assert b"Content-Length: 2" in head
    assert {b"Connection: close", b"Cache-Control: no-store"} <= set(head.split(b"\r\n"))
    assert answer(HTTPStatus.OK, b"{}", "application/json", head_only=True) == head + b"\r\n\r\n"


def test_page_stands_alone() -> None:
    """It asks nobody else for anything, and its policy admits just the script and the style in it."""
    html = page_html()
    script = re.search(r"<script>(.*)</script>", html, re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()

    assert re.findall(r"(?:src|href)=\"(?!data:,)", html) == []
    assert "//" not in re.sub(r"(?m)^.*  // .*$", "", html.partition("<style>")[2]).replace("data:,", "")
    assert f"script-src 'sha256-{digest}'" in policy(html)
    assert "unsafe" not in policy(html)


def test_page_names_every_property_in_both_languages() -> None:
    """In the catalogue's words."""
    html = page_html()

    assert all(f'["{each.chinese}", "{each.english}"]' in html for each in PROPERTIES.values())

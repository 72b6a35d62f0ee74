"""What may be an attorney's own channel: nothing that the operator did not name."""

import pytest

from accompany.dispatch.channels import Allowed, Channel, check_push, check_url
from accompany.errors import Malformed
from accompany.ids import CardSerial

ALLOWED = Allowed(
    ("pover", "ntfys", "json"),
    ("ntfy.sh", "push.example.org:8443"),
    ("https://fcm.googleapis.com", "https://*.notify.windows.com"),
)
KEY, AUTH = "B" + "A" * 86, "A" * 22


@pytest.mark.parametrize(
    "url",
    [
        "ntfys://ntfy.sh/my-topic",
        "ntfys://user:word@push.example.org:8443/topic",
        "pover://userkey@token",
    ],
)
def test_what_is_named_is_taken(url: str) -> None:
    check_url(url, ALLOWED)


@pytest.mark.parametrize(
    "url",
    [
        "ntfys://topic",
        "ntfys://127.0.0.1/topic",
        "ntfys://169.254.169.254/latest",
        "ntfys://push.example.org/topic",
        "ntfys://push.example.org:1/topic",
        "ntfys://ntfy.sh@127.0.0.1/topic",
        "ntfys://ntfy.sh/@127.0.0.1/topic",
        "ntfys://a@ntfy.sh@127.0.0.1/topic",
        "ntfys://ntfy.sh\\@127.0.0.1/topic",
        "ntfys://ntfy.sh,127.0.0.1/topic",
        "ntfys://ntfy.sh/topic?mode=private",
        "ntfys://ntfy.sh/topic#x",
        "ntfys://ntfy.sh%2f127.0.0.1/x",
        "ntfys://ntfy.sh/topic\r\nx: y",
        "ntfys://ntfy.sh/" + "x" * 600,
        "NTFYS://ntfy.sh/topic",
        "json://ntfy.sh.evil.example/",
        "http://ntfy.sh/topic",
        "file:///etc/passwd",
        "mailto://user:word@example.org",
        "syslog://",
        "",
    ],
)
def test_everything_else_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(Malformed) as refused:
        check_url(url, ALLOWED)
    assert not url or url not in str(refused.value)


@pytest.mark.parametrize(
    "endpoint", ["https://fcm.googleapis.com/fcm/send/x:y", "https://db5p.notify.windows.com/w/?token=a%2b"]
)  # fmt: skip
def test_a_subscription_at_a_known_service_is_taken(endpoint: str) -> None:
    check_push(endpoint, KEY, AUTH, ALLOWED)


@pytest.mark.parametrize(
    ("endpoint", "key", "auth"),
    [
        ("http://fcm.googleapis.com/x", KEY, AUTH),
        ("https://fcm.googleapis.com:444/x", KEY, AUTH),
        ("https://fcm.googleapis.com.evil.example/x", KEY, AUTH),
        ("https://fcm.googleapis.com@127.0.0.1/x", KEY, AUTH),
        ("https://fcm.googleapis.com/@127.0.0.1", KEY, AUTH),
        ("https://fcm.googleapis.com\\@127.0.0.1/x", KEY, AUTH),
        ("https://.notify.windows.com/x", KEY, AUTH),
        ("https://127.0.0.1/.notify.windows.com", KEY, AUTH),
        ("https://127.0.0.1/x", KEY, AUTH),
        ("https://fcm.googleapis.com/" + "x" * 1024, KEY, AUTH),
        ("https://fcm.googleapis.com/x", KEY[:-1], AUTH),
        ("https://fcm.googleapis.com/x", KEY, "A" * 21),
    ],
)
def test_any_other_is_refused(endpoint: str, key: str, auth: str) -> None:
    with pytest.raises(Malformed):
        check_push(endpoint, key, auth, ALLOWED)


def test_a_label_tells_its_owner_enough_and_others_nothing() -> None:
    def label(value: str) -> str:
        return Channel("i", CardSerial("a"), "apprise", value).label

    assert label("ntfys://user:word@ntfy.sh/topic") == "ntfys://ntfy.sh…"
    assert label("pover://userkey@token") == "pover://…"
    assert Channel("i", CardSerial("a"), "push", "{}").label == "web push"


def test_it_fails_when_the_last_time_it_did() -> None:
    def failing(worked: int | None, failed: int | None) -> bool:
        return Channel("i", CardSerial("a"), "push", "", worked, failed).failing

    assert [failing(None, None), failing(1, None), failing(None, 1)] == [False, False, True]
    assert [failing(1, 2), failing(2, 1)] == [True, False]

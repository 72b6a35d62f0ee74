"""A browser with a virtual authenticator of its own, with or without PRF; what is done there."""

from typing import Any

from browsers import Phone
from people import add_authenticator, violations

DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}


class Device:
    """A browser with a passkey of its own, open at a name: a number can have none."""

    def __init__(self, phone: Phone, prf: bool) -> None:
        self.phone = phone
        self.page = phone.start()
        self.cdp, self.authenticator = add_authenticator(self.page, prf)

    def credentials(self) -> list[dict[str, Any]]:
        asked = {"authenticatorId": self.authenticator}
        found: list[dict[str, Any]] = self.cdp.send("WebAuthn.getCredentials", asked)["credentials"]
        return found

    def take_over(self, other: "Device") -> None:
        """Have the other's passkeys as well, as a password manager brings them to a new device."""
        for one in other.credentials():
            given = {"authenticatorId": self.authenticator, "credential": one}
            self.cdp.send("WebAuthn.addCredential", given)

    def join(self, link: str) -> None:
        """Fill in the invitation and make a passkey, up to what the page says of it."""
        page = self.page
        page.goto(link)
        page.get_by_label("Your name, as callers see it").fill("Ada Advocate")
        page.get_by_label("Texas", exact=True).check()
        page.get_by_label("English", exact=True).check()
        page.get_by_role("button", name="Make my keys and join").click()
        page.get_by_role("heading", name="Keep your keys safe").wait_for()
        assert violations(page) == []
        page.get_by_role("button", name="Make a passkey").click()

    def read_sheet(self) -> str:
        """Return the twelve words, and go on."""
        page = self.page
        page.locator(".words li").nth(11).wait_for()
        assert violations(page) == []
        words = page.locator(".words li").all_inner_texts()
        page.get_by_role("button", name="I have it on paper").click()
        page.get_by_role("button", name="Go on duty").wait_for()
        return " ".join(words)

    def sign_in(self) -> None:
        self.page.get_by_role("button", name="Sign in with a passkey").click()

    def use_words(self, words: str) -> None:
        self.page.get_by_label("The twelve words of your recovery sheet").fill(words)
        self.page.get_by_role("button", name="Sign in with these words").click()

    def wait_for_desk(self) -> None:
        self.page.get_by_role("button", name="Go on duty").wait_for()


def named(link: str) -> str:
    """Return the link under the name this machine has for itself."""
    return link.replace("127.0.0.1", "localhost")

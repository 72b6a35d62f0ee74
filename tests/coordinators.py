"""A coordinator who proved just now who they are, asking over HTTP."""

from typing import Any

from house import Attorney, House


async def ask(held: House, who: Attorney, method: str, path: str, **body: Any) -> Any:
    more = {"json": body} if body else {}
    answer = await held.request(method, path, headers=who.headers, **more)
    held.client.cookies.clear()
    return answer


async def coordinator(held: House) -> Attorney:
    """One who proved just now who they are."""
    cora = await held.person("coordinator", "Cora")
    office = held.server.office
    office.sessions.verify(cora.cookie.partition("=")[2].strip('"'), office.clock.now())
    return cora

"""A plug-in for `bench.stub`: three calls a license over the panel's HTTP client, and nothing to parse."""

from dataclasses import dataclass

from ka_plugins.contract import Delivers, Key, KeyFile, LicenseOrder, Plugin, Settles, Verb
from ka_plugins.settings import setting


@dataclass(frozen=True, slots=True)
class ThinSettings:
    """Where the stub listens."""

    url: str = setting("URL")


class ThinPlugin(Plugin):
    """Found as an outside author's plug-in is: by its entry point."""

    name = "bench_thin"
    label = "Thin stub of the benchmarks"
    Settings = ThinSettings
    delivers = Delivers.KEY | Delivers.FILES
    verbs = frozenset({Verb.ISSUE_KEY, Verb.FETCH_FILES})
    settles = Settles.IDEMPOTENT
    secret_keys = False

    async def issue_key(self, order: LicenseOrder) -> Key:
        """One call."""
        reply = await self.http.send("POST", f"{self.settings.url}/key/{order.reference}", spends=True)
        return Key(reply.body.decode())

    async def fetch_files(self, key: str) -> tuple[KeyFile, ...]:
        """Two calls: which file there is, and the file."""
        name = (await self.http.send("GET", f"{self.settings.url}/files/{key}")).body.decode()
        file = await self.http.send("GET", f"{self.settings.url}/file/{name}")
        return (KeyFile(name, file.body),)

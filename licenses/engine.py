"""The engine: one asyncio loop that drives hundreds of requests at once, made inside a Celery task.

It claims while there is room, walks each request through its steps, and stops in seconds when asked to. The rows are
the record: an engine that dies loses nothing but time.
"""

import asyncio
import gc
import logging
import mmap
import threading
import time
from contextlib import AsyncExitStack
from typing import Any

import uvloop
from django.conf import settings

from ka_plugins.addresses import Reach
from ka_plugins.contract import Key, MisconfiguredError, Plugin, Settles, UnavailableError
from ka_plugins.http import VendorClient
from licenses import bell, intake, keeping, landings, steps
from licenses.alarm import Alarm
from licenses.claimed import Claimed, Desk, Landing, Parking, given_back
from licenses.ledger import Claims, Ledger, LedgerStoppedError
from licenses.models import License, LicenseRequest, PluginConfiguration
from licenses.moves import Line
from licenses.plugins import make_plugin
from pbas.core.crypto import CannotDecryptError
from pbas.core.problems import Problem

logger = logging.getLogger(__name__)

State = LicenseRequest.State
TICK = 1.0  # seconds after which a busy engine looks for due rows unasked: expired leases, retries of others
LAST_COMMITS = 3.0  # seconds that landings get after the grace of the calls is over
OF_LEASE = 0.8  # the part of a lease that one step may take: its answer lands before somebody else has the request
# Allocations between two garbage collections, for each request that may be in flight: what one holds lives for seconds
# and is no garbage. With less, the collector walks over all of them again and again and finds nothing.
COLLECT_AFTER = 100

# One byte that parent and forked children share: the signal to stop reaches the parent only.
_stop = mmap.mmap(-1, 1)
_one_at_a_time = threading.Lock()


def ask_to_stop() -> None:
    """Let every engine of this process and its children hand over: calls under way get some seconds."""
    _stop[0] = 1


def allow_to_run() -> None:
    """Undo `ask_to_stop`, before a worker starts."""
    _stop[0] = 0


def is_stopping() -> bool:
    """Whether the engines of this process were asked to stop; other long work of it stops too."""
    return bool(_stop[0])


def drain() -> int:
    """Run until nothing has been due for a while; answers how many requests were finished with.

    One engine a process: a second drain wakes the first and returns at once.
    """
    if not _one_at_a_time.acquire(blocking=False):
        bell.wake_here()
        return 0
    usual = gc.get_threshold()
    gc.set_threshold(COLLECT_AFTER * settings.ENGINE_SLOTS, *usual[1:])
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(Engine().run())
    finally:
        gc.set_threshold(*usual)
        _one_at_a_time.release()


class Engine:
    """One run. Everything it holds is made in its own loop and ends with it."""

    def __init__(self) -> None:
        self.slots: int = settings.ENGINE_SLOTS
        self.running: set[asyncio.Task[None]] = set()
        self.calling: set[asyncio.Task[Any] | None] = set()  # those of them that wait for a vendor or a target
        self.ending = False
        self.plugins: dict[int, tuple[PluginConfiguration, Plugin]] = {}
        self.walked = 0

    async def run(self) -> int:
        """Claim and walk until idle or out of time while others can be called, or stopped; then hand over."""
        loop = asyncio.get_running_loop()
        async with AsyncExitStack() as ends:  # from the last to the first, whatever becomes of the others
            self.ledger = Ledger(loop, lease=settings.ENGINE_LEASE_SECONDS)
            self.ledger.start()
            ends.push_async_callback(asyncio.to_thread, self.ledger.close)
            self.http = VendorClient(reach=Reach(settings.PBAS_ALLOW_PRIVATE_ADDRESSES), limit=self.slots)
            ends.push_async_callback(self.http.close)
            ends.push_async_callback(self._hand_over)
            self.alarm = Alarm(loop)
            ends.callback(self.alarm.close)
            await self.alarm.listen()
            bell.listen(self.alarm.ring_from_thread)
            ends.callback(bell.leave, self.alarm.ring_from_thread)
            await self._work()
        return self.walked

    async def _work(self) -> None:
        until = time.monotonic() + settings.ENGINE_DRAIN_SECONDS
        idle_since = time.monotonic()
        while not _stop[0] and not self.ledger.dead:
            if self.slots - len(self.running) >= self.slots // 8:
                await self._claim()
            now = time.monotonic()
            if self.running:
                idle_since = now
            lingers = idle_since + settings.ENGINE_LINGER_SECONDS - now
            is_over = now > until or lingers <= 0
            if is_over and await asyncio.to_thread(bell.is_answered):  # without a broker nobody would call the next one
                return
            await self.alarm.wait(TICK if is_over or self.running else min(TICK, lingers))

    async def _claim(self) -> None:
        """Take what is due and there is room for, and start walking it."""
        room = self.slots - len(self.running)
        known = {pk: configuration.version for pk, (configuration, _) in self.plugins.items()}
        try:
            claims = await self.ledger.claim(room, known)
        except LedgerStoppedError:
            return
        self._make_plugins(claims)
        for request in claims.requests:
            configuration, plugin = self.plugins[request.configuration]
            parkings = claims.parkings[request.configuration]
            desk = Desk(plugin, configuration.name, configuration.version, parkings, self._ours)
            task = asyncio.create_task(self._walk(request, desk))
            self.running.add(task)
            task.add_done_callback(self._landed)
        if len(claims.requests) == room:
            self.alarm.ring()

    def _make_plugins(self, claims: Claims) -> None:
        for configuration in claims.configurations:
            try:
                plugin = make_plugin(configuration, self.http)
            except Exception as error:  # noqa: BLE001 (a configuration that cannot work stops its own requests only)
                logger.warning("%s cannot be used: %s", configuration, type(error).__name__)
                plugin = NoPlugin(error, self.http)
            self.plugins[configuration.pk] = (configuration, plugin)

    def _landed(self, task: "asyncio.Task[None]") -> None:
        self.running.discard(task)
        self.walked += 1
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, LedgerStoppedError):  # that one has been told, once for all
            logger.error("A request was left to its lease: %s", error, exc_info=error)
        if not self.running or self.slots - len(self.running) >= self.slots // 8:
            self.alarm.ring()

    # -- one request

    async def _walk(self, request: Claimed, desk: Desk) -> None:
        """Take a request as far as it goes now."""
        while True:
            if _stop[0] or self.ending:
                await self._land(given_back(request), desk)
                return
            landing = await self._call(request, desk)
            if not await self._land(landing, desk) or not landing.move.leased:
                return

    async def _call(self, request: Claimed, desk: Desk) -> Landing:
        """One step. Where the engine's end cuts it short, the row is given back, unless a purchase is under way."""
        task, began = asyncio.current_task(), time.monotonic()
        self.calling.add(task)
        try:
            landing = await self._step(request, desk)
        except asyncio.CancelledError:
            if request.state == State.BUYING:
                raise
            return given_back(request)
        finally:
            self.calling.discard(task)
        landings.clear_secrets(landing, desk)
        landing.milliseconds = round((time.monotonic() - began) * 1000) or None
        return landing

    async def _step(self, request: Claimed, desk: Desk) -> Landing:
        step = steps.unreadable if request.unreadable else steps.STEPS[request.state]
        try:
            async with asyncio.timeout(min(desk.plugin.timeout, OF_LEASE * settings.ENGINE_LEASE_SECONDS)):
                landing = await step(request, desk)
        except TimeoutError:
            return landings.after_error(request, desk, landings.too_late(request, desk))
        except LedgerStoppedError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 (whatever a plug-in does goes to a person, not to the worker)
            logger.warning("Request %s in %s: %s", request.id, request.state, type(error).__name__)
            return landings.after_error(request, desk, error)
        brought = landing.key or landing.files or landing.license_state
        if desk.parkings and brought and request.state in landings.ASKS_VENDOR:
            landing.parking = Parking(request.configuration, desk.version, desk.parkings, well=True)
        return landing

    async def _land(self, landing: Landing, desk: Desk) -> bool:
        """Commit a landing; one that cannot be kept for what it holds becomes a person's."""
        request, license_ = landing.claimed, landing.claimed.license
        try:
            won = await self.ledger.land(landing)
        except LedgerStoppedError:
            raise
        except Exception as error:  # noqa: BLE001 (a plug-in's answer may break in any way where it is taken apart)
            logger.warning("Request %s: %s was not kept: %s", request.id, landing.move.to, type(error).__name__)
            request.license, request.keys = license_, []
            await self.ledger.land(landings.not_kept(request, desk, landing.key, error))
            return False
        if won:
            request.state, request.tries = landing.move.to, landing.move.tries
            if landing.move.wait and not landing.move.leased:
                self.alarm.ring_in(landing.move.wait)
            if landing.parking and landing.parking.seconds:
                self.alarm.ring_in(landing.parking.seconds)
        elif landing.key is not None:  # whoever settles the doubt may read in the story what was sold
            text = f"{desk.name} sold {desk.shown(landing.key)} after somebody else had taken over this request."
            await self.ledger.ask(lambda: keeping.add_line(request, Line("late_answer", text)))
        return won

    async def _ours(self, keys: tuple[Key, ...]) -> tuple[Key, ...]:
        """Of these keys those that no license has yet."""
        if not keys:
            return ()
        plugins = {type(plugin) for _, plugin in self.plugins.values()}
        prints = {key.number: {intake.fingerprint(plugin, key.number) for plugin in plugins} for key in keys}
        wanted = set().union(*prints.values())
        taken = await self.ledger.ask(
            lambda: set(License.objects.filter(fingerprint__in=wanted).values_list("fingerprint", flat=True))
        )
        return tuple(key for key in keys if not prints[key.number] & taken)

    # -- the end

    async def _hand_over(self) -> None:
        """Give calls under way some seconds; then rows that buy keep their lease, all others are due at once."""
        self.ending = True
        if self.running and not self.ledger.dead:
            await asyncio.wait(self.running, timeout=settings.ENGINE_GRACE_SECONDS)
            for task in self.calling:
                if task is not None:
                    task.cancel()
            if self.running:
                await asyncio.wait(self.running, timeout=LAST_COMMITS)
        for task in tuple(self.running):
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)


class NotLoadedError(UnavailableError):
    """The plug-in cannot be used here; another worker may have it, and it is looked for again."""

    fault = "plug-in"


class NoPlugin(Plugin):
    """Stands in where a configuration's plug-in cannot be made: every question says why, and what is kept goes on."""

    settles = Settles.BY_TRAITS  # so that what is in doubt is asked, and told the reason

    async def _say_why(self, *_: Any) -> Any:
        error = self.settings
        if isinstance(error, Problem):
            raise NotLoadedError(error.message)
        why = str(error) if isinstance(error, ValueError | CannotDecryptError) else type(error).__name__
        raise MisconfiguredError(f"The settings cannot be used: {why}")

    issue_key = find_issued = fetch_files = renew = change = _say_why  # type: ignore[assignment]
    suspend = resume = terminate = _say_why  # type: ignore[assignment]

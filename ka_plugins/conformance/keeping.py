"""What follows a purchase: files, questions, renewal, change, suspension and the end."""

# ruff: noqa: S101 - these are tests, although they ship with the product

from __future__ import annotations

import dataclasses
import re
from datetime import UTC
from typing import TYPE_CHECKING

from ka_plugins.contract import KeyStatus, OutcomeUnknownError, Plugin, UnavailableError, Verb
from ka_plugins.workbench import RETRY_SECONDS, Mishap

if TYPE_CHECKING:
    from ka_plugins.contract import Key
    from ka_plugins.workbench import Workbench


class Keeping:
    """Promises of the verbs that work on a bought key."""

    def test_files_are_the_same_bytes_each_time(self, workbench: Workbench) -> None:
        """At least one file; names carry no path."""
        if not workbench.has(Verb.FETCH_FILES, Verb.ISSUE_KEY):
            return
        key = workbench.buy()
        first = workbench.run(lambda plugin: plugin.fetch_files(key.number))
        assert first, "there is no file"
        again = workbench.run(lambda plugin: plugin.fetch_files(key.number))
        assert first == again, "the files are not the same the second time"
        for file in first:
            assert file.body, f"{file.name} is empty"
            assert re.fullmatch(r"[^/\\\x00-\x1f]{1,255}", file.name), f"{file.name!r} is no mere name"
            assert file.name not in {".", ".."}, f"{file.name!r} is no name"
            workbench.plugin.check_file(file)  # what it fetches, a person may bring

    def test_files_are_the_vendors_own_bytes(self, workbench: Workbench) -> None:
        """Nothing is trimmed, decoded or written anew: customers' products check signatures."""
        if workbench.vendor_files is not None and workbench.has(Verb.FETCH_FILES, Verb.ISSUE_KEY):
            key = workbench.buy()
            files = workbench.run(lambda plugin: plugin.fetch_files(key.number))
            sent = list(workbench.vendor_files(key.number))
            assert [file.body for file in files] == sent, "the bytes are not those that the vendor sends"

    def test_file_names_do_not_show_secret_keys(self, workbench: Workbench) -> None:
        """Names are shown and logged in clear."""
        if workbench.plugin.secret_keys and workbench.has(Verb.FETCH_FILES, Verb.ISSUE_KEY):
            key = workbench.buy()
            files = workbench.run(lambda plugin: plugin.fetch_files(key.number))
            assert not [file for file in files if key.number in file.name], "the file's name is the key"

    def test_a_question_without_an_answer_is_unavailable(self, workbench: Workbench) -> None:
        """Reading verbs sell nothing: whatever is lost can be asked again."""
        if not workbench.has(Verb.FETCH_FILES, Verb.ISSUE_KEY):
            return
        key = workbench.buy()
        for mishap in (Mishap.LOST, Mishap.GARBLED, Mishap.TROUBLE, Mishap.PAGE, Mishap.HUGE, Mishap.LIMITED):
            workbench.simulator.play(Verb.FETCH_FILES, mishap)
            error = workbench.error(lambda plugin: plugin.fetch_files(key.number))
            assert isinstance(error, UnavailableError), f"{mishap} became {type(error).__name__}"
            if mishap is Mishap.LIMITED:
                assert error.retry_after == RETRY_SECONDS, "the vendor's Retry-After is lost"

    def test_a_key_is_described_as_it_was_bought(self, workbench: Workbench) -> None:
        """Same identity, same class, alive, and whether it ends at all: what never ends is not renewed."""
        if workbench.has(Verb.DESCRIBE, Verb.ISSUE_KEY):
            key = workbench.buy()
            described = workbench.run(lambda plugin: plugin.describe(key.number))
            assert _same(workbench, described, key), "another license is described"
            assert described.class_code == workbench.order.class_code, "it has another class"
            assert set(workbench.order.features) <= set(described.features), "features that were bought are missing"
            assert described.status is KeyStatus.ACTIVE, f"it is {described.status}"
            ends, known = (bool(one.expires_at or one.renew_at) for one in (key, described))
            assert ends == known, "the sale and the description do not agree whether it ends"

    def test_times_are_utc(self, workbench: Workbench) -> None:
        """Every time that a verb answers with carries its zone."""
        if not workbench.has(Verb.ISSUE_KEY):
            return
        key = workbench.buy()
        answers = [key]
        if workbench.has(Verb.DESCRIBE):
            answers.append(workbench.run(lambda plugin: plugin.describe(key.number)))
        if workbench.has(Verb.RENEW):
            answers.append(workbench.run(lambda plugin: plugin.renew(key.number, "renewal-1")))
        for answer in answers:
            for moment in (answer.created_at, answer.expires_at, answer.renew_at):
                assert moment is None or moment.tzinfo is UTC, f"{moment} is not a time in UTC"

    def test_a_renewed_key_keeps_its_identity(self, workbench: Workbench) -> None:
        """The number may change, the license does not; it ends no sooner than before."""
        if workbench.has(Verb.RENEW, Verb.ISSUE_KEY):
            key = workbench.buy()
            renewed = workbench.run(lambda plugin: plugin.renew(key.number, "renewal-1"))
            assert _same(workbench, renewed, key), "another license was renewed"
            if key.expires_at is not None and renewed.expires_at is not None:
                assert renewed.expires_at >= key.expires_at, "it ends sooner than before"

    def test_a_lost_answer_to_a_renewal_is_an_unknown_outcome(self, workbench: Workbench) -> None:
        """A renewal spends money as a purchase does."""
        if Verb.RENEW in workbench.spoils and workbench.has(Verb.RENEW, Verb.ISSUE_KEY):
            key = workbench.buy()
            for mishap in (Mishap.LOST, Mishap.GARBLED, Mishap.TROUBLE):
                workbench.simulator.play(Verb.RENEW, mishap)
                # each is a renewal of its own: the same one again may be answered without asking the vendor to do it
                error = workbench.error(lambda plugin, own=mishap.name: plugin.renew(key.number, own))  # type: ignore[misc] # mypy infers no default of a lambda
                assert isinstance(error, OutcomeUnknownError), f"{mishap} became {type(error).__name__}"

    def test_a_change_to_what_is_there_changes_nothing(self, workbench: Workbench) -> None:
        """Safe to repeat: no sale, the same features."""
        if workbench.has(Verb.CHANGE, Verb.ISSUE_KEY):
            key = workbench.buy()
            before = workbench.simulator.sold()
            changed = [workbench.run(lambda plugin: plugin.change(key.number, workbench.order)) for _ in range(2)]
            assert workbench.simulator.sold() == before, "a change to what is there has sold something"
            assert {frozenset(one.features) for one in changed} == {frozenset(workbench.order.features)}, (
                "features differ"
            )

    def test_a_change_whose_answer_was_lost_may_be_asked_for_again(self, workbench: Workbench) -> None:
        """The panel asks again whenever it does not know: the license gets there, and nothing is sold twice."""
        wanted = workbench.changed_order
        if wanted is None or Verb.CHANGE not in workbench.spoils or not workbench.has(Verb.CHANGE, Verb.ISSUE_KEY):
            return
        for mishap in (Mishap.LOST, Mishap.GARBLED, Mishap.TROUBLE):
            number = workbench.buy().number
            before = workbench.simulator.sold()
            workbench.simulator.play(Verb.CHANGE, mishap)
            error = workbench.error(lambda plugin, key=number: plugin.change(key, wanted))  # type: ignore[misc] # mypy infers no default of a lambda
            kind = type(error).__name__
            assert isinstance(error, OutcomeUnknownError | UnavailableError), f"{mishap} became {kind}"
            changed = workbench.run(lambda plugin, key=number: plugin.change(key, wanted))  # type: ignore[misc] # the same
            assert set(changed.features) == set(wanted.features), "it has not come to the wanted features"
            assert changed.class_code in {"", wanted.class_code}, "it has not come to the wanted class"
            assert workbench.simulator.sold() == before, "asked again, it sold something"

    def test_a_change_ends_no_additional_key_but_names_it(self, workbench: Workbench) -> None:
        """What is not wanted any more lives until the panel has proven the change, and is then ended by itself."""
        wanted = dataclasses.replace(workbench.order, additional=())
        if not workbench.order.additional or not workbench.has(Verb.CHANGE, Verb.DESCRIBE, Verb.TERMINATE):
            return
        key = workbench.buy()
        for _ in range(2):
            to_end = workbench.run(lambda plugin: plugin.change(key.number, wanted)).to_end
            living = _living(workbench.run(lambda plugin: plugin.describe(key.number)))
            assert living, "the change has ended an additional key"
            assert set(to_end) == living, "what is to be ended is not named"
        for number in living:
            workbench.run(lambda plugin, number=number: plugin.terminate(number))  # type: ignore[misc] # mypy infers no default of a lambda
        there = workbench.run(lambda plugin: plugin.describe(key.number))
        assert there.status is KeyStatus.ACTIVE, "the license has ended with its additional key"
        assert not _living(there), "the additional key still lives"
        assert not workbench.run(lambda plugin: plugin.change(key.number, wanted)).to_end, "what has ended is named"

    def test_a_license_is_suspended_and_resumed_and_each_may_be_repeated(self, workbench: Workbench) -> None:
        """The second time is done already; the license stays the same."""
        if not workbench.has(Verb.SUSPEND, Verb.RESUME, Verb.ISSUE_KEY):
            return
        key = workbench.buy()
        for _ in range(2):
            stopped = workbench.run(lambda plugin: plugin.suspend(key.number))
            assert _same(workbench, stopped, key), "another license was suspended"
            assert stopped.status is KeyStatus.SUSPENDED, f"after suspend it is {stopped.status}"
        for _ in range(2):
            running = workbench.run(lambda plugin: plugin.resume(key.number))
            assert _same(workbench, running, key), "another license was resumed"
            assert running.status is KeyStatus.ACTIVE, f"after resume it is {running.status}"

    def test_a_license_ends_and_may_be_ended_twice(self, workbench: Workbench) -> None:
        """The second time is done already; the vendor then calls the key terminated."""
        if not workbench.has(Verb.TERMINATE, Verb.ISSUE_KEY):
            return
        key = workbench.buy()
        for _ in range(2):
            workbench.run(lambda plugin: plugin.terminate(key.number))
        if workbench.has(Verb.DESCRIBE):
            described = workbench.run(lambda plugin: plugin.describe(key.number))
            assert described.status is KeyStatus.TERMINATED, f"after terminate it is {described.status}"

    def test_all_keys_of_the_account_are_listed_once(self, workbench: Workbench) -> None:
        """Reconciliation relies on it: each key in its written form, no key twice, none that was bought is missing."""
        if not workbench.has(Verb.LIST_KEYS, Verb.ISSUE_KEY):
            return
        bought = [workbench.buy() for _ in range(2)]
        listed = workbench.run(_list_keys)
        identities = [workbench.plugin.key_identity(key.number) for key in listed]
        assert len(identities) == len(set(identities)), "a key is listed twice"
        assert {workbench.plugin.key_identity(key.number) for key in bought} <= set(identities), "a key is missing"
        written = [workbench.plugin.clean_key(key.number) for key in listed]
        assert written == [key.number for key in listed], "a key is not in its written form"


async def _list_keys(plugin: Plugin) -> list[Key]:
    return [key async for key in plugin.list_keys()]


def _living(key: Key) -> set[str]:
    return {one.number for one in key.additional if one.status is KeyStatus.ACTIVE}


def _same(workbench: Workbench, one: Key, other: Key) -> bool:
    return workbench.plugin.key_identity(one.number) == workbench.plugin.key_identity(other.number)

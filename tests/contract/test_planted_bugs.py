"""The suite is worth something: each bug planted into a working plug-in is caught by the promise that it breaks."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from ka_plugins.contract import AdditionalOrder, LicenseOrder, Plugin, RefusedError, Verb
from ka_plugins.keygen.plugin import KeygenPlugin
from ka_plugins.keygen.simulator.describing import PUBLIC_KEY
from ka_plugins.keygen.simulator.wares import POLICIES
from ka_plugins.plesk_ka.plugin import PleskKaPlugin
from ka_plugins.testing import BundledSimulator, PluginContract, Workbench
from tests.contract import planted, planted_keeping
from tests.contract.conftest import METHODS, ka_files

if TYPE_CHECKING:
    from collections.abc import Callable

KEYGEN_METHODS = {Verb.CHECK: "whoAmI", Verb.ISSUE_KEY: "createLicense", Verb.FETCH_FILES: "checkOutLicense"}
PLANTED: list[tuple[type[Plugin], str]] = [
    (planted.SendsAgain, "test_a_lost_answer_to_a_sale_is_an_unknown_outcome"),
    (planted.TakesLostForUnavailable, "test_a_lost_answer_to_a_sale_is_an_unknown_outcome"),
    (planted.QuotesThePassword, "test_a_wrong_password_is_the_configurations_fault"),
    (planted.TakesAWrongPasswordForARefusal, "test_a_wrong_password_is_the_configurations_fault"),
    (planted.BlocksTheLoop, "test_a_slow_vendor_does_not_hold_up_the_loop"),
    (planted.ChangesTheBytes, "test_files_are_the_same_bytes_each_time"),
    (planted.NamesFilesByPath, "test_files_are_the_same_bytes_each_time"),
    (planted.EndsOnce, "test_a_license_ends_and_may_be_ended_twice"),
    (planted.RepeatsACode, "test_classes_and_all_their_options_have_codes_and_names"),
    (planted.FindsNothing, "test_a_sale_with_a_lost_answer_is_found"),
    (planted.FindsWhatIsOlder, "test_nothing_older_than_the_intent_is_found"),
    (planted.WritesKeysInLowerCase, "test_a_bought_key_is_well_formed_and_sold_once"),
    (planted.ForgetsTheZone, "test_times_are_utc"),
    (planted.TakesAnyKey, "test_an_impossible_key_is_refused_with_a_reason"),
    (planted.SwallowsARefusal, "test_a_refused_order_sells_nothing"),
    (planted.BuysAgainAfterAnErrorPage, "test_a_failed_purchase_is_not_sent_again"),
    (planted.TakesUnreachableForUnknown, "test_an_unreachable_vendor_is_unavailable"),
    (planted.ForgetsHowLongToWait, "test_too_many_calls_are_waited_for_as_long_as_the_vendor_says"),
    (planted.MixesPurchases, "test_purchases_at_once_do_not_mix"),
    (planted.BlocksTheLoopWhileBuying, "test_a_late_sale_is_waited_for_and_holds_nobody_up"),
    (planted.SwallowsTheEnd, "test_a_cancelled_call_ends_as_cancelled"),
    (planted.LogsThePassword, "test_no_log_shows_a_secret"),
    (planted.AdoptsWhatHasEnded, "test_what_has_ended_is_not_found_as_alive"),
    (planted_keeping.TrimsFiles, "test_files_are_the_vendors_own_bytes"),
    (planted_keeping.TakesAQuestionForAPurchase, "test_a_question_without_an_answer_is_unavailable"),
    (planted_keeping.DescribesAnotherClass, "test_a_key_is_described_as_it_was_bought"),
    (planted_keeping.SellsWithoutAnEnd, "test_a_key_is_described_as_it_was_bought"),
    (planted_keeping.RenewsIntoAnother, "test_a_renewed_key_keeps_its_identity"),
    (planted_keeping.TakesALostRenewalForUnavailable, "test_a_lost_answer_to_a_renewal_is_an_unknown_outcome"),
    (planted_keeping.BuysWhereItShouldChange, "test_a_change_to_what_is_there_changes_nothing"),
    (planted_keeping.TakesALostChangeForARefusal, "test_a_change_whose_answer_was_lost_may_be_asked_for_again"),
    (planted_keeping.EndsBeforeTheProof, "test_a_change_ends_no_additional_key_but_names_it"),
    (planted.ShortensKeys, "test_a_key_in_its_written_form_stays_as_it_is"),
    (planted.AnswersAtLength, "test_check_answers_with_one_line"),
    (planted.DeclaresWhatItLacks, "test_it_has_what_it_declares"),
    (planted.CannotFindWhatItPromises, "test_it_can_settle_a_lost_answer_as_it_declares"),
    (planted.ShowsItsSecrets, "test_settings_hide_their_secrets"),
    (planted.SellsEachTimeAnew, "test_the_same_order_sent_again_is_the_same_sale"),
    (planted.FindsWhatIsAnothers, "test_an_order_that_was_never_sent_is_not_found"),
    (planted.SuspendsOnce, "test_a_license_is_suspended_and_resumed_and_each_may_be_repeated"),
    (planted.NamesFilesByKey, "test_file_names_do_not_show_secret_keys"),
    (planted.ListsTwice, "test_all_keys_of_the_account_are_listed_once"),
]


def ka_bench(ka: BundledSimulator, plugin: type[Plugin]) -> Workbench:
    place: dict[str, Any] = {"login": "demo", "client": "1", **ka.running.settings()}
    return Workbench(
        plugin=plugin,
        settings=plugin.Settings(password="demo", **place),
        wrong_settings=plugin.Settings(password="wrong-Sesame", **place),
        unreachable_settings=plugin.Settings(password="demo", **{**place, "port": 1}),
        order=LicenseOrder(
            "R-1",
            "PLESK_10_AND_LATER",
            additional=(AdditionalOrder("PLESK_ANTIVIRUS_BY_KAV"),),
            address="192.0.2.11",
        ),
        changed_order=LicenseOrder(
            "R-3", "PLESK_10_AND_LATER", ("30_DOMAINS",), additional=(AdditionalOrder("PLESK_ANTIVIRUS_BY_KAV"),)
        ),
        refused_order=LicenseOrder("R-2", "NO_SUCH_TYPE"),
        simulator=ka,
        secrets=("wrong-Sesame",),
        vendor_files=ka_files(ka),
        spoils=frozenset(METHODS),
    )


def keygen_bench(ka: BundledSimulator, plugin: type[Plugin]) -> Workbench:
    """On the same simulator, which speaks both; an order of its own for each bench."""
    login: dict[str, Any] = {"account": "demo", "public_key": PUBLIC_KEY, "key_secret": "a secret of the tests"}
    place, policy = ka.running.settings(), next(iter(POLICIES))
    return Workbench(
        plugin=plugin,
        settings=plugin.Settings(token="demo", **login, **place),
        wrong_settings=plugin.Settings(token="wrong-Sesame", **login, **place),
        order=LicenseOrder(uuid.uuid4().hex, policy),
        refused_order=LicenseOrder("refused", policy, features=("NO_SUCH_FEATURE",)),
        simulator=BundledSimulator(ka.running, KEYGEN_METHODS),
        secrets=("wrong-Sesame",),
    )


def check(promise: str, bench: Workbench) -> None:
    test: Callable[[Workbench], None] = getattr(PluginContract(), promise)
    test(bench)


@pytest.mark.parametrize(("bug", "promise"), PLANTED, ids=[bug.__name__ for bug, _ in PLANTED])
def test_a_planted_bug_breaks_its_promise(ka: BundledSimulator, bug: type[Plugin], promise: str) -> None:
    make, right = (keygen_bench, KeygenPlugin) if issubclass(bug, KeygenPlugin) else (ka_bench, PleskKaPlugin)
    ka.running.heal()
    check(promise, make(ka, right))
    with pytest.raises((AssertionError, RefusedError)):
        check(promise, make(ka, bug))
    ka.running.heal()


def test_each_promise_is_broken_by_some_bug() -> None:
    promises = {name for name in dir(PluginContract) if name.startswith("test_")}
    assert promises == {promise for _, promise in PLANTED}

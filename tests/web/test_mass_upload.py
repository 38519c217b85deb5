"""Mass upload: what fits where is shown first, a confirmation gives it to the requests, and it can be taken back."""

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from licenses.mass_upload import services
from licenses.mass_upload.reading import MAX_PIECES
from licenses.models import License, LicenseClass, LicenseRequest, UploadBatch, UploadPiece
from licenses.services import install_request
from licenses.uploads import MAX_FILE_BYTES
from pbas.core.lists import bulk
from pbas.core.lists.models import BulkRow, BulkRun
from pbas.core.models import Event
from pbas.core.story import SYSTEM
from tests.factories import make_class, make_configuration, make_order, make_plan, make_ready, make_subscription

pytestmark = pytest.mark.django_db
KEYS = [f"AAAA-BBBB-{number:04}" for number in range(9)]


@pytest.fixture
def sold() -> LicenseClass:
    return make_class(make_configuration(name="By hand"), code="PANEL-PRO", name="Panel Pro")


def owed(sold: LicenseClass, folder: Path, reference: str = "") -> LicenseRequest:
    """A paid order's request that waits for its key."""
    order = make_order(make_plan(sold), **({"reference": reference} if reference else {}))
    subscription = make_subscription(order)
    make_ready(subscription, folder)
    return subscription.license_requests.get()


def bring(client: Client, **files: bytes) -> Any:
    """Post files by name; `_` stands for the dot before the ending."""
    sent = [SimpleUploadedFile(name.replace("__", "."), body) for name, body in files.items()]
    return client.post("/uploads/", {"files": sent}, follow=True)


def verdicts() -> dict[str, tuple[str, int | None]]:
    return {one.name: (one.verdict, one.request_id) for one in UploadPiece.objects.all()}


def confirm(client: Client, batch: UploadBatch, **chosen: str) -> BulkRun:
    """Confirm as the page does, and let the worker do the run."""
    fields = {f"piece-{one.pk}": str(one.request_id or "") for one in batch.pieces.all()}
    client.post(f"/uploads/{batch.pk}/confirm/", {**fields, **chosen})
    run = BulkRun.objects.get(uid=batch.uid)
    bulk.go_on(run.pk)
    run.refresh_from_db()
    return run


def test_a_key_list_and_files_find_their_requests_and_nothing_is_changed_before_it_is_confirmed(
    staff_client: Client, sold: LicenseClass, tmp_path: Path
) -> None:
    first, second = owed(sold, tmp_path), owed(sold, tmp_path)
    rows = f"key;order;activation_code\n{KEYS[0]};{first.order_number};A-1\n{KEYS[1]};{second.order_number};\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"licenses/{KEYS[0]}.xml", "<license/>")
        archive.writestr("licenses/notes.lic", f"made for {KEYS[1]}, thank you")
        archive.writestr("__MACOSX/._notes.lic", "nobody's")
    page = bring(staff_client, keys__csv=rows.encode(), all__zip=packed.getvalue())
    assert verdicts() == {
        "keys.csv, line 2": ("fits", first.pk),
        "keys.csv, line 3": ("fits", second.pk),
        f"{KEYS[0]}.xml": ("fits", first.pk),
        "notes.lic": ("fits", second.pk),
    }
    assert "nothing is changed yet" in page.text
    assert not License.objects.exists()
    run = confirm(staff_client, UploadBatch.objects.get())
    assert (run.done, run.state) == (2, "finished")
    for request, key in ((first, KEYS[0]), (second, KEYS[1])):
        request.refresh_from_db()
        assert request.license is not None
        assert (request.state, request.license.full_key) == ("install", key)
        assert request.files.count() == 1
    assert License.objects.get(requests=first).activation_code == "A-1"
    assert not UploadPiece.objects.exclude(key=None, body=None).exists()  # secrets are kept in one place only
    assert {event.actor for event in Event.objects.filter(kind="uploaded")} == {"staff"}


@pytest.mark.parametrize("name", ["{}.lic", "{}-key.lic", "licenses_{}_2.lic", "order-{}.lic"])
def test_an_order_number_anywhere_in_its_name_says_for_whom_a_file_is(
    staff_client: Client, sold: LicenseClass, tmp_path: Path, name: str
) -> None:
    request, _other = owed(sold, tmp_path), owed(sold, tmp_path)
    bring(staff_client, **{name.format(request.order_number).replace(".", "__"): b"<license/>"})
    assert list(verdicts().values()) == [("fits", request.pk)]


def test_what_fits_several_is_left_to_a_person_and_what_fits_none_says_why(
    staff_client: Client, sold: LicenseClass, tmp_path: Path
) -> None:
    one, other = owed(sold, tmp_path), owed(sold, tmp_path)
    page = bring(
        staff_client, panel_pro__lic=b"x", **{"PANEL-PRO__lic": b"y"}, readme__txt=b"", keys__csv=b"key\nK-1234\n"
    )
    assert verdicts() == {
        "panel_pro.lic": ("unknown", None),
        "PANEL-PRO.lic": ("ambiguous", None),
        "readme.txt": ("unusable", None),
        "keys.csv, line 2": ("ambiguous", None),
    }
    assert "It fits 2 requests. Say which." in page.text
    batch = UploadBatch.objects.get()
    file = batch.pieces.get(name="PANEL-PRO.lic")
    refused = staff_client.post(f"/uploads/{batch.pk}/confirm/", {f"piece-{file.pk}": "999999"})
    assert "request 999999 does not wait for an upload" in refused.text
    assert UploadBatch.objects.get().state == "draft"
    run = confirm(staff_client, batch, **{f"piece-{file.pk}": f"#{other.pk}"})
    assert list(run.rows.values_list("target", "outcome")) == [(other.pk, "done")]
    assert (other.files.get().name, one.files.count()) == ("PANEL-PRO.lic", 0)


def test_keys_of_a_class_go_to_those_who_wait_longest_and_none_twice(
    staff_client: Client, sold: LicenseClass, tmp_path: Path
) -> None:
    waiting = [owed(sold, tmp_path) for _ in range(2)]
    lines = "".join(f"{key},PANEL-PRO\n" for key in [KEYS[0], KEYS[0], KEYS[1], KEYS[2]])
    bring(staff_client, keys__csv=f"key,class\n{lines}".encode())
    assert [(one.verdict, one.request_id) for one in UploadPiece.objects.all()] == [
        ("fits", waiting[0].pk),
        ("duplicate", None),
        ("fits", waiting[1].pk),
        ("unknown", None),
    ]


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("request", "999999", "Request 999999 does not wait for an upload."),
        ("order", "nobody", "No request of order nobody waits for an upload."),
        ("class", "GONE", "No request for class GONE waits for an upload."),
    ],
)
def test_a_line_that_names_what_does_not_wait_says_so(
    staff_client: Client, sold: LicenseClass, tmp_path: Path, column: str, value: str, said: str
) -> None:
    owed(sold, tmp_path)
    assert said in bring(staff_client, keys__csv=f"key,{column}\n{KEYS[0]},{value}\n".encode()).text


def test_a_file_named_after_the_key_of_another_license_is_not_given_to_anybody(
    staff_client: Client, sold: LicenseClass, tmp_path: Path
) -> None:
    done = owed(sold, tmp_path)
    bring(staff_client, keys__csv=f"key,request\n{KEYS[0]},{done.pk}\n".encode())
    confirm(staff_client, UploadBatch.objects.get())
    LicenseRequest.objects.filter(pk=done.pk).update(state="done", finished_at=timezone.now())
    owed(sold, tmp_path)
    page = bring(staff_client, **{f"{KEYS[0]}__lic": b"x"}, keys__csv=f"key\n{KEYS[0]}\n".encode())
    license_ = done.license or License.objects.get()
    assert f"named after the key of license {license_.pk}" in page.text
    assert f"License {license_.pk} has this key." in page.text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"PK\x03\x04 broken", "no ZIP archive that can be opened"),
        (b"x" * (MAX_FILE_BYTES + 1), "larger than 1024 KiB"),
    ],
)
def test_what_cannot_be_read_is_named_with_the_reason(staff_client: Client, body: bytes, said: str) -> None:
    assert said in bring(staff_client, part__zip=body).text


def packed(members: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return made.getvalue()


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({f"bomb-{n}": bytes(33 * 1024 * 1024) for n in range(2)}, "unpacks to more than 64 MiB"),
        ({str(n): b"x" for n in range(MAX_PIECES + 1)}, f"more than {MAX_PIECES} files"),
    ],
    ids=["bomb", "many"],
)
def test_a_bomb_is_refused_before_it_is_unpacked(staff_client: Client, members: dict[str, bytes], said: str) -> None:
    assert said in bring(staff_client, a__zip=packed(members)).text
    assert not UploadBatch.objects.exists()


def test_an_archive_within_an_archive_is_not_opened(staff_client: Client) -> None:
    page = bring(staff_client, a__zip=packed({"inner.zip": packed({"x": b"x"})}))
    assert "an archive within a.zip; unpack that one first" in page.text


def test_ten_thousand_files_are_refused_in_words(staff_client: Client) -> None:
    sent = [SimpleUploadedFile(f"{n}.lic", b"x") for n in range(10_000)]
    answer = staff_client.post("/uploads/", {"files": sent})
    assert answer.status_code == 400
    assert "Too many files at once" in answer.text
    assert not UploadBatch.objects.exists()


def test_confirmed_twice_it_runs_once_and_a_discarded_draft_is_gone(
    staff_client: Client, sold: LicenseClass, tmp_path: Path
) -> None:
    request = owed(sold, tmp_path)
    bring(staff_client, **{f"request-{request.pk}__lic": b"x"})
    batch = UploadBatch.objects.get()
    for _ in range(2):
        confirm(staff_client, batch)
    assert BulkRun.objects.count() == 1
    assert BulkRow.objects.get().outcome == "done"
    assert request.files.count() == 1
    answer = staff_client.post(f"/uploads/{batch.pk}/discard/", follow=True)
    assert "was confirmed meanwhile" in answer.text
    bring(staff_client, **{f"request-{request.pk}__lic": b"z"})
    draft = UploadBatch.objects.first()
    assert draft is not None
    staff_client.post(f"/uploads/{draft.pk}/discard/")
    assert list(UploadBatch.objects.all()) == [batch]


def test_an_upload_is_taken_back_where_nothing_is_installed_and_its_key_is_free_again(
    staff_client: Client, sold: LicenseClass, tmp_path: Path
) -> None:
    wrong, kept = owed(sold, tmp_path), owed(sold, tmp_path)
    rows = f"key,request\n{KEYS[0]},{wrong.pk}\n{KEYS[1]},{kept.pk}\n".encode()
    bring(staff_client, keys__csv=rows, **{f"{KEYS[0]}__lic": b"x"}, **{f"{KEYS[1]}__lic": b"y"})
    batch = UploadBatch.objects.get()
    confirm(staff_client, batch)
    kept.refresh_from_db()
    LicenseRequest.objects.filter(pk=install_request(request=kept, actor=SYSTEM).pk).update(
        state="done", finished_at=timezone.now(), leased=False, due_at=None
    )
    assert UploadBatch.objects.get().state == "confirmed"
    staff_client.post(f"/uploads/{batch.pk}/undo/", {"reason": "the vendor mixed them up"})
    run = BulkRun.objects.get(uid=UploadBatch.objects.get().undo_uid)
    bulk.go_on(run.pk)
    assert dict(run.rows.values_list("target", "outcome")) == {wrong.pk: "done", kept.pk: "skipped"}
    wrong.refresh_from_db()
    assert (wrong.state, wrong.license, wrong.files.count()) == ("key", None, 0)
    assert Event.objects.get(kind="upload_undone", request=wrong).detail == "the vendor mixed them up"
    withdrawn = License.objects.get(state="terminated")
    assert withdrawn.subscription is None
    bring(staff_client, keys__csv=f"key,request\n{KEYS[0]},{wrong.pk}\n".encode())
    again = UploadBatch.objects.first()
    assert again is not None
    confirm(staff_client, again)
    wrong.refresh_from_db()
    assert wrong.license is not None
    assert wrong.license.full_key == KEYS[0]


def test_a_draft_that_nobody_confirms_is_forgotten(staff_client: Client, sold: LicenseClass, tmp_path: Path) -> None:
    bring(staff_client, **{f"request-{owed(sold, tmp_path).pk}__lic": b"x"})
    services.forget_drafts()
    assert UploadBatch.objects.exists()
    UploadBatch.objects.update(created_at=timezone.now() - services.DRAFT_KEPT)
    services.forget_drafts()
    assert not UploadPiece.objects.exists()


def test_a_preview_costs_the_same_however_many_parts(
    staff_client: Client, sold: LicenseClass, tmp_path: Path, django_assert_max_num_queries: Any
) -> None:
    for _ in range(6):
        owed(sold, tmp_path)
    bring(staff_client, keys__csv=("key,class\n" + "".join(f"{key},PANEL-PRO\n" for key in KEYS)).encode())
    with django_assert_max_num_queries(8):
        page = staff_client.get(f"/uploads/{UploadBatch.objects.get().pk}/")
    assert len(re.findall('name="piece-', page.text)) == len(KEYS)

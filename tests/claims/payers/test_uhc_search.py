"""The UnitedHealthcare adapter where everything goes well: windows, pages, people, dialects."""

import asyncio
from datetime import timedelta

import pytest

from app.claims.matching import NAME_SWAPPED, NAME_TRUNCATED, match, wanted
from app.claims.payers.port import DatesOutOfRange, QuestionRejected, WindowTooLarge
from app.claims.payers.windows import payer_today
from app.dev.payer.book import SyntheticClaim
from tests.claims.payers.payer_stand import TIN, Stand, ask, days_ago, walk


async def test_capabilities_are_the_options(stand: Stand) -> None:
    can = stand.adapter(max_window_days=20, page_size=50, max_results=500).capabilities
    assert can.by_patient
    assert can.by_provider_window
    assert not can.by_claim_number
    assert not can.native_batch
    assert can.max_window_days == 20
    assert can.max_pages == 11


@pytest.mark.parametrize(
    ("claims", "sizes"),
    [
        (1, [1]),
        (50, [50]),
        (51, [50, 1]),
        (100, [50, 50]),
        (499, [50] * 9 + [49]),
        (500, [50] * 10),
    ],
)
async def test_every_page_is_walked(stand: Stand, claims: int, sizes: list[int]) -> None:
    stand.payer.books.write(TIN, claims=claims, days=1)
    pages = await walk(stand.adapter(), ask(1))
    assert [len(page.claims) for page in pages] == sizes
    assert [page.complete for page in pages] == [False] * (len(sizes) - 1) + [True]
    numbers = {claim.claim_number for page in pages for claim in page.claims}
    assert numbers == {claim.claim_number for claim in stand.payer.books.claims_of(TIN)}


async def test_a_window_without_claims_is_empty_and_complete(stand: Stand) -> None:
    page = await stand.adapter().search(ask(from_date=days_ago(0)))
    assert page.claims == ()
    assert page.complete
    assert page.next_token is None
    assert page.payer_code == "LCLM_PS_201"


async def test_a_claim_is_read_whole(stand: Stand) -> None:
    page = await stand.adapter().search(ask(1))
    book = {claim.claim_number: claim for claim in stand.payer.books.claims_of(TIN)}
    assert page.request_id is not None
    assert len(page.claims) == 10
    for claim in page.claims:
        true = book[claim.claim_number]
        assert claim.first_name == true.first_name.upper()
        assert claim.first_key == true.first_name.lower()
        assert claim.last_key == true.last_name.lower()
        assert claim.date_of_birth == true.date_of_birth
        assert (claim.service_from, claim.service_to) == (true.service_from, true.service_to)
        assert claim.total_charged == _money(true.charged_cents)
        assert claim.total_paid == _money(true.paid_cents)
        assert claim.processed_date == true.processed
        assert claim.processed_time == ("07:45:00" if true.processed else None)
        assert claim.subscriber_id == true.subscriber_id
        assert claim.warnings == ()


def _money(cents: int | None) -> str | None:
    return None if cents is None else f"{cents // 100}.{cents % 100:02d}"


async def test_only_the_patient_comes_back(stand: Stand) -> None:
    true = stand.payer.books.book(TIN).claim(5_990)
    question = ask(
        20,
        first_name=true.first_name,
        last_name=true.last_name,
        date_of_birth=true.date_of_birth,
    )
    page = await stand.adapter().search(question)
    assert true.claim_number in {claim.claim_number for claim in page.claims}
    assert {claim.date_of_birth for claim in page.claims} == {true.date_of_birth}


@pytest.mark.parametrize("first_name", ["José", "李", "Eve\r\nX-Injected: 1", "Eve\x00", "a" * 600])
async def test_a_name_that_cannot_be_sent_is_left_out(stand: Stand, first_name: str) -> None:
    true = stand.payer.books.book(TIN).claim(5_990)
    question = ask(
        3, first_name=first_name, last_name=true.last_name, date_of_birth=true.date_of_birth
    )
    page = await stand.adapter().search(question)
    assert len(page.claims) == 30
    assert stand.calls["by_status"] == {"200": 1}


@pytest.mark.parametrize("tin", ["12345678", "1234567890", "12345678x", "", "12345678\n"])
async def test_a_tin_that_is_none_is_not_sent(stand: Stand, tin: str) -> None:
    with pytest.raises(QuestionRejected):
        await stand.adapter().search(ask(tin=tin))
    assert stand.calls["calls"] == 0


async def test_windows_that_the_payer_would_refuse_are_not_sent(stand: Stand) -> None:
    adapter = stand.adapter()
    with pytest.raises(WindowTooLarge):
        await adapter.search(ask(31))
    with pytest.raises(DatesOutOfRange):
        await adapter.search(ask(from_date=days_ago(731), to_date=days_ago(720)))
    with pytest.raises(DatesOutOfRange):
        await adapter.search(ask(from_date=days_ago(-1), to_date=days_ago(-2)))
    with pytest.raises(QuestionRejected):
        await adapter.search(ask(from_date=days_ago(1), to_date=days_ago(2)))
    assert stand.calls["calls"] == 0


async def test_widest_and_oldest_window_is_accepted(stand: Stand) -> None:
    await stand.adapter().search(ask(30))
    await stand.adapter().search(ask(from_date=days_ago(730), to_date=days_ago(700)))


async def test_days_to_come_are_cut_off(stand: Stand) -> None:
    page = await stand.adapter().search(ask(1, to_date=payer_today() + timedelta(days=2)))
    assert len(page.claims) == 10
    assert list(stand.calls["by_window"]) == [f"{TIN} {days_ago(1)} {payer_today()}"]


async def test_ninety_day_dialect(stand: Stand) -> None:
    stand.play(window_days=90)
    adapter = stand.adapter(max_window_days=89, max_results=5_000)
    stand.play(window_days=90, max_results=5_000)
    pages = await walk(adapter, ask(89))
    assert sum(len(page.claims) for page in pages) == 890


async def test_dates_may_be_left_out_beside_a_page_token(stand: Stand) -> None:
    stand.play(refuse_dates_with_page_token=True)
    pages = await walk(stand.adapter(dates_with_page_token=False), ask(7))
    assert [len(page.claims) for page in pages] == [50, 20]
    with pytest.raises(QuestionRejected) as refused:
        await walk(stand.adapter(), ask(7))
    assert refused.value.facts.payer_code == "LCLM_PS_106"


async def test_odd_amounts_and_times(stand: Stand) -> None:
    stand.play(odd_amounts=True, dotted_times=True)
    page = await stand.adapter().search(ask(3))
    assert {claim.total_charged for claim in page.claims} == {"1234.50"}
    assert {claim.total_paid for claim in page.claims} == {None, "1234.50"}
    assert {claim.processed_time for claim in page.claims} <= {None, "07:45:00"}


def _longest(stand: Stand) -> SyntheticClaim:
    book = stand.payer.books.book(TIN)
    return max(map(book.claim, range(5_970, 6_000)), key=lambda claim: len(claim.first_name))


@pytest.mark.parametrize(
    ("names", "warning"), [("truncated", NAME_TRUNCATED), ("swapped", NAME_SWAPPED)]
)
async def test_names_as_payers_write_them_still_match(
    stand: Stand, names: str, warning: str
) -> None:
    stand.play(names=names)
    true = _longest(stand)
    assert len(true.first_name) > 10
    page = await stand.adapter().search(ask(3))
    verdict = match(
        wanted(
            first_name=true.first_name,
            last_name=true.last_name,
            date_of_birth=true.date_of_birth,
            claim_number=true.claim_number,
        ),
        page.claims,
    )
    assert [line["claim_number"] for line in verdict.results] == [true.claim_number]
    assert verdict.warnings == (warning,)


async def test_calls_in_flight_stay_under_the_cap(stand: Stand) -> None:
    stand.play(latency_ms=20)
    adapter = stand.adapter(concurrency=4)
    questions = [ask(from_date=days_ago(n), to_date=days_ago(n)) for n in range(1, 33)]
    pages = await asyncio.gather(*(adapter.search(question) for question in questions))
    assert all(len(page.claims) == 10 for page in pages)
    assert stand.calls["max_in_flight"] == 4

"""Each way in which a payer fails, over real HTTP, and the fault that the engine gets."""

import asyncio
import json
import time
from typing import Any

import pytest

from app.claims.payers.port import (
    CircuitOpen,
    CredentialsRefused,
    DateMismatch,
    DatesOutOfRange,
    FaultKind,
    NoPermit,
    Page,
    PageTokenExpired,
    PayerBadResponse,
    PayerFault,
    PayerRateLimited,
    PayerTimeout,
    PayerUnavailable,
    Question,
    QuestionRejected,
    WindowTooLarge,
)
from tests.claims.payers.payer_stand import TIN, Stand, ask, walk

_REJECTED = ("102", "105", "106", "108", "111", "113", "202")


@pytest.mark.parametrize(
    ("code", "fault", "kind", "row_code", "calls"),
    [
        *((f"LCLM_PS_{n}", QuestionRejected, "final", "payer.rejected", 1) for n in _REJECTED),
        ("LCLM_PS_107", DatesOutOfRange, "final", "row.date_range", 1),
        ("LCLM_PS_112", WindowTooLarge, "narrow", "payer.truncated", 1),
        ("LCLM_PS_203", PageTokenExpired, "token_expired", None, 1),
        ("LCLM_PS_301", PayerTimeout, "transient", "payer.timeout", 3),
        ("LCLM_PS_302", PayerUnavailable, "transient", "payer.unavailable", 3),
        ("LCLM_PS_303", PayerUnavailable, "transient", "payer.unavailable", 3),
        ("LCLM_PS_304", PayerUnavailable, "transient", "payer.unavailable", 3),
        ("LCLM_PS_305", WindowTooLarge, "narrow", "payer.truncated", 1),
        ("LCLM_PS_306", WindowTooLarge, "narrow", "payer.truncated", 1),
        ("LCLM_PS_307", DateMismatch, "final", "payer.date_mismatch", 1),
        ("LCLM_PS_500", PayerUnavailable, "transient", "payer.unavailable", 3),
        ("LCLM_PA_500", PayerUnavailable, "transient", "payer.unavailable", 3),
        ("LCLM_PS_999", QuestionRejected, "final", "payer.rejected", 1),
    ],
)
async def test_error_table(
    stand: Stand,
    code: str,
    fault: type[PayerFault],
    kind: str,
    row_code: str | None,
    calls: int,
) -> None:
    stand.play(error_code=code)
    with pytest.raises(fault) as raised:
        await stand.adapter().search(ask())
    assert raised.value.kind == FaultKind(kind)
    assert raised.value.row_code == row_code
    assert raised.value.facts.payer_code == code
    assert raised.value.facts.request_id is not None
    assert stand.calls["calls"] == calls


@pytest.mark.parametrize("status", [200, 400, 404, 500])
async def test_the_code_counts_and_not_the_status_it_comes_with(stand: Stand, status: int) -> None:
    adapter = stand.adapter()
    stand.play(error_code="LCLM_PS_201", error_status=status)
    page = await adapter.search(ask())
    assert (page.claims, page.complete) == ((), True)
    stand.play(error_code="LCLM_PS_306", error_status=status)
    with pytest.raises(WindowTooLarge):
        await adapter.search(ask())


@pytest.mark.parametrize("cap_on_page", ["first", "last"])
async def test_501_claims_are_too_many(stand: Stand, cap_on_page: str) -> None:
    stand.payer.books.write(TIN, claims=501, days=1)
    stand.play(cap_on_page=cap_on_page)
    with pytest.raises(WindowTooLarge) as raised:
        await walk(stand.adapter(), ask(1))
    assert raised.value.facts.payer_code == "LCLM_PS_306"
    assert stand.calls["calls"] == (1 if cap_on_page == "first" else 10)


async def test_305_only_for_wide_windows(stand: Stand) -> None:
    stand.play(error_code="LCLM_PS_305", error_over_days=2)
    with pytest.raises(WindowTooLarge):
        await stand.adapter().search(ask(2))
    assert len((await stand.adapter().search(ask(1))).claims) == 10


async def test_expired_page_token_starts_the_window_again(stand: Stand) -> None:
    stand.play(page_token_expires_on=3)
    adapter = stand.adapter()
    with pytest.raises(PageTokenExpired):
        await walk(adapter, ask(14))
    pages = await walk(adapter, ask(14))
    assert [len(page.claims) for page in pages] == [50, 50, 40]


async def test_the_same_question_answered_differently(stand: Stand) -> None:
    stand.play(flicker=True)
    adapter = stand.adapter()
    counts = [len((await adapter.search(ask(3))).claims) for _ in range(3)]
    assert counts == [30, 0, 30]


@pytest.mark.parametrize(
    ("switch", "keys"),
    [
        ("share_bad_json", ()),
        ("share_html", ()),
        ("share_wrong_key", ("claimsSummaryInfo",)),
        ("share_missing_claims", ()),
        ("nonsense_amounts", ("claims",)),
    ],
)
async def test_an_unknown_body_is_never_an_empty_answer(
    stand: Stand, switch: str, keys: tuple[str, ...]
) -> None:
    stand.play(**{switch: 1})
    with pytest.raises(PayerBadResponse) as raised:
        await stand.adapter().search(ask())
    assert raised.value.row_code == "payer.bad_response"
    assert raised.value.facts.body_keys == keys
    assert len(raised.value.facts.body_sha256 or "") == 64
    assert stand.calls["calls"] == 2


@pytest.mark.parametrize("switch", ["share_bad_json", "share_html", "share_wrong_key"])
async def test_an_unknown_body_once_is_asked_again(stand: Stand, switch: str) -> None:
    stand.play(**{switch: 1}, first_calls=1)
    assert len((await stand.adapter().search(ask())).claims) == 30


@pytest.mark.parametrize("switch", ["share_500", "share_drop"])
async def test_failures_pass(stand: Stand, switch: str) -> None:
    stand.play(**{switch: 1}, first_calls=2)
    assert len((await stand.adapter().search(ask())).claims) == 30
    assert stand.calls["calls"] == 3


@pytest.mark.parametrize("switch", ["share_500", "share_drop"])
async def test_failures_that_stay_are_unavailable(stand: Stand, switch: str) -> None:
    stand.play(**{switch: 1})
    with pytest.raises(PayerUnavailable) as raised:
        await stand.adapter(tries=2).search(ask())
    assert raised.value.row_code == "payer.unavailable"
    assert stand.calls["calls"] == 2


async def test_nobody_listens(stand: Stand) -> None:
    adapter = stand.adapter(base_url="http://127.0.0.1:1/Claims")
    with pytest.raises(PayerUnavailable):
        await adapter.search(ask())


@pytest.mark.parametrize("fault", [{"share_hang": 1.0}, {"latency_ms": 2_000}])
async def test_no_answer_in_time(stand: Stand, fault: dict[str, Any]) -> None:
    stand.play(**fault)
    begun = time.monotonic()
    with pytest.raises(PayerTimeout) as raised:
        await stand.adapter(timeout_seconds=0.15, tries=2).search(ask())
    assert raised.value.row_code == "payer.timeout"
    # The stand hangs for as long as one waits; a machine that is busy may add some seconds.
    assert time.monotonic() - begun < 10
    assert stand.calls["calls"] == 2


async def test_throttled_with_a_short_retry_after_is_sat_out(stand: Stand) -> None:
    stand.play(share_429=1, retry_after="1", first_calls=1)
    begun = time.monotonic()
    assert len((await stand.adapter().search(ask())).claims) == 30
    assert time.monotonic() - begun > 0.9


async def test_throttled_with_a_long_retry_after_goes_up_at_once(stand: Stand) -> None:
    stand.play(share_429=1, retry_after=40)
    adapter = stand.adapter()
    with pytest.raises(PayerRateLimited) as raised:
        await adapter.search(ask())
    assert raised.value.row_code == "payer.rate_limited"
    assert raised.value.retry_after == 40
    with pytest.raises(NoPermit) as held_back:
        await adapter.search(ask())
    assert 30 < (held_back.value.retry_after or 0) <= 40
    assert stand.calls["calls"] == 1


async def test_throttled_without_retry_after(stand: Stand) -> None:
    stand.play(share_429=1, retry_after=None, first_calls=1)
    assert len((await stand.adapter().search(ask())).claims) == 30


async def test_an_open_circuit_lets_one_trial_through(stand: Stand) -> None:
    stand.play(share_500=1)
    adapter = stand.adapter(tries=1, breaker_failures=3, breaker_pause_seconds=0.3)
    for _ in range(3):
        with pytest.raises(PayerUnavailable):
            await adapter.search(ask())
    assert adapter.circuit_open
    outcomes = await asyncio.gather(
        *(adapter.search(ask()) for _ in range(20)), return_exceptions=True
    )
    assert all(isinstance(outcome, CircuitOpen) for outcome in outcomes)
    assert stand.calls["calls"] == 3
    await asyncio.sleep(0.31)
    await asyncio.gather(*(adapter.search(ask()) for _ in range(20)), return_exceptions=True)
    assert stand.calls["calls"] == 4
    stand.play()
    await asyncio.sleep(0.31)
    assert len((await adapter.search(ask())).claims) == 30
    assert not adapter.circuit_open


async def test_no_retry_while_the_circuit_is_open(stand: Stand) -> None:
    stand.play(share_500=1)
    with pytest.raises(PayerUnavailable):
        await stand.adapter(tries=10, breaker_failures=2).search(ask())
    assert stand.calls["calls"] == 2


async def test_answers_that_are_no_outage_leave_the_circuit_closed(stand: Stand) -> None:
    adapter = stand.adapter(tries=1, breaker_failures=2)
    for fault in (
        {"error_code": "LCLM_PS_306"},
        {"error_code": "LCLM_PS_307"},
        {"unauthorized": "always"},
        {"share_html": 1},
    ):
        stand.play(**fault)
        for _ in range(3):
            with pytest.raises(PayerFault):
                await adapter.search(ask())
    assert not adapter.circuit_open
    assert stand.calls["calls"] == 15


async def test_403_is_about_credentials(stand: Stand) -> None:
    stand.play(error_code="FORBIDDEN", error_status=403)
    with pytest.raises(CredentialsRefused):
        await stand.adapter().search(ask())


async def test_mixed_weather_loses_no_claim(stand: Stand) -> None:
    stand.play(
        share_500=0.1, share_drop=0.1, share_html=0.02, share_bad_json=0.02, share_429=0.02,
        retry_after="0",
    )  # fmt: skip
    adapter = stand.adapter(tries=10, breaker_failures=1_000)
    kinds: set[FaultKind] = set()
    numbers: set[str] = set()

    async def until_answered(question: Question) -> Page:
        while True:
            try:
                return await adapter.search(question)
            except PayerFault as fault:
                kinds.add(fault.kind)

    for day in range(1, 41):
        start = ask(day).from_date
        page = await until_answered(ask(from_date=start, to_date=start))
        numbers |= {claim.claim_number for claim in page.claims}
    assert len(numbers) == 400
    assert kinds <= {FaultKind.TRANSIENT}


async def test_no_fault_tells_of_the_patient(
    stand: Stand, capfd: pytest.CaptureFixture[str]
) -> None:
    patient: dict[str, Any] = {"first_name": "Zebulon", "last_name": "Quark"}
    secrets = ("Zebulon", "Quark", "01/02/1903", "1903-01-02", TIN, "sandbox-secret", "Bearer")
    for faults in (
        {"share_500": 1},
        {"share_html": 1},
        {"nonsense_amounts": True, "names": "plain"},
        {"error_code": "LCLM_PS_102"},
        {"share_drop": 1},
    ):
        stand.play(**faults)
        question = ask(**patient, date_of_birth=ask().from_date.replace(1903, 1, 2))
        if "nonsense_amounts" in faults:
            question = ask()
        with pytest.raises(PayerFault) as raised:
            await stand.adapter(tries=1).search(question)
        chain: BaseException | None = raised.value
        told = json.dumps(str(raised.value.facts))
        while chain is not None:
            told += repr(chain)
            chain = None if chain.__suppress_context__ else chain.__context__
        assert not [secret for secret in secrets if secret in told]
    logged = "".join(capfd.readouterr())
    assert not [secret for secret in secrets if secret in logged]

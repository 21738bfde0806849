"""The local payer's own switches, over HTTP, and as a process of its own."""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from app.core.http import Answer, HttpClient, HttpUnconnected, fetch, open_client
from app.dev.local_server import serving
from app.dev.payer.asgi import SUMMARY_PATH, LocalPayer, PayerOptions
from app.dev.payer.faults import Faults, parse_faults
from app.dev.payer.questions import payer_today
from app.dev.payer.server import main

TIN = "471000055"


class Caller:
    """Speaks to the local payer as any client would."""

    def __init__(self, client: HttpClient, url: str) -> None:
        self.client = client
        self.url = url
        self.token = ""

    async def send(self, method: str, path: str, **more: Any) -> Answer:
        return await fetch(self.client, self.client.build_request(method, self.url + path, **more))

    async def get_json(self, method: str, path: str, **more: Any) -> Any:
        answer = await self.send(method, path, **more)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    async def sign_in(self) -> None:
        fields = {
            "grant_type": "client_credentials",
            "client_id": "sandbox",
            "client_secret": "sandbox-secret",
        }
        self.token = (await self.get_json("POST", "/v1/oauthtoken", data=fields))["access_token"]

    async def until_up(self) -> None:
        async with asyncio.timeout(60):
            while True:
                try:
                    return await self.sign_in()
                except HttpUnconnected:
                    await asyncio.sleep(0.05)

    async def summary(
        self, headers: dict[str, str | None] | None = None, *, days: int = 2
    ) -> Answer:
        today = payer_today()
        usual: dict[str, str | None] = {
            "Authorization": f"Bearer {self.token}",
            "tin": TIN,
            "payerId": "87726",
            "firstServiceDt": (today - timedelta(days=days)).strftime("%m/%d/%Y"),
            "lastServiceDt": today.strftime("%m/%d/%Y"),
        }
        given = {
            name: value for name, value in (usual | (headers or {})).items() if value is not None
        }
        return await self.send("GET", SUMMARY_PATH, headers=given)


@pytest.fixture(scope="module")
async def address() -> AsyncIterator[str]:
    async with serving(LocalPayer(PayerOptions(claims=1_200, days=600))) as url:
        yield url


@pytest.fixture
async def caller(address: str) -> AsyncIterator[Caller]:
    client = open_client(timeout_seconds=5, connections=10)
    caller = Caller(client, address)
    await caller.send("POST", "/_sandbox/reset")
    await caller.sign_in()
    yield caller
    await client.aclose()


def code(answer: Answer) -> str:
    return str(json.loads(answer.body)["errors"][0]["code"])


DAY = "%m/%d/%Y"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"tin": None}, "LCLM_PS_102"),
        ({"tin": "12"}, "LCLM_PS_102"),
        ({"payerId": None}, "LCLM_PS_102"),
        ({"payerId": "06111"}, "LCLM_PS_105"),
        ({"firstServiceDt": None}, "LCLM_PS_102"),
        ({"firstServiceDt": "2026-01-01"}, "LCLM_PS_108"),
        ({"firstServiceDt": "13/01/2026"}, "LCLM_PS_108"),
        ({"lastServiceDt": "tomorrow"}, "LCLM_PS_111"),
        ({"ptntDob": "1984"}, "LCLM_PS_113"),
        ({"lastServiceDt": (payer_today() + timedelta(days=2)).strftime(DAY)}, "LCLM_PS_107"),
        ({"firstServiceDt": (payer_today() - timedelta(days=740)).strftime(DAY)}, "LCLM_PS_107"),
        ({"firstServiceDt": (payer_today() - timedelta(days=31)).strftime(DAY)}, "LCLM_PS_112"),
        ({"lastServiceDt": (payer_today() - timedelta(days=9)).strftime(DAY)}, "LCLM_PS_106"),
        ({"transactionId": "unknown-2"}, "LCLM_PS_203"),
        ({"ptntFn": "Nobody", "ptntLn": "Absentia", "ptntDob": "01/01/1990"}, "LCLM_PS_201"),
    ],
)
async def test_questions_are_refused_as_the_payer_does(
    caller: Caller, headers: dict[str, str | None], expected: str
) -> None:
    answer = await caller.summary(headers)
    assert code(answer) == expected
    assert answer.status in (400, 404)


async def test_without_a_token_nothing_is_told(caller: Caller) -> None:
    assert (await caller.summary({"Authorization": None})).status == 401
    assert (await caller.summary({"Authorization": "Bearer wrong"})).status == 401
    assert (await caller.summary()).status == 200


async def test_only_the_body_carries_the_credentials(caller: Caller) -> None:
    path = "/v1/oauthtoken"
    basic = {"Authorization": "Basic c2FuZGJveDpzYW5kYm94LXNlY3JldA=="}
    form = {"grant_type": "client_credentials"}
    assert (await caller.send("POST", path, headers=basic, data=form)).status == 401
    assert (await caller.send("POST", path, content=b"{broken")).status == 401
    fields = {
        "grant_type": "client_credentials",
        "client_id": "sandbox",
        "client_secret": "sandbox-secret",
    }
    assert (await caller.get_json("POST", path, json=fields))["expires_in"] == 3600


async def test_a_patient_may_be_asked_for_in_part(caller: Caller) -> None:
    claims = json.loads((await caller.summary(days=30)).body)["claims"]
    name = claims[0]["memberInfo"]["ptntLn"]
    answer = json.loads((await caller.summary({"ptntLn": name.lower()}, days=30)).body)
    assert {claim["memberInfo"]["ptntLn"] for claim in answer["claims"]} == {name}


async def test_switches_and_counters(caller: Caller) -> None:
    faults = await caller.get_json("POST", "/_sandbox/faults", json={"share_500": 1})
    assert faults["share_500"] == 1
    assert (await caller.summary()).status == 500
    assert (await caller.summary()).status == 500
    await caller.send("POST", "/_sandbox/faults")
    for _ in range(3):
        assert (await caller.summary()).status == 200
    counted = await caller.get_json("GET", "/_sandbox/calls")
    assert counted["calls"] == 5
    assert counted["by_status"] == {"500": 2, "200": 3}
    assert counted["repeated_calls"] == 2
    assert counted["most_repeats"] == 2
    assert counted["in_flight"] == 0
    assert sum(counted["by_second"].values()) == 5
    await caller.send("POST", "/_sandbox/reset")
    assert (await caller.get_json("GET", "/_sandbox/calls"))["calls"] == 0


async def test_unknown_switches_are_refused(caller: Caller) -> None:
    for body in ({"share_5000": 1}, {"share_500": 2}, {"names": "odd"}):
        assert (await caller.send("POST", "/_sandbox/faults", json=body)).status == 422
    assert (await caller.send("POST", "/_sandbox/books", json={"tin": "1"})).status == 422
    assert (await caller.send("GET", "/_sandbox/nothing")).status == 404


async def test_a_denser_book(caller: Caller) -> None:
    dense = {"tin": TIN, "claims": 501, "days": 1}
    assert (await caller.get_json("POST", "/_sandbox/books", json=dense))["claims"] == 501
    assert code(await caller.summary(days=1)) == "LCLM_PS_306"
    await caller.send("POST", "/_sandbox/faults", json={"max_results": 501})
    assert len(json.loads((await caller.summary(days=1)).body)["claims"]) == 50


def test_faults_of_a_command_line() -> None:
    faults = parse_faults(["latency_ms=20", "flicker=true", "retry_after=none", "names=swapped"])
    assert faults == Faults(latency_ms=20, flicker=True, retry_after=None, names="swapped")
    for words in (["latency_ms"], ["unknown=1"], ["share_500=2"]):
        with pytest.raises(ValueError, match=r"name=value|validation error"):
            parse_faults(words)


@pytest.mark.parametrize(
    "arguments", [["--fault", "share_500=7"], ["--book", "12=3"], ["--book", "471000001=0"]]
)
def test_a_wrong_command_line_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert "payer-sandbox: error" in capsys.readouterr().err


async def test_as_a_process_of_its_own() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["-m", "app.dev.payer.server", "--port", str(port), "--book", f"{TIN}=501"]
    root = __file__.rsplit("/tests/", 1)[0]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, "--days", "1", "--fault", "page_size=500", cwd=root
    )
    client = open_client(timeout_seconds=5, connections=2)
    caller = Caller(client, f"http://127.0.0.1:{port}")
    try:
        await caller.until_up()
        assert code(await caller.summary(days=1)) == "LCLM_PS_306"
    finally:
        await client.aclose()
        process.terminate()
        await process.wait()

"""The lines, in their order."""

from scripts.scoring.trials import DAILY, FAULTS, FILLED, LONG, Line, Trial, dies, of, quick

SAFE = "0 lost, 0 double, counters = rows"
TABLES = "tests/claims/tables"
OWN_FILES = "the files of the project itself; collections of others are no part of the repository"

WORK = (
    Line(
        1, "kill -9 of pool children in a job of 2,000 rows", SAFE, dies("kill -9 of pool"), DAILY
    ),
    Line(2, "kill -9 of the whole worker, five times", SAFE, dies("kill -9 of whole"), DAILY),
    Line(
        3,
        "Redis killed and back empty; frozen for 6 s",
        f"{SAFE}; uploads still 201",
        (*dies("Redis"), *of("tests/worker/test_without_redis.py")),
        DAILY,
    ),
    Line(
        4,
        "PostgreSQL stopped at once and back; frozen for 6 s",
        f"{SAFE}; the API says 503",
        (
            *dies("PostgreSQL"),
            *of("tests/core/test_db.py::test_a_slow", "tests/health/test_probes.py"),
        ),
        DAILY,
    ),
    Line(
        5,
        "each message twice; a worker asleep past its lease",
        "0 double",
        (
            *dies("worker asleep"),
            Trial((f"{FAULTS}::test_every_message_comes_twice",), variables=LONG),
        ),
        DAILY,
    ),
    Line(
        6,
        "payer: 500, 429, hanging, nonsense, an outage of five minutes",
        "no row failed by what passes; calls stop while it is away",
        (
            Trial((f"{FAULTS}::test_a_payer_that_is_ill",), variables=LONG),
            Trial((f"{FAULTS}::test_an_outage_of_five_minutes",), variables=LONG),
        ),
        of("tests/claims/engine/test_outage.py"),
        "the outage runs 25 times as fast",
    ),
    Line(
        7,
        "SIGTERM with jobs in flight, then another worker",
        "0 rows asked twice, 0 lost",
        (*dies("SIGTERM"), *of("tests/claims/engine/test_stopping.py")),
        of("tests/claims/engine/test_stopping.py"),
    ),
    quick(
        8,
        "every task twice with nothing mocked",
        "the database is the same; every task has a case",
        "tests/worker/test_every_task_twice.py",
    ),
    quick(
        9,
        "cancel, retry and work in any order (state machine)",
        "no state that is not allowed; counters = rows",
        "tests/claims/engine/test_interleavings.py",
        "tests/claims/engine/test_control.py",
    ),
    quick(
        10,
        "50 POSTs at once with one Idempotency-Key; another body; other people",
        "the work is done once; 422; nothing shared",
        "tests/core/test_idempotency.py",
    ),
    Line(
        11,
        "restart while requests come",
        "no request fails; the new code is proved to run",
        of("tests/dev/test_restart.py"),
    ),
    Line(
        12,
        "migrations under readers and an open transaction",
        "no reader waits longer than 150 ms",
        (Trial(("tests/faults/test_migrations.py",), variables=FILLED),),
        note="100,000 claims; over a million (a quarter of an hour) see docs/benchmarks.md",
    ),
    Line(
        13,
        "backup, restore into an empty server, the job in flight ends there",
        "tables equal",
        of("tests/backup/test_backup.py"),
    ),
)

STORAGE = (
    Line(
        14,
        "disk full under the local store, then freed",
        "0 partial files, nothing lost, no restart",
        of("tests/proof/test_full_disk.py", "tests/storage/test_files.py::test_a_store_in_trouble"),
        of("tests/proof/test_full_disk.py"),
    ),
    quick(
        15,
        "20 cut uploads on each upload route",
        "0 files, 0 rows, descriptors as before",
        "tests/proof/test_cut_uploads.py",
    ),
    Line(
        16,
        "the store answers 401, 403, 503, slowly; then heals",
        "every résumé is read by itself",
        of(
            "tests/storage/test_users_story.py",
            "tests/storage/test_cloudinary.py::test_in_trouble",
            "tests/storage/test_cloudinary.py::test_the_users_story",
        ),
    ),
)

RIGHTS = (
    Line(
        17,
        "schemathesis, all checks, two tenants as peers, naughty strings",
        "0 failures over all operations",
        of("tests/fuzz/test_fuzz.py", INTAKE_FUZZ="card"),
        of("tests/fuzz/test_fuzz.py", INTAKE_FUZZ="short"),
        "as the admin, fifty cases an operation; as the five other kinds of callers: `./scripts/fuzz`",
    ),
    Line(
        18,
        "every route × {nobody, other tenant, each role, switched off}",
        "as the table says; foreign = missing",
        of("tests/access"),
        of("tests/access/test_matrix.py"),
    ),
    quick(
        19,
        "raw SQL without a tenant",
        "0 rows of every tenant's table",
        "tests/proof/test_row_level.py",
        "tests/core/test_db.py::test_every_table",
    ),
    quick(
        20,
        "fields that decide about rights, on every input",
        "refused",
        "tests/access/test_mass_assignment.py",
    ),
    quick(
        21,
        "hostile tokens, mutations, signed nonsense",
        "0 accepted, 0 answers that are not 401",
        "tests/auth/test_jwt.py",
        "tests/auth/test_foreign_tokens.py",
        note="tables written from Wycheproof's cases, not its files",
    ),
    quick(
        22,
        "OAuth: states missing, replayed, another's, too old",
        "refused; no token kept",
        "tests/integrations/test_connecting.py",
    ),
)

INPUTS = (
    Line(
        23,
        "naughty strings, NUL and half characters in every text field and query",
        "0 × 5xx",
        of("tests/proof/test_texts.py", INTAKE_PROOF="long"),
        of("tests/core/test_text.py"),
    ),
    quick(
        24,
        "JSON that is none, through a route",
        "what is none is refused, 0 × 5xx",
        "tests/core/test_problem_answers.py",
        "tests/core/test_middleware.py",
        note=OWN_FILES,
    ),
    quick(
        25,
        "odd multipart bodies; two lengths in one head",
        "0 × 5xx; refused",
        "tests/core/test_middleware.py::test_contradicting",
        "tests/claims/api/test_upload_refused.py",
        note=OWN_FILES,
    ),
    quick(
        26,
        "bodies far over the limit, with a length and in chunks",
        "413 before 1.1 × the limit is read",
        "tests/core/test_middleware.py::test_bodies_over",
        "tests/core/test_middleware.py::test_reading_stops",
        "tests/core/test_middleware.py::test_an_announced",
    ),
    Line(
        27,
        "odd PDFs and bombs",
        "a text or a typed failure, no worker lost",
        of("tests/resumes/test_child.py", "tests/resumes/test_reading.py"),
        note=OWN_FILES,
    ),
    Line(
        28,
        "Word documents that lie about their size, overlap, nest",
        "refused by what is really unpacked",
        of("tests/resumes/test_reading.py", holding=("document", "part_that", "too_many")),
        note=OWN_FILES,
    ),
    Line(
        29,
        "pictures as logos: bombs, SVG, what lies in them",
        "only the four types, re-encoded",
        of("tests/organizations/test_logo.py"),
        note=OWN_FILES,
    ),
    Line(
        30,
        "tables as attacks: quotes, encodings, formulas, workbooks",
        "right rows or a typed error; no formula comes out",
        of(TABLES, "tests/claims/test_results.py", "tests/claims/test_workbook.py"),
    ),
    Line(
        31, "a virus scanner, on and down", "refused, or waits", note="no scanner is part of Intake"
    ),
)

EDGES = (
    Line(
        32,
        "400 half-sent heads and 100 slow bodies",
        "others are answered; none is held past its deadline",
        of("tests/proof/test_slow_callers.py", "tests/core/test_serving.py", INTAKE_PROOF="alone"),
        of("tests/core/test_serving.py"),
    ),
    quick(
        33,
        "forged X-Forwarded-For",
        "limits count one client",
        "tests/core/test_limits.py::test_the_address",
        "tests/core/test_limits.py::test_forged",
    ),
    quick(
        34,
        "every handler made to raise, with Origin",
        "CORS, problem, request id; nothing of the exception",
        "tests/proof/test_raising.py",
    ),
    Line(
        35,
        "marked people and secrets through every room",
        "0 in logs, Redis, messages, refusals; 0 secrets in a dump",
        of("tests/canary", INTAKE_CANARY="yes"),
        of("tests/canary", INTAKE_CANARY="yes"),
    ),
    quick(
        36,
        "audit: each act, UPDATE and DELETE, a removed row",
        "noted; refused; noticed",
        "tests/audit/test_acts.py",
        "tests/core/test_audit.py",
    ),
    quick(
        37,
        "addresses that lead inside, in every URL field",
        "no connection",
        "tests/core/test_public_client.py",
        "tests/webhooks/test_delivery.py::test_the_inside",
    ),
    quick(
        38,
        "more requests than the pool has connections",
        "503 with Retry-After, then all is well",
        "tests/core/test_db.py::test_a_full_house",
        "tests/core/test_db.py::test_those_who",
    ),
    Line(
        39,
        "time of a foreign id against a missing one, of a known user against an unknown",
        "medians within 3 % or 0.5 ms",
        of("tests/proof/test_timing.py", INTAKE_PROOF="alone"),
    ),
    quick(
        40,
        "floors, hashes, installed = locked; SBOM = lock; licences; what bandit passes over",
        "0 below, 0 unhashed, 0 other, 0 of weight",
        "tests/proof/test_supply.py",
        "tests/deploy/test_supply_chain.py",
    ),
)

LINES = (*WORK, *STORAGE, *RIGHTS, *INPUTS, *EDGES)

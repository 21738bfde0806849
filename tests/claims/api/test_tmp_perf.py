import resource
import time

from app.core.db import Scope, driver
from tests.claims.api.samples import API, send
from tests.claims.api.test_large_upload import lines


async def test_perf(stage_client, stage_crew, stage):
    h = stage_crew.staff.headers
    t = time.perf_counter()
    r = await send(stage_client, stage_crew.staff, lines(300_000, "x" * 40))
    print("upload", r.status_code, time.perf_counter() - t)
    job = r.json()["id"]
    async with stage.database.write(Scope.system()) as s:
        c = await driver(s)
        await c.execute("SET LOCAL statement_timeout='100s'")
        await c.execute("""insert into claim_answers (job_id,row_no,organization_id,attempt,outcome,error_code,results)
          select job_id,row_no,organization_id,1,case when row_no%10=0 then 'failed' else 'succeeded' end, case when row_no%10=0 then 'payer.not_found' end,
          case when row_no%10<>0 then '[{"claim_number":"x","status":"PAID","patient_name":"A","total_charged":"1.00","total_paid":"2.00","processed_date":"2026-01-01"}]'::jsonb end from claim_rows""")
        await c.execute(
            "update claim_jobs set status='PROCESSING', processing_started_at=now()-interval '30s'"
        )
        await c.execute(
            "update claim_units set state='DONE', succeeded=900, failed=100 where kind='rows'"
        )

    async def timed(name, path, **kw):
        t = time.perf_counter()
        r = await stage_client.get(f"{API}/claims{path}", headers=h, **kw)
        print(name, r.status_code, len(r.content), round(time.perf_counter() - t, 3))
        return r

    b = f"/csv-jobs/{job}"
    await timed("job", b)
    await timed("progress", b + "/progress")
    await timed("list", "/csv-jobs?has_errors=true")
    await timed("stats", "/stats")
    await timed("rows", b + "/rows?limit=100")
    await timed("rows failed", b + "/rows?limit=100&status=failed")
    await timed("rows code", b + "/rows?limit=100&error_code=payer.not_found&count=true")
    await timed("rows pending", b + "/rows?limit=100&status=pending")
    await timed("csv", b + "/results")
    await timed("failed", b + "/results?scope=failed")
    await timed("jsonl", b + "/results?format=jsonl")
    await timed("xlsx", b + "/results?format=xlsx")
    await timed("errors", b + "/errors")
    await timed("unprocessed", b + "/results?scope=unprocessed")
    async with stage.database.write(Scope.system()) as s:
        c = await driver(s)
        await c.execute(
            "update claim_jobs set status='COMPLETED', processing_completed_at=now(), failure_count=30000, success_count=270000"
        )
    await timed("job", b)
    await timed("rows count", b + "/rows?limit=100&count=true")
    t = time.perf_counter()
    r = await stage_client.delete(f"{API}/claims{b}", headers=h)
    print("delete", r.status_code, time.perf_counter() - t)
    print("rss", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)

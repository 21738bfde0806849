// Signs in, uploads, and watches: no build, no library. Serve this folder from an origin that stands in
// CORS_ORIGINS, for example `python3 -m http.server 3000` with the default http://localhost:3000.

export const ROUTES = {
  token: "/api/v1/login/access-token",
  renew: "/api/v1/login/refresh-token",
  claims: "/api/v1/claims/bulk/upload",
  resume: "/api/v1/resumes",
  claimsEvents: "/api/v1/claims/csv-jobs/{job_id}/events",
  claimsResults: "/api/v1/claims/csv-jobs/{job_id}/results",
  resumeEvents: "/api/v1/resumes/{resume_id}/events",
};

let api = "";
let tokens = { access_token: "", refresh_token: "" };
let renewal = null;

/** Fetch with the token, renewed once when it has run out, and a readable sentence when it fails. */
async function call(path, options = {}) {
  const send = () => {
    const headers = { ...options.headers, Authorization: `Bearer ${tokens.access_token}` };
    return fetch(api + path, { ...options, headers });
  };
  let answer = await send();
  if (answer.status === 401 && tokens.refresh_token) {
    renewal ??= renew().finally(() => (renewal = null));
    await renewal;
    answer = await send();
  }
  if (!answer.ok) throw new Error(await reason(answer));
  return answer;
}

async function renew() {
  const answer = await fetch(api + ROUTES.renew, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ refresh_token: tokens.refresh_token }),
  });
  if (!answer.ok) throw new Error(await reason(answer));
  tokens = await answer.json();
}

async function reason(answer) {
  const problem = await answer.json().catch(() => ({}));
  return `${problem.detail ?? answer.statusText} (request ${problem.request_id ?? "unknown"})`;
}

/** The events of a text/event-stream, in pieces of any size. */
export async function* events(chunks) {
  const decoder = new TextDecoder();
  let buffer = "";
  for await (const chunk of chunks) {
    buffer = (buffer + decoder.decode(chunk, { stream: true })).replaceAll("\r\n", "\n");
    const blocks = buffer.split("\n\n");
    buffer = blocks.pop();
    for (const block of blocks) {
      const event = { event: "message" };
      for (const line of block.split("\n")) {
        const colon = line.indexOf(":");
        if (colon > 0) event[line.slice(0, colon)] = line.slice(colon + 1).trim();
      }
      if (event.data || event.retry) yield event;
    }
  }
}

async function* pieces(body) {
  const reader = body.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    yield value;
  }
}

/** Watch until the server says done; after a break it goes on from the last event that was seen. */
async function watch(path, show) {
  let last = "";
  let pause = 1000;
  for (;;) {
    try {
      const headers = { Accept: "text/event-stream", ...(last && { "Last-Event-ID": last }) };
      const answer = await call(path, { headers });
      for await (const event of events(pieces(answer.body))) {
        last = event.id ?? last;
        pause = Number(event.retry ?? pause);
        if (event.data) show(JSON.parse(event.data));
        if (event.event === "done") return;
      }
    } catch (error) {
      // Only a network that broke is a reason to come again: a refusal stays one.
      if (!(error instanceof TypeError)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

function page() {
  const [signIn, upload, section, said] = ["sign-in", "upload", "watch", "said"].map((id) =>
    document.getElementById(id),
  );
  const bar = section.querySelector("progress");
  const words = section.querySelector("[data-words]");
  const download = section.querySelector("[data-download]");

  /** Run a form's work with its button off, and say what went wrong. */
  const handle = (form, work) =>
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = form.querySelector("button");
      button.disabled = true;
      said.textContent = "";
      try {
        await work(new FormData(form));
      } catch (error) {
        said.textContent = error.message;
      } finally {
        button.disabled = false;
      }
    });

  handle(signIn, async (form) => {
    api = form.get("api").replace(/\/$/, "");
    form.delete("api");
    const answer = await fetch(api + ROUTES.token, { method: "POST", body: new URLSearchParams(form) });
    if (!answer.ok) throw new Error(await reason(answer));
    tokens = await answer.json();
    signIn.hidden = true;
    upload.hidden = false;
  });

  handle(upload, async (form) => {
    const kind = form.get("kind");
    form.delete("kind");
    if (kind === "claims") form.set("provider", "uhc");
    const headers = { "Idempotency-Key": crypto.randomUUID() };
    const answer = await call(ROUTES[kind], { method: "POST", body: form, headers });
    const { id } = await answer.json();
    section.hidden = false;
    download.hidden = true;
    section.querySelector("h2").textContent = form.get("file").name;
    if (kind === "claims") {
      await watch(ROUTES.claimsEvents.replace("{job_id}", id), (now) => {
        bar.value = now.progress_percentage;
        words.textContent = `${now.processed_rows} of ${now.total_rows} rows, ${now.failure_count} failed: ${now.status}`;
      });
      download.hidden = false;
      download.onclick = () => save(ROUTES.claimsResults.replace("{job_id}", id), `results_${form.get("file").name}`);
    } else {
      bar.removeAttribute("value");
      await watch(ROUTES.resumeEvents.replace("{resume_id}", id), (now) => {
        words.textContent = now.status.replaceAll("_", " ");
      });
      bar.value = 100;
    }
  });
}

async function save(path, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await (await call(path)).blob());
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

if (typeof document !== "undefined") page();

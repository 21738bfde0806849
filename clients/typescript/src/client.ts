// A typed client: the types are generated from docs/openapi.json, the calls are fetch.

import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "../generated/schema";

export type Problem = components["schemas"]["Problem"];
export type Tokens = { access: string; refresh: string };

/** What a request failed with: the problem that the server described (RFC 9457). */
export class Failed extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

/** Calls with the access token; one that has run out is renewed once, for all calls that wait. */
export function intake(baseUrl: string, tokens: Tokens, keep: (tokens: Tokens) => void = () => {}) {
  let renewal: Promise<void> | undefined;
  const plain = createClient<paths>({ baseUrl });

  async function renew(): Promise<void> {
    const { data, error } = await plain.POST("/api/v1/login/refresh-token", {
      body: { refresh_token: tokens.refresh },
    });
    if (!data) throw new Failed(error as Problem);
    tokens = { access: data.access_token, refresh: data.refresh_token };
    keep(tokens);
  }

  const authorization: Middleware = {
    onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${tokens.access}`);
      return request;
    },
  };

  async function authorized(input: Request): Promise<Response> {
    const again = input.clone();
    const answer = await fetch(input);
    if (answer.status !== 401) return answer;
    renewal ??= renew().finally(() => (renewal = undefined));
    await renewal;
    again.headers.set("Authorization", `Bearer ${tokens.access}`);
    return fetch(again);
  }

  const client = createClient<paths>({ baseUrl, fetch: authorized });
  client.use(authorization);
  return Object.assign(client, {
    /** The bytes of an event stream's address, with the token in a header and never in the address. */
    events: (path: string, after?: string) =>
      authorized(
        new Request(baseUrl + path, {
          headers: {
            Accept: "text/event-stream",
            Authorization: `Bearer ${tokens.access}`,
            ...(after ? { "Last-Event-ID": after } : {}),
          },
        }),
      ),
  });
}

/** Follow an event stream: it is opened again after a break, where it was, until the server says done. */
export async function* watch<Event>(
  client: ReturnType<typeof intake>,
  path: string,
): AsyncGenerator<Event> {
  let after: string | undefined;
  let pause = 1000;
  for (;;) {
    const answer = await client.events(path, after);
    if (!answer.ok || !answer.body) throw new Failed((await answer.json()) as Problem);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let buffer = "";
    for (;;) {
      const { value, done } = await reader.read().catch(() => ({ value: undefined, done: true }));
      if (done) break;
      buffer += (value ?? "").replaceAll("\r\n", "\n");
      const blocks = buffer.split("\n\n");
      buffer = blocks.pop() ?? "";
      for (const block of blocks) {
        const fields = new Map(
          block
            .split("\n")
            .filter((line) => line && !line.startsWith(":"))
            .map((line) => [line.split(":", 1)[0] ?? "", line.slice(line.indexOf(":") + 1).trim()]),
        );
        after = fields.get("id") ?? after;
        pause = Number(fields.get("retry") ?? pause);
        const data = fields.get("data");
        if (data) yield JSON.parse(data) as Event;
        if (fields.get("event") === "done") return;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

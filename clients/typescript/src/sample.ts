// Everything that a frontend does, in the types of the document: compiled by a test, never run by it.

import createClient from "openapi-fetch";
import type { components, paths } from "../generated/schema";
import { Failed, type Problem, intake, watch } from "./client";

type Schemas = components["schemas"];

export async function signIn(baseUrl: string, username: string, password: string) {
  const { data, error } = await createClient<paths>({ baseUrl }).POST("/api/v1/login/access-token", {
    body: { username, password },
    bodySerializer: (body) => new URLSearchParams(body as Record<string, string>),
  });
  if (!data) {
    // Each route lists its codes: one that it cannot answer does not compile here.
    if (error.code === "auth.credentials_invalid") throw new Failed(error);
    throw new Failed(error as Problem);
  }
  return intake(baseUrl, { access: data.access_token, refresh: data.refresh_token });
}

export async function upload(client: ReturnType<typeof intake>, file: File): Promise<string> {
  const { data, error } = await client.POST("/api/v1/claims/bulk/upload", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: { file: file as unknown as string, provider: "uhc" },
    bodySerializer: (body) => {
      const form = new FormData();
      for (const [name, value] of Object.entries(body ?? {})) form.append(name, value as Blob | string);
      return form;
    },
  });
  if (!data) {
    switch (error.code) {
      case "claims.header_unknown":
      case "claims.file_empty":
        throw new Error(`Not a claim file: ${error.detail}`);
      default:
        throw new Failed(error as Problem);
    }
  }
  return data.id;
}

export async function follow(client: ReturnType<typeof intake>, job: string): Promise<void> {
  for await (const now of watch<Schemas["ClaimsProgressOut"]>(
    client,
    `/api/v1/claims/csv-jobs/${job}/events`,
  )) {
    console.log(`${now.processed_rows} of ${now.total_rows}`, now.status);
  }
}

export async function everyJob(client: ReturnType<typeof intake>): Promise<string[]> {
  const titles: string[] = [];
  let cursor: string | undefined;
  do {
    const { data } = await client.GET("/api/v1/jobs", { params: { query: { limit: 100, cursor } } });
    if (!data) break;
    titles.push(...data.results.map((job) => job.title));
    cursor = data.next ? (new URL(data.next).searchParams.get("cursor") ?? undefined) : undefined;
  } while (cursor);
  return titles;
}

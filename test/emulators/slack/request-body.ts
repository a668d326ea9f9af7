/** Reads what a client sends, in the three encodings that Slack takes. */
import type { IncomingMessage } from "node:http";
import { isRecord } from "./blocks.ts";
import type { Json } from "./types.ts";

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Query, form and JSON arguments as one record. Nested fields of a form stay text: each method knows which are JSON. */
export function argumentsOf(body: Buffer, request: IncomingMessage): Json {
  const query = Object.fromEntries(new URL(request.url ?? "/", "http://slack").searchParams);
  const text = body.toString();
  if (!(request.headers["content-type"] ?? "").includes("json"))
    return { ...query, ...Object.fromEntries(new URLSearchParams(text)) };
  const json = parsed(text);
  return { ...query, ...(isRecord(json) ? json : {}) };
}

/** The file of an upload: the body itself, or the first file of a multipart form. */
export async function uploadOf(body: Buffer, request: IncomingMessage): Promise<{ content: Buffer; mimetype: string }> {
  const type = request.headers["content-type"] ?? "application/octet-stream";
  if (!type.startsWith("multipart/form-data")) return { content: body, mimetype: type };
  const form = await new Response(new Uint8Array(body), { headers: { "content-type": type } }).formData();
  for (const [, value] of form) {
    if (typeof value === "string") continue;
    return { content: Buffer.from(await value.arrayBuffer()), mimetype: value.type || "application/octet-stream" };
  }
  return { content: Buffer.alloc(0), mimetype: type };
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

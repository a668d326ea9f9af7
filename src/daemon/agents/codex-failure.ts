/** codex's account of a provider's failure: its own kinds, most with the status, and some that hide it. */
import * as z from "zod";
import type { CodexError } from "./codex-protocol.ts";
import { modelFailure } from "./model-failure.ts";
import type { Failure } from "./supervised.ts";

/** Kinds that stand for a status without naming it. */
const STATUS_OF: Record<string, number> = {
  unauthorized: 401,
  usageLimitExceeded: 429,
  rateLimitExceeded: 429,
  serverOverloaded: 503,
  internalServerError: 500,
  badRequest: 400,
  contextWindowExceeded: 400,
};

/** `{ httpConnectionFailed: { httpStatusCode: 401 } }` and its like; null where there was no connection at all. */
const WithStatus = z.record(z.string(), z.object({ httpStatusCode: z.number().nullable() }));

export function codexFailure({ message, codexErrorInfo }: CodexError): Failure {
  if (typeof codexErrorInfo === "string") return modelFailure(message, false, STATUS_OF[codexErrorInfo]);
  const told = Object.values(WithStatus.safeParse(codexErrorInfo).data ?? {})[0];
  return modelFailure(message, told?.httpStatusCode === null, told?.httpStatusCode ?? undefined);
}

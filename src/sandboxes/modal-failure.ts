/** What goes wrong between us and Modal, as our codes. The SDK has no class for most of it: what comes is a bare gRPC status. */
import { AlreadyExistsError, InvalidError, NotFoundError, ResourceExhaustedError } from "modal";
import { z } from "zod";
import { type ErrorCode, ThreadboxError } from "../errors.ts";

/** The SDK does not export this class; `path` is the method, such as `/modal.client.ModalClient/SandboxCreateV2`. */
const GrpcFailure = z.object({ code: z.int(), path: z.string().startsWith("/modal."), details: z.string() });

const MEANING: Record<number, ErrorCode> = {
  3: "config.invalid", // INVALID_ARGUMENT: a region or a size that Modal does not know
  7: "sandbox.unauthorized", // PERMISSION_DENIED
  8: "sandbox.quota", // RESOURCE_EXHAUSTED
  16: "sandbox.unauthorized", // UNAUTHENTICATED
};
const NOT_FOUND = 5;
const UNAUTHENTICATED = 16;
const ROUTER = "/modal.task_command_router.";
const MAX_DETAIL_CHARS = 300;

/** `doing` finishes the sentence "Modal could not ...". */
export function toFailure(cause: unknown, doing: string): ThreadboxError {
  if (cause instanceof ThreadboxError) return cause;
  const retryAfterMs = retryAfter(cause);
  const code = codeOf(cause);
  // Whatever was asked first is not what is wrong then.
  const what = code === "sandbox.unauthorized" ? "refused the token" : `could not ${doing}`;
  return new ThreadboxError(code, `Modal ${what}: ${wordsOf(cause)}`, {
    cause,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function codeOf(cause: unknown): ErrorCode {
  if (cause instanceof AlreadyExistsError) return "sandbox.name-taken";
  if (cause instanceof ResourceExhaustedError) return "sandbox.quota";
  if (cause instanceof InvalidError) return "config.invalid";
  const grpc = GrpcFailure.safeParse(cause);
  // The command router's tokens are Modal's own affair; ours were good enough to get one.
  if (!grpc.success || grpc.data.path.startsWith(ROUTER)) return "sandbox.unavailable";
  return MEANING[grpc.data.code] ?? "sandbox.unavailable";
}

function wordsOf(cause: unknown): string {
  const grpc = GrpcFailure.safeParse(cause);
  const words = grpc.success ? grpc.data.details : cause instanceof Error ? cause.message : String(cause);
  // gRPC's client adds how it looked for the server's address.
  const first = words.split("\n")[0]?.replace(/\s*Resolution note:.*$/, "") ?? "";
  return first.slice(0, MAX_DETAIL_CHARS) || "it gave no reason";
}

/** False for what the SDK throws without a class and without a gRPC status: only the place that asked knows what that means. */
export function isClassified(error: unknown): boolean {
  const ofSdk = [AlreadyExistsError, InvalidError, NotFoundError, ResourceExhaustedError, ThreadboxError];
  return ofSdk.some((one) => error instanceof one) || GrpcFailure.safeParse(error).success;
}

/** A sandbox's own token for commands was refused although it had not run out: the SDK gives up then, a new handle gets another one. */
export function isRouterRefusal(error: unknown): boolean {
  const grpc = GrpcFailure.safeParse(error);
  return grpc.success && grpc.data.code === UNAUTHENTICATED && grpc.data.path.startsWith(ROUTER);
}

/** For a question that may have no answer: what Modal does not know is null. */
export function orNull(error: unknown): null {
  if (error instanceof NotFoundError) return null;
  const grpc = GrpcFailure.safeParse(error);
  if (grpc.success && grpc.data.code === NOT_FOUND) return null;
  throw error;
}

const said = new WeakMap<object, number>();

/** Modal's word on when to come back, which the SDK leaves out of what it throws. `details` is the trailer `grpc-status-details-bin`. */
export function rememberRetryAfter(error: unknown, details: Uint8Array): void {
  const seconds = retryAfterSecondsIn(Buffer.from(details));
  if (typeof error === "object" && error !== null && seconds !== null) said.set(error, Math.ceil(seconds * 1000));
}

const retryAfter = (cause: unknown): number | undefined =>
  typeof cause === "object" && cause !== null ? said.get(cause) : undefined;

const RETRY_POLICY = "/modal.client.RPCRetryPolicy";

/** google.rpc.Status with an Any in it. Behind the name of its type: field 2 with five bytes, which are field 1, a 32-bit float. */
function retryAfterSecondsIn(details: Buffer): number | null {
  const at = details.indexOf(RETRY_POLICY);
  const value = details.subarray(at + RETRY_POLICY.length);
  const isAsExpected = at >= 0 && value.length >= 7 && value[0] === 0x12 && value[1] === 5 && value[2] === 0x0d;
  const seconds = isAsExpected ? value.readFloatLE(3) : Number.NaN;
  return Number.isFinite(seconds) && seconds > 0 ? seconds : null;
}

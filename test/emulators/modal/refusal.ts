/** A call that Modal answers with a gRPC status instead of a message. */
import { Metadata, status } from "@grpc/grpc-js";
import { encode } from "./wire.ts";

export type StatusName = keyof typeof status;

export class Refusal extends Error {
  readonly status: StatusName;
  /** Set when the server says how long to wait: the SDK then waits and asks again by itself. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: StatusName, message: string, retryAfterSeconds?: number) {
    super(message);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** As grpc-js wants its errors. Anything but a refusal is a defect of the emulator, and says so. */
export function statusOf(error: unknown): { code: status; details: string; metadata: Metadata } {
  const metadata = new Metadata();
  if (!(error instanceof Refusal))
    return {
      code: status.INTERNAL,
      details: `emulated Modal: ${error instanceof Error ? error.stack : error}`,
      metadata,
    };
  const { retryAfterSeconds } = error;
  if (retryAfterSeconds !== undefined) metadata.set("grpc-status-details-bin", patience(error, retryAfterSeconds));
  return { code: status[error.status], details: error.message, metadata };
}

function patience(error: Refusal, retryAfterSecs: number): Buffer {
  const value = encode("RPCRetryPolicy", { retryAfterSecs });
  const details = [{ typeUrl: "type.googleapis.com/modal.client.RPCRetryPolicy", value }];
  return encode("RPCStatus", { code: status[error.status], message: error.message, details });
}

/** Is Modal there, does it take the token, and is the client the one that we know? Are the secrets there? Harmless calls; they start and make nothing. */
import { ModalClient, NotFoundError } from "modal";
import { ThreadboxError } from "../errors.ts";
import { toFailure } from "./modal-failure.ts";

export interface ModalAsked {
  tokenId: string;
  tokenSecret: string;
  app: string;
  environment: string | null;
  /** Names of secrets that sandboxes are given. */
  secrets: string[];
  withinMs?: number;
}

export interface ModalFound {
  /** Version of Modal's client. */
  client: string;
  /** False: the App is made with the first sandbox. */
  appIsThere: boolean;
  /** Those of the secrets that nobody has made. */
  missingSecrets: string[];
}

/** The client itself tries for some seconds when a server is away. */
const WITHIN_MS = 15_000;

/** Throws `sandbox.unauthorized` when the token is refused, and `sandbox.unavailable` when nobody answers. */
export async function checkModal({ withinMs = WITHIN_MS, ...asked }: ModalAsked): Promise<ModalFound> {
  const { tokenId, tokenSecret, app, environment, secrets } = asked;
  const deadline = AbortSignal.timeout(withinMs);
  try {
    const client = new ModalClient({
      tokenId,
      tokenSecret,
      ...(environment ? { environment } : {}),
      // It would wait for as long as a busy server asks it to.
      maxThrottleWaitSecs: 0,
      // It has no deadline of its own, and a call that hangs would keep the process alive.
      grpcMiddleware: [(call, options) => call.next(call.request, { ...options, signal: deadline })],
    });
    // First, because what a refused token fails at should be told of the token.
    const appIsThere = await isThere(() => client.apps.fromName(app));
    const are = await Promise.all(secrets.map((name) => isThere(() => client.secrets.fromName(name))));
    return { client: client.version(), appIsThere, missingSecrets: secrets.filter((_, at) => !are[at]) };
  } catch (thrown) {
    if (!deadline.aborted) throw toFailure(thrown, "answer");
    const detail = `Modal did not answer within ${Math.ceil(withinMs / 1000)} s`;
    throw new ThreadboxError("sandbox.unavailable", detail, { cause: thrown });
  }
}

async function isThere(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch (thrown) {
    if (thrown instanceof NotFoundError) return false;
    throw thrown;
  }
}

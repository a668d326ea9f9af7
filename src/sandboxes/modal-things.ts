/** What has a name at Modal and is used by every sandbox: asked for once, as each question costs a start its time. */
import { NotFoundError, type Secret, type Volume } from "modal";
import { ThreadboxError } from "../errors.ts";
import type { Connection } from "./modal-client.ts";

/** What a bot knows of its models' providers. */
export interface ModelKeys {
  anthropicApiKey?: string | undefined;
  openaiApiKey?: string | undefined;
  anthropicBaseUrl?: string | undefined;
  openaiBaseUrl?: string | undefined;
}

export interface NamedThings {
  secret(name: string): Promise<Secret>;
  volume(name: string): Promise<Volume>;
  /** The one that holds the model's keys. */
  keys(): Promise<Secret>;
  /** Ask again next time: one of them may have been replaced. */
  forget(): void;
}

export function namedThings(connection: Connection, keys: () => Promise<Secret>): NamedThings {
  const { client, call, deadlines } = connection;
  const secrets = new Map<string, Promise<Secret>>();
  const volumes = new Map<string, Promise<Volume>>();
  const deadlineMs = deadlines.question;
  return {
    secret: (name) =>
      once(secrets, name, () =>
        call({ doing: `open the secret ${name}`, deadlineMs }, () =>
          client.secrets.fromName(name).catch((cause: unknown) => noSuchSecret(name, cause)),
        ),
      ),
    volume: (name) =>
      once(volumes, name, () =>
        call({ doing: `open the volume ${name}`, deadlineMs }, () =>
          client.volumes.fromName(name, { createIfMissing: true }),
        ),
      ),
    keys: () => once(secrets, KEYS, keys),
    forget() {
      secrets.clear();
      volumes.clear();
    },
  };
}

/** No name of Modal's has a space. */
const KEYS = "the keys";

function noSuchSecret(name: string, cause: unknown): never {
  if (!(cause instanceof NotFoundError)) throw cause;
  const detail = `Modal has no secret ${name}; make it at modal.com/secrets, or take it out of threadbox.yml`;
  throw new ThreadboxError("config.invalid", detail, { cause });
}

function once<T>(known: Map<string, Promise<T>>, name: string, ask: () => Promise<T>): Promise<T> {
  const answer = known.get(name) ?? ask();
  known.set(name, answer);
  answer.catch(() => known.delete(name));
  return answer;
}

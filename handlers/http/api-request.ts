/** What a client of the API asks for: who it is, what it may, and what it says. Pure, and fails closed. */
import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { parseCommand, spelled } from "../../src/core/command.ts";
import { Problem } from "./problem.ts";

export interface ApiClient {
  name: string;
  token: string;
}

/** What threadbox.yml lets each client do, by its name. */
export type ApiRights = Record<string, { repositories: string[] }>;

/** Every token is compared, in a time that tells nothing of any. */
export function clientOf(header: string | undefined, clients: readonly ApiClient[]): string {
  const given = digest(/^Bearer ([^\s]+)$/i.exec(header ?? "")?.[1] ?? "");
  const found = clients.filter(({ token }) => timingSafeEqual(digest(token), given));
  if (found[0]) return found[0].name;
  const header401 = { "www-authenticate": 'Bearer realm="threadbox"' };
  throw new Problem(401, "Send `Authorization: Bearer <token>` with a token of API_TOKENS.", header401);
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

const Asked = z.strictObject({
  text: z.string().trim().min(1).max(50_000),
  repository: z.string().min(1).max(200).optional(),
  branch: z
    .string()
    .regex(/^[^\s"]{1,200}$/, "is a branch without spaces and quotes")
    .optional(),
});

export interface ApiAsk {
  /** As the bot reads it, with the repository and the branch in its own grammar. */
  words: string;
  /** As it was sent. */
  text: string;
  repository: string;
}

/** Throws a Problem. What stands in the text chooses nothing: neither another repository nor a word to the bot itself. */
export function askOf(body: unknown, client: string, rights: ApiRights): ApiAsk {
  const read = Asked.safeParse(body);
  if (!read.success)
    throw new Problem(
      422,
      read.error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`).join("; "),
    );
  const { text, branch } = read.data;
  const command = parseCommand(text);
  if (command.verb !== "ask" || Object.keys(command.options).length > 0)
    throw new Problem(
      422,
      "text: says what to do, and nothing else. Options are the fields `repository` and `branch`; words such as `stop` are for people.",
    );
  const repository = repositoryOf(read.data.repository, client, rights);
  return { words: spelled(text, { repo: repository, ...(branch ? { branch } : {}) }), text, repository };
}

function repositoryOf(wished: string | undefined, client: string, rights: ApiRights): string {
  const allowed = Object.hasOwn(rights, client) ? (rights[client]?.repositories ?? []) : [];
  if (allowed.length === 0)
    throw new Problem(403, `${client} may do nothing yet: list its repositories under api.clients in threadbox.yml.`);
  if (wished === undefined) {
    const [first, ...others] = allowed;
    if (first && others.length === 0) return first;
    throw new Problem(422, `repository: has to be one of ${allowed.join(", ")}`);
  }
  const found = allowed.find((name) => name === wished);
  if (found) return found;
  throw new Problem(403, `${client} may not ask for work on that repository. It may: ${allowed.join(", ")}.`);
}

/** Of printable characters, as the draft of the header has it; quotes around it are taken off. */
export function idempotencyKeyOf(header: string | undefined): string {
  const key = header?.replace(/^"(.*)"$/, "$1") ?? "";
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new Problem(
    400,
    "Send `Idempotency-Key` with a value of your own for this mention, such as a UUID: the same one again is the same mention.",
  );
}

/** The same for the same words, whatever the order of the fields. */
export const fingerprintOf = ({ words }: ApiAsk): string => digest(words).toString("base64url");

/** What names a mention of that client. Nobody else's begins so: a hash has no dash in it. */
export const mentionId = (client: string, key: string): string =>
  `api-${client}-${digest(`${client}/${key}`).toString("hex").slice(0, 24)}`;

export const isMentionOf = (client: string, id: string): boolean =>
  id.startsWith(`api-${client}-`) && /^[0-9a-f]{24}$/.test(id.slice(`api-${client}-`.length));

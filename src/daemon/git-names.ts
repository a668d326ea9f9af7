/**
 * Names that come from outside and go into git's arguments, its config and its messages. git takes an argument that begins with a
 * dash for an option, and `ext::` URLs for commands, so nothing gets through here that could be either.
 */
import { isAbsolute } from "node:path";
import { isBranchName } from "../wire/branch.ts";
import { CheckoutError } from "./checkout.ts";

export interface Remote {
  /** Without user and password: it stands in arguments and in the clone's config. */
  url: string;
  /** Scheme and host; what git asks credentials for. Null where there are none to ask for. */
  origin: string | null;
  /** Those that stood in the URL. */
  embedded: { username: string; password: string } | null;
}

const SCHEMES = new Set(["https:", "http:", "ssh:", "file:"]);
/** `git@github.com:owner/name.git`. */
const SCP_LIKE = /^[A-Za-z0-9][\w.-]*@[A-Za-z0-9][\w.-]*:[^:-][^:]*$/;

export function readRemote(source: string): Remote {
  const short = /^github:([\w.-]+\/[\w.-]+)$/.exec(source);
  if (short) return readRemote(`https://github.com/${short[1]?.replace(/\.git$/, "")}.git`);
  if (isAbsolute(source) || SCP_LIKE.test(source)) return { url: source, origin: null, embedded: null };
  const url = URL.canParse(source) ? new URL(source) : null;
  if (!url || !SCHEMES.has(url.protocol)) {
    throw new CheckoutError(
      "git.clone-failed",
      "The repository has to be an https, ssh or file URL, or github:owner/name.",
    );
  }
  const isHttp = url.protocol.startsWith("http");
  const embedded = isHttp && (url.username || url.password) ? credentialsIn(url) : null;
  if (isHttp) url.username = "";
  url.password = "";
  return { url: url.href, origin: isHttp ? url.origin : null, embedded };
}

function credentialsIn(url: URL): { username: string; password: string } {
  const [username, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  // `https://TOKEN@host`: the token stands where the user name belongs.
  return password ? { username, password } : { username: "x-access-token", password: username };
}

/** A bad name is refused before any command sees it. */
export function checkBranch(name: string | undefined): void {
  if (name === undefined || isBranchName(name)) return;
  throw new CheckoutError("git.clone-failed", `${JSON.stringify(name)} is not a name for a branch.`);
}

export interface Person {
  name: string;
  email: string;
}

/** A line break in a name would write another trailer, angle brackets another address. */
export function plainPerson(person: Person): Person {
  const plain = (text: string) =>
    text
      .replace(/[\p{Cc}<>]+/gu, " ")
      .replace(/\s+/g, " ")
      .trim();
  return { name: plain(person.name) || "unknown", email: plain(person.email).replaceAll(" ", "") };
}

/** For a command of git that makes commits. */
export function committingAs(person: Person): string[] {
  const { name, email } = plainPerson(person);
  return ["-c", `user.name=${name}`, "-c", `user.email=${email}`];
}

export const coAuthorTrailer = (person: Person): string => {
  const { name, email } = plainPerson(person);
  return `Co-authored-by: ${name} <${email}>`;
};

/** Takes user and password out of every URL, and each of `secrets` wherever it stands. */
export function withoutSecrets(text: string, secrets: string[]): string {
  const bare = text.replace(/(\w+:\/\/)[^\s/@'"]+@/g, "$1");
  // Shorter ones would blank ordinary words.
  return secrets
    .filter((secret) => secret.length >= 6)
    .reduce((rest, secret) => rest.replaceAll(secret, "[secret]"), bare);
}

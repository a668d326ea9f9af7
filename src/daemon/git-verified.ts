/**
 * Commits that the host signs. Instead of pushing, the daemon hands the host the changed files, and the host makes one commit of them on
 * top of the branch (`createCommitOnBranch`): by its own hand, so it can vouch for it. What such a commit cannot say is found out before,
 * and then git pushes as ever, unsigned. No client of the host's is needed for two requests, and none is in the daemon.
 */
import type { Verified } from "../wire/routes.ts";
import type { CheckoutError, Grant } from "./checkout.ts";
import { loginFor } from "./credentials.ts";
import { WITHOUT_WORKFLOWS } from "./git-failure.ts";
import { coAuthorTrailer, type Person } from "./git-names.ts";
import type { Prepared } from "./git-prepare.ts";
import { branchRef, commitOf, fetchFromRemote, remoteRef } from "./git-refs.ts";
import type { Repository } from "./git-repository.ts";
import { takeOver } from "./git-take-over.ts";
import { changesOf, type FileChanges } from "./git-verified-changes.ts";

export type VerifiedOutcome =
  /** Nobody asked for it. */
  | { is: "not-wanted" }
  | { is: "cannot"; why: string }
  /** Somebody pushed meanwhile, or the answer was lost: look again. */
  | { is: "raced" }
  | { is: "made"; commit: string };

interface Push extends Prepared {
  branch: string;
  subject: string;
  coAuthors: Person[];
  grant?: Grant | undefined;
}

/** `theirs`: the branch's tip on the remote, which `commit` has; null where there is no such branch yet. */
export async function publishVerified(
  push: Push,
  { commit, theirs }: { commit: string; theirs: string | null },
): Promise<VerifiedOutcome> {
  const { repository, base, branch, grant } = push;
  if (!grant?.verified) return { is: "not-wanted" };
  const login = repository.remote.origin && loginFor(grant.logins, repository.remote.origin);
  if (!login) return { is: "cannot", why: "there is no token for it" };
  const parent = theirs ?? (await partedFrom(repository, base, commit));
  if (!parent) return { is: "cannot", why: "the repository has no commit that it could stand on" };
  const changes = await changesOf(repository, { parent, commit });
  if ("cannot" in changes) return { is: "cannot", why: changes.cannot };
  const call = callsOf(grant.verified, login.password, repository);
  if (!theirs && !(await call.makeBranch(branch, parent))) return { is: "raced" };
  const message = await messageOf(push, { parent, commit });
  const made = await call.commit({ branch, parent, message, changes });
  if (made !== "made") return { is: "raced" };
  await fetchFromRemote(repository, [branch]);
  const tip = await commitOf(repository.link, remoteRef(branch));
  if (tip && (await takeOver(repository, branch, tip))) return { is: "made", commit: tip };
  // Then somebody was quicker than our look; the next round merges what they pushed.
  return { is: "raced" };
}

/** The newest commit of the base that is in it: what a new branch begins with. */
async function partedFrom({ link }: Repository, base: string | null, commit: string): Promise<string | null> {
  const tip = base ? await commitOf(link, remoteRef(base)) : null;
  const parted = tip ? (await link(["merge-base", tip, commit])).stdout.trim() : "";
  return parted || null;
}

interface Message {
  headline: string;
  body: string;
}

/** That of the one commit; of several the turn's, with theirs below, as they are lost otherwise. */
async function messageOf(
  { repository: { link, must }, subject, coAuthors }: Push,
  { parent, commit }: { parent: string; commit: string },
): Promise<Message> {
  const log = await must(link(["log", "-z", "--reverse", "--no-merges", "--format=%B", commit, `^${parent}`]));
  const said = log.split("\0").filter((text) => text.trim());
  const [only = "", ...others] = said;
  const [headline = subject, ...rest] = others.length === 0 ? only.trim().split("\n") : [subject];
  const body = others.length === 0 ? rest.join("\n") : said.map((text) => `* ${text.trim().split("\n")[0]}`).join("\n");
  const trailers = [...new Set(coAuthors.map(coAuthorTrailer))].filter((line) => !body.includes(line));
  const named = said
    .flatMap((text) => text.match(/^Co-authored-by: .+$/gim) ?? [])
    .filter((line) => !body.includes(line));
  const people = [...new Set([...trailers, ...named])].join("\n");
  const isTrailing = /^[A-Z][\w-]*: .+$/.test(body.trim().split("\n").at(-1) ?? "");
  return {
    headline: headline.trim() || subject,
    body: [body.trim(), people].filter(Boolean).join(isTrailing ? "\n" : "\n\n"),
  };
}

interface Calls {
  /** False where it has to be looked at again. */
  makeBranch(branch: string, at: string): Promise<boolean>;
  commit(wish: { branch: string; parent: string; message: Message; changes: FileChanges }): Promise<"made" | "again">;
}

/** Longer than GitHub works on a request; what takes longer has failed there. */
const REQUEST_TIMEOUT_MS = 30_000;

const MUTATION =
  "mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }";

function callsOf({ repository: name, restUrl, graphqlUrl }: Verified, token: string, repository: Repository): Calls {
  return {
    async makeBranch(branch, at) {
      const made = await post(`${restUrl}/repos/${name}/git/refs`, token, { ref: branchRef(branch), sha: at });
      if (made.status === 201) return true;
      // By somebody, or by an attempt of ours whose answer was lost.
      const isThere = made.status === 422 && /already exists/i.test(messageIn(made.body));
      if (isThere || isLost(made)) return false;
      throw refused(repository, made);
    },
    async commit({ branch, parent, message, changes }) {
      const input = {
        branch: { repositoryNameWithOwner: name, branchName: branch },
        expectedHeadOid: parent,
        message,
        fileChanges: changes,
      };
      const answer = await post(graphqlUrl, token, { query: MUTATION, variables: { input } });
      const errors = errorsOf(answer.body);
      if (answer.status === 200 && errors.length === 0) return "made";
      // Somebody pushed since we looked, or the branch says whether it got through.
      if (errors.some(({ type }) => type === "STALE_DATA") || isLost(answer)) return "again";
      throw refused(repository, answer);
    },
  };
}

interface Answer {
  status: number;
  body: unknown;
}

/** No answer at all is status 0. */
async function post(url: string, token: string, body: object): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: "POST",
      // The token is for this host alone.
      redirect: "error",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "user-agent": "threadbox" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    return { status: response.status, body: await response.json().catch(() => null) };
  } catch {
    return { status: 0, body: null };
  }
}

const isLost = ({ status }: Answer): boolean => status === 0 || status >= 500;

function errorsOf(body: unknown): { type: string; message: string }[] {
  const errors = isRecord(body) && Array.isArray(body.errors) ? body.errors : [];
  return errors
    .filter(isRecord)
    .map(({ type, message }) => ({ type: String(type ?? ""), message: String(message ?? "") }));
}

const messageIn = (body: unknown): string => (isRecord(body) ? String(body.message ?? "") : "");

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

function refused({ failure }: Repository, { status, body }: Answer): CheckoutError {
  const said = [...errorsOf(body).map(({ message }) => message), messageIn(body)];
  const detail = said.filter(Boolean).join(" · ").slice(0, 500) || `The host answered with ${status || "nothing"}.`;
  if (WITHOUT_WORKFLOWS.test(detail)) return failure("git.workflows", detail);
  return failure(status === 401 ? "git.unauthorized" : "git.push-refused", detail);
}

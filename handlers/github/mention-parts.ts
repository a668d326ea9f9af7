/** What mentions from GitHub have in common, whichever event they come from. */
import { branchKey, githubPullRequestKey } from "../../src/core/correlation.ts";
import { tipOf } from "../../src/core/head.ts";
import type { CorrelationKey, GitHubRepo, Person, RepositoryHint, Thread } from "../../src/core/types.ts";
import { visibleText } from "../../src/surfaces/github-sanitize.ts";
import type { Bot, IgnoredReason } from "./outcome.ts";
import type { Envelope, PullRequest } from "./payloads.ts";

type GitHubThread = Extract<Thread, { surface: "github" }>;

/** Why nothing that this sender says can be for us; null when it can. `body` is what was said, as it was sent. */
export function unheard(sender: Envelope["sender"], body: string, bot: Bot): IgnoredReason | null {
  // Where we comment with a person's token, the marker tells our comments from the person's own.
  if (sender.id === bot.account || bot.logins.includes(sender.login) || body.includes("<!-- threadbox:"))
    return "own-message";
  if (sender.type !== "User" && !bot.allowedBots.includes(String(sender.id))) return "bot-sender";
  return null;
}

export function authorOf({ sender }: Envelope): Person {
  return { surface: "github", id: String(sender.id), name: sender.login };
}

export function repoOf({ repository }: Envelope): GitHubRepo {
  return { id: repository.id, owner: repository.owner.login, name: repository.name };
}

export function threadOf(envelope: Envelope, is: "issue" | "pr", number: number): GitHubThread {
  return { surface: "github", repo: repoOf(envelope), number, is, installation: envelope.installation?.id ?? null };
}

export function repositoryOf({ repository }: Envelope): RepositoryHint {
  const { id, full_name, clone_url, default_branch } = repository;
  return { id: String(id), name: full_name, url: clone_url, base: default_branch };
}

/**
 * The keys and the repository of a pull request whose payload tells its head. `seen` is the commit that whoever spoke had before their eyes:
 * in a fork its author may push another one between that and the words.
 */
export function workOf(
  envelope: Envelope,
  pull: PullRequest,
  seen?: string | null,
): { keys: CorrelationKey[]; repository: RepositoryHint } {
  const { id } = envelope.repository;
  const pullKey = githubPullRequestKey(id, pull.number);
  const repository = { ...repositoryOf(envelope), base: pull.base.ref };
  // A closed one is not worked on any more.
  if (pull.state !== "open") return { keys: [pullKey], repository };
  const tip = tipOf(id, pull, seen);
  // A fork's head cannot be pushed, and its name may equal one of ours.
  if (tip.fork) return { keys: [pullKey], repository: { ...repository, tip } };
  return { keys: [pullKey, branchKey(id, pull.head.ref)], repository: { ...repository, head: pull.head.ref, tip } };
}

/** The same for every event that tells of the review or of one of its comments. */
export const reviewDedupe = ({ repository }: Envelope, review: number): string =>
  `github:review:${repository.id}/${review}`;

/** More of it is context that the agent can read in the repository or on the page. */
const MAX_ABOUT_CHARS = 8_000;

/** Title and text of an issue or pull request, as people saw them when the order was given. */
export function aboutText({ title, body }: { title: string; body: string }, maxChars = MAX_ABOUT_CHARS): string {
  // Cut before the hidden parts are taken out: the work stays small whatever a stranger wrote.
  return `${visibleText(title)}\n\n${visibleText(body.slice(0, maxChars))}`.trim().slice(0, maxChars);
}

/** The place in the diff first, then what the pull request says of itself. */
export function aboutLine(place: { path: string; line: number | null; hunk: string }, pull: PullRequest): string {
  const where = place.line === null ? place.path : `${place.path}:${place.line}`;
  // The end of a hunk is the line that the comment stands on.
  const diff = `${where}\n${place.hunk.slice(-MAX_ABOUT_CHARS / 2)}`;
  return `${diff}\n\n${aboutText(pull, MAX_ABOUT_CHARS - diff.length - 2)}`.slice(0, MAX_ABOUT_CHARS);
}

/**
 * What stands behind a link to an issue, a pull request or a comment: its title and text as they are now, as a person sees them, and whether
 * whoever wrote it may write to that repository.
 */
import type { Octokit } from "octokit";
import { z } from "zod";
import { type Linked, MAX_LINKED_CHARS, type TalkLink } from "../core/linked.ts";
import type { GitHubAccess, RepositoryPlace } from "./github-access.ts";
import { unlessGone } from "./github-comments.ts";
import { githubFailure } from "./github-failure.ts";
import { askRole } from "./github-people.ts";
import { visibleText } from "./github-sanitize.ts";

const Written = z.object({
  body: z.string().nullish(),
  user: z.object({ id: z.number(), login: z.string(), type: z.string() }).nullish(),
  html_url: z.string(),
  updated_at: z.string().nullish(),
  submitted_at: z.string().nullish(),
});
type Written = z.infer<typeof Written>;
const Issue = Written.extend({ title: z.string(), state: z.string() });

/** Null when it is not there (any more). */
export async function readLinked(access: GitHubAccess, place: RepositoryPlace, link: TalkLink): Promise<Linked | null> {
  try {
    const octokit = await access.client(place);
    const where = { owner: place.owner, repo: place.name };
    // GitHub tells of pull requests by this one as well.
    const asked = await unlessGone(() => octokit.rest.issues.get({ ...where, issue_number: link.number }));
    const issue = asked && Issue.parse(asked.data);
    const written = issue && link.comment ? await commentOf(octokit, place, link) : issue;
    if (!issue || !written || !isThere(issue, place, link) || !isThere(written, place, link)) return null;
    const { user, body, updated_at, submitted_at } = written;
    return {
      title: visibleText(issue.title),
      state: issue.state,
      author: user?.login ?? "ghost",
      trusted: await mayWrite(access, place, link, user),
      at: Date.parse(updated_at ?? submitted_at ?? "") || access.clock.now(),
      // Cut before as well: what is left out anyway keeps nobody busy.
      text: visibleText((body ?? "").slice(0, 4 * MAX_LINKED_CHARS)),
    };
  } catch (thrown) {
    throw githubFailure(thrown, `look at ${link.url}`, access.clock);
  }
}

/** GitHub leads on to wherever an issue was moved to, and that may be a repository that nobody here may read. */
function isThere({ html_url }: Written, { owner, name }: RepositoryPlace, { number }: TalkLink): boolean {
  const [, itsOwner, itsName, , itsNumber] = URL.parse(html_url)?.pathname.split("/") ?? [];
  const [its, wanted] = [`${itsOwner}/${itsName}`, `${owner}/${name}`];
  return its.toLowerCase() === wanted.toLowerCase() && itsNumber === String(number);
}

async function commentOf(
  { rest }: Octokit,
  { owner, name }: RepositoryPlace,
  { comment, number }: TalkLink,
): Promise<Written | null> {
  if (!comment) return null;
  const one = { owner, repo: name, comment_id: comment.id };
  const asked = await unlessGone<{ data: unknown }>(() => {
    if (comment.is === "issue-comment") return rest.issues.getComment(one);
    if (comment.is === "review-comment") return rest.pulls.getReviewComment(one);
    return rest.pulls.getReview({ owner, repo: name, pull_number: number, review_id: comment.id });
  });
  return asked && Written.parse(asked.data);
}

/** Whoever cannot be asked about is a stranger. */
async function mayWrite(
  access: GitHubAccess,
  { owner, name, installation }: RepositoryPlace,
  { repository }: TalkLink,
  user: Written["user"],
): Promise<boolean> {
  if (user?.type !== "User") return false;
  const who = { id: String(user.id), name: user.login };
  const repo = { id: Number(repository.id), owner, name };
  const role = await askRole(access, { repo, installation, who }).catch(() => null);
  return role?.canWrite ?? false;
}

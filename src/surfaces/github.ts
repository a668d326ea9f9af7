/**
 * GitHub, the way out: one edited comment while a turn goes on, one new comment at its end, and what GitHub knows of people and
 * pull requests. Every comment of ours carries a hidden marker; an effect that is repeated looks for it before it posts again.
 */
import { z } from "zod";
import { bounded } from "../bounded.ts";
import { branchKey } from "../core/correlation.ts";
import { tipOf } from "../core/head.ts";
import type { GitHubRepo, Mention, Thread } from "../core/types.ts";
import { ThreadboxError, toThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { GitHubAccess, GitHubSelf } from "./github-access.ts";
import type { GitHubAllow } from "./github-allowed.ts";
import {
  createComment,
  editComment,
  findMarkers,
  type GitHubPlace,
  parseReferences,
  unlessGone,
  withMarkers,
} from "./github-comments.ts";
import { saidBefore } from "./github-context.ts";
import { githubFailure } from "./github-failure.ts";
import { type GitHubGraph, githubGraph } from "./github-graph.ts";
import { type GitHubPeople, githubPeople } from "./github-people.ts";
import {
  renderAnswer,
  renderNote,
  renderPing,
  renderProgress,
  renderQuestion,
  renderSettled,
} from "./github-render.ts";
import { type FindMention, wholeReview } from "./github-review.ts";
import { plainSurface } from "./plain-surface.ts";
import type { MessageRef, PostId, Surface } from "./surface.ts";

export interface GitHubSurfaceOptions {
  access: GitHubAccess;
  /** What people call us, without the `@`. */
  name: string;
  log: Log;
  /** Numeric ids, as text, of bots that may ask. */
  allowedBots?: readonly string[];
  /** How people call us in a text, as what comes in is read. */
  findMention: FindMention;
  /** Who of those that may write may also ask. */
  allow?: GitHubAllow;
}

type GitHubThread = Extract<Thread, { surface: "github" }>;

/** See the header, and `surface.ts` for what each method promises. */
export function githubSurface(options: GitHubSurfaceOptions): Surface {
  const { access } = options;
  const log = options.log.child({ surface: "github" });
  const people = githubPeople({
    access,
    name: options.name,
    allowedBots: options.allowedBots ?? [],
    allow: options.allow,
  });
  const graph = githubGraph({ access, log });

  const at = visitor(access);
  const sent = bounded<string, string>(MAX_SENT);
  const say = (thread: Thread, text: string, id: PostId): Promise<MessageRef> =>
    at(thread, "comment on", (place) => postAll(place, access, renderNote(text), id));

  return {
    ...plainSurface,
    ...knowing(options, { people, graph, at }),

    pace: "calm",

    acknowledge: ({ thread, message }) => at(thread, "react in", (place) => react(place, graph, message, "eyes")),

    async refuse(mention, text, id) {
      if (mention.author.name.endsWith("[bot]")) return; // an answer to a bot is the beginning of a loop
      const replied = await at(mention.thread, "refuse in", async (place, { repo, installation }) => {
        await react(place, graph, mention.message, "confused");
        if (!(await mayHear(place, () => people.role(repo, installation, mention.author)))) return false;
        return refuseOnce(place, await access.self(), { text, marker: id.marker });
      });
      log.info({ mention: mention.id, person: mention.author.id, refusal: text, replied }, "github.refused");
    },

    show: (thread, progress, page, ref, id) =>
      at(thread, "comment on", async (place) => {
        const body = renderProgress(progress, page, access.clock.now());
        // The last state says how it ended; it stands before the answer, and waits for its place as the answer does.
        const weight = progress.ended ? "words" : "progress";
        if (ref !== null && sent.get(sentAs(place, ref)) === body) return ref;
        const shown = await editedOrPosted(place, access, { body, ref, weight }, id);
        sent.set(sentAs(place, shown), body);
        return shown;
      }),

    answer: (thread, answer, id) =>
      at(thread, "comment on", (place) => postAll(place, access, renderAnswer(answer), id)),

    ask: (thread, question, id) =>
      at(thread, "comment on", (place) => postAll(place, access, [renderQuestion(question)], id)),

    settle: (thread, question, id) =>
      at(thread, "comment on", async (place) => {
        const ref = question.ref ?? (await findMarkers(place, await access.self())).get(id.marker);
        const body = withMarkers(renderSettled(question), id.marker);
        // Whoever deleted the comment has seen it.
        if (ref) await editComment(place, ref, body, "words");
      }),

    say,

    resolve: (thread) => at(thread, "resolve a thread of", graph.resolve).catch(staysOpen(log)),

    ping: (thread, text, people, id) =>
      at(thread, "comment on", (place) => postAll(place, access, renderPing(text, people), id)),

    // An issue is a thing of its own, and no thread beside another.
    open: async () => null,
  };
}

/** What our progress comments said last: the same is not said again. One that is forgotten costs an edit. */
const MAX_SENT = 500;
const sentAs = ({ owner, repo }: GitHubPlace, ref: MessageRef): string => `${owner}/${repo} ${ref}`;

/** What GitHub knows of people and pull requests. */
function knowing(
  { access, name, findMention }: GitHubSurfaceOptions,
  { people, graph, at }: { people: GitHubPeople; graph: GitHubGraph; at: Visit },
): Pick<Surface, "authorize" | "complete" | "context"> {
  return {
    authorize: (mention) => people.authorize(mention),

    complete: (mention) =>
      mention.lookup === undefined
        ? Promise.resolve(mention)
        : at(mention.thread, "read", async (place, { repo }) => {
            if (mention.lookup !== "review") return withHead(place, repo, mention);
            return wholeReview({ place, graph, findMention, names: namesOf(name, await access.self()) }, mention);
          }),

    context: (mention) =>
      at(mention.thread, "read", async (place, { repo, installation }) =>
        saidBefore({
          ...{ place, repo, installation, before: mention.at, self: await access.self(), people },
          review: mention.review,
        }),
      ),
  };
}

/** A person's token makes us that person, whose login calls nobody else. */
const namesOf = (name: string, { login }: GitHubSelf): string[] =>
  login.endsWith("[bot]") ? [name, login.slice(0, -"[bot]".length)] : [name];

type Visit = <T>(
  thread: Thread,
  doing: string,
  work: (place: GitHubPlace, thread: GitHubThread) => Promise<T>,
) => Promise<T>;

/** Works with a client for the thread's repository; what octokit throws leaves as one of our codes. */
function visitor(access: GitHubAccess): Visit {
  return async (thread, doing, work) => {
    const here = onGitHub(thread);
    const { owner, name } = here.repo;
    try {
      const octokit = await access.client({ owner, name, installation: here.installation });
      const { number, is, reviewComment } = here;
      return await work({ octokit, owner, repo: name, number, is, root: reviewComment ?? null }, here);
    } catch (thrown) {
      throw githubFailure(thrown, `${doing} ${owner}/${name}#${here.number}`, access.clock);
    }
  };
}

async function editedOrPosted(
  place: GitHubPlace,
  access: GitHubAccess,
  shown: { body: string; ref: MessageRef | null; weight: "words" | "progress" },
  { marker, again }: PostId,
): Promise<MessageRef> {
  const { ref, weight } = shown;
  const body = withMarkers(shown.body, marker);
  const marked = ref === null && again ? await findMarkers(place, await access.self()) : null;
  const known = ref ?? marked?.get(marker) ?? null;
  if (known !== null && (await editComment(place, known, body, weight))) return known;
  return createComment(place, body, weight);
}

/** Piece by piece, each under a marker of its own: what broke off half-way is completed, not begun again. */
async function postAll(place: GitHubPlace, access: GitHubAccess, bodies: string[], id: PostId): Promise<MessageRef> {
  const posted = id.again ? await findMarkers(place, await access.self()) : new Map<string, MessageRef>();
  const refs: MessageRef[] = [];
  for (const [i, body] of bodies.entries()) {
    const marker = i === 0 ? id.marker : `${id.marker}/${i + 1}`;
    refs.push(posted.get(marker) ?? (await createComment(place, withMarkers(body, marker), "words")));
  }
  if (refs[0] === undefined) throw new ThreadboxError("internal", "there was nothing to say");
  return refs[0];
}

/** False where a thread has had its one refusal already. */
async function refuseOnce(
  place: GitHubPlace,
  self: GitHubSelf,
  { text, marker }: { text: string; marker: string },
): Promise<boolean> {
  const posted = await findMarkers(place, self);
  if (posted.has(REFUSAL) || posted.has(marker)) return false;
  await createComment(place, withMarkers(renderNote(text)[0] ?? "", marker, REFUSAL), "words");
  return true;
}

/** On every reply to somebody who may not ask, so that a thread gets one at most. */
const REFUSAL = "refusal";

function onGitHub(thread: Thread): GitHubThread {
  if (thread.surface !== "github") throw new ThreadboxError("internal", `a thread of ${thread.surface} reached GitHub`);
  return thread;
}

/**
 * Everybody may comment on a public repository, and everybody's notifications would carry our replies: a stranger there gets
 * the reaction alone. On a private one, and for collaborators, a reply tells whom to ask.
 */
async function mayHear(
  { octokit, owner, repo }: GitHubPlace,
  role: () => Promise<{ isCollaborator: boolean } | null>,
): Promise<boolean> {
  const { data } = await octokit.rest.repos.get({ owner, repo });
  return data.private || ((await role())?.isCollaborator ?? false);
}

/** Nobody waits for it, and whoever looks sees what was said there. */
const staysOpen =
  (log: Log) =>
  (thrown: unknown): void => {
    const { code, detail } = toThreadboxError(thrown);
    log.warn({ code, detail }, "github.graphql-failed");
  };

/** GitHub keeps one reaction of a kind from each account, so a second one changes nothing. A message that is gone is fine. */
async function react(
  place: GitHubPlace,
  graph: GitHubGraph,
  message: string,
  content: "eyes" | "confused",
): Promise<void> {
  const { octokit, owner, repo } = place;
  const targets = parseReferences(message);
  if (targets.length === 0) throw new ThreadboxError("internal", `${message} names no message on GitHub`);
  const { reactions } = octokit.rest;
  const toIssue = (issue_number: number) => reactions.createForIssue({ owner, repo, issue_number, content });
  for (const { kind, id } of targets) {
    const comment = { owner, repo, comment_id: id, content };
    await unlessGone(async () => {
      switch (kind) {
        case "issue-comment":
          return void (await reactions.createForIssueComment(comment));
        case "review-comment":
          return void (await reactions.createForPullRequestReviewComment(comment));
        case "review":
          return void ((await reactToReview(place, graph, id, content)) || (await toIssue(place.number)));
        case "issue":
          return void (await toIssue(id));
        default:
          return kind satisfies never;
      }
    });
  }
}

/** REST has no reactions for reviews, and GraphQL knows them by another name. */
async function reactToReview(
  place: GitHubPlace,
  graph: GitHubGraph,
  id: number,
  content: "eyes" | "confused",
): Promise<boolean> {
  const { octokit, owner, repo, number } = place;
  const { data } = await octokit.rest.pulls.getReview({ owner, repo, pull_number: number, review_id: id });
  return graph.react(place, data.node_id, content === "eyes" ? "EYES" : "CONFUSED");
}

/** The fields of a pull request that we use. The head's repository is null when a fork was deleted. */
const PullRequestHead = z.object({
  number: z.number(),
  state: z.string(),
  user: z.object({ login: z.string() }).nullish(),
  head: z.object({ ref: z.string(), sha: z.string(), repo: z.object({ id: z.number() }).nullable() }),
  base: z.object({ ref: z.string() }),
});

/**
 * Adds the head's commit as it is now, which is the one that counts from here on, and its branch, where that can be worked on: it is open,
 * and in the same repository. The head of a fork cannot be pushed and its name may equal one of ours, so work there goes on a branch of its own.
 */
async function withHead(place: GitHubPlace, repo: GitHubRepo, mention: Mention): Promise<Mention> {
  const { octokit, owner, repo: name, number } = place;
  const { lookup: _, ...known } = mention;
  const { data } = await octokit.rest.pulls.get({ owner, repo: name, pull_number: number });
  const pull = PullRequestHead.parse(data);
  const { state, head, base } = pull;
  const repository = known.repository && { ...known.repository, base: base.ref };
  if (state !== "open") return repository ? { ...known, repository } : known;
  const tip = tipOf(repo.id, pull);
  if (tip.fork) return repository ? { ...known, repository: { ...repository, tip } } : known;
  const keys = [...known.keys, branchKey(repo.id, head.ref)];
  return repository ? { ...known, keys, repository: { ...repository, head: head.ref, tip } } : { ...known, keys };
}

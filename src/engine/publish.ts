/** The words of a pull request: what was done, who asked, where it went on. What was said in Slack is not repeated in it. */
import { mayNameWork } from "../core/confidence.ts";
import { threadKey } from "../core/correlation.ts";
import { pullRequestTitle } from "../core/pull-request-title.ts";
import type { Ask, Person, Session, TestOutcome, Thread, Turn, TurnResult, Work } from "../core/types.ts";
import type { PullRequestDraft, PullRequestTurn } from "../surfaces/forge.ts";
import type { Surfaces } from "../surfaces/surface.ts";
import type { EngineDeps } from "./ports.ts";
import { pageFor } from "./reach.ts";
import { testsOf } from "./test-outcomes.ts";

/** A turn that pushed something. */
export interface Pushed {
  turn: Pick<Turn, "asks" | "thread">;
  result: TurnResult;
}

/** What is around the work of a session. */
interface Ways {
  /** The page of the session; null where people on GitHub do not get there. */
  page: string | null;
  /** The thread that it was asked in; the same. */
  thread: string | null;
  /** What the last of the turns ran; null where that is not known. */
  tests: TestOutcome[] | null;
}

/** As the session's pull request is now, or will be. Null where it has nothing to show on GitHub. */
export async function draftOf(deps: EngineDeps, session: Session): Promise<PullRequestDraft | null> {
  const pushed = withCurrent(await deps.store.pushes(session.id), session.turn);
  const last = pushed.at(-1);
  if (!last) return null;
  return pullRequestDraft(session, pushed, {
    page: pageFor(deps.settings, session, "github"),
    thread: await wayBack(deps.surfaces, pushed[0]?.turn.asks[0], deps.settings.permalinks ?? "never"),
    tests: await testsOf(deps, session, { turn: last.id, result: last.result }),
  });
}

/** The result of a turn that waits for its pull request is not stored before it is told. */
function withCurrent(ended: (Pushed & { id: string })[], turn: Turn | null): (Pushed & { id: string })[] {
  if (turn?.phase.is !== "publishing") return ended;
  const { result } = turn.phase;
  const before = ended.filter(({ id }) => id !== turn.id);
  return before.at(-1)?.result.commit === result.commit && before.length > 0
    ? before
    : [...before, { id: turn.id, turn, result }];
}

/** Null where there is no work on GitHub, or nothing of it was pushed. What went into an earlier pull request was on another branch. */
export function pullRequestDraft(
  session: Session,
  all: Pushed[],
  { page, thread: asked, tests }: Ways,
): PullRequestDraft | null {
  const { work } = session;
  const pushed = all.filter(({ result }) => result.branch === work?.branch);
  const [first, ...later] = pushed;
  if (!work?.repository.github || !first) return null;
  const [ask] = first.turn.asks;
  const everybody = pushed.flatMap(({ turn }) => turn.asks);
  return {
    ...closing(session, everybody),
    ...{ repository: work.repository, head: work.branch, page, asked, tests },
    title: titleOf(ask, first.result, session),
    body: [first.result.answer, creditOf(work)].filter(Boolean).join("\n\n"),
    later: later.map(laterTurn),
    requestedBy: peopleIn(everybody),
  };
}

const creditOf = ({ fork }: Work): string =>
  fork
    ? `Made on top of ${fork.by}'s commits of #${fork.number}, which comes from a fork: this branch has them as they stood at ${fork.sha}, with what was changed since. Merging it merges both.`
    : "";

/** Only where the session began on that issue, and was asked for the work there. */
function closing({ thread, work }: Session, asks: Ask[]): { closes?: number } {
  const isIssue = thread.surface === "github" && thread.is === "issue" && `${thread.repo.id}` === work?.repository.id;
  const isAsked = asks.some((ask) => threadKey(ask.thread) === threadKey(thread));
  return isIssue && isAsked ? { closes: thread.number } : {};
}

const peopleIn = (asks: Ask[]): Person[] => [
  ...new Map(asks.map(({ author }) => [`${author.surface}/${author.id}`, author])).values(),
];

function laterTurn({ turn: { asks, thread }, result }: Pushed): PullRequestTurn {
  const who = [...new Set(asks.map(({ author }) => author.name))].join(", ");
  const by = `${who || "somebody"}${thread.surface === "slack" ? " via Slack" : ""}`;
  return { by, answer: result.answer, commit: result.commit };
}

/** In a session that began in Slack its title is the order's first line, so the agent's own words stand for both. */
function titleOf(ask: Ask | undefined, { answer }: TurnResult, session: Session): string {
  const order = ask ? { text: ask.text, subject: ask.subject } : { text: session.title };
  return pullRequestTitle({
    answer,
    order: !ask || mayNameWork(ask) ? order : null,
    asker: ask?.author.name ?? "somebody",
  });
}

/** The way back to what was asked. A Slack thread's only where a person has set that, and everybody of the workspace can read it. */
export async function wayBack(
  surfaces: Surfaces,
  ask: Ask | undefined,
  permalinks: "never" | "public",
): Promise<string | null> {
  if (!ask?.link) return null;
  const isNamed = await mayBeNamed(surfaces, ask.thread, permalinks);
  return isNamed ? ask.link : null;
}

async function mayBeNamed(surfaces: Surfaces, thread: Thread, permalinks: "never" | "public"): Promise<boolean> {
  if (thread.surface === "github") return true;
  if (thread.surface !== "slack" || permalinks === "never") return false;
  // Not known is private; the pull request does not wait for a link.
  return (await surfaces.slack?.isPublic(thread).catch(() => false)) ?? false;
}

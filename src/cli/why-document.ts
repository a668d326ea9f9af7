/** The story of a session as `why --json` gives it: names that scripts may rely on. Pure. */
import type { Story } from "../store/story.ts";

export function storyDocument({ session, heldBy, keys, turns, ...events }: Story): object {
  const { id, title, work, pullRequest, sandbox } = session;
  return {
    ...{ session: id, title, repository: work?.repository.name ?? null, branch: work?.branch ?? null },
    ...{ pullRequest: pullRequest?.url ?? null, sandbox: sandbox.is, heldBy, keys },
    turns: turns.map(({ id: turn, startedAt, endedAt, result, turn: { asks, attempt, phase } }) => ({
      ...{ turn, startedAt, endedAt, attempt, phase: result ? "ended" : phase.is },
      ...{ outcome: result?.outcome ?? null, failure: result?.failure ?? null },
      askedBy: [...new Set(asks.map(({ author }) => author.name))],
    })),
    inbox: events.inbox.map(({ body, ...row }) => ({ ...row, ...incomingDocument(body) })),
    decisions: events.decisions,
    feedback: events.feedback,
    effects: events.effects.map(({ effect, ...row }) => ({ ...row, effect: effect.do })),
  };
}

function incomingDocument(body: Story["inbox"][number]["body"]): object {
  if ("link" in body) return { what: "link", known: body.link.known, also: body.link.also };
  const { id: mention, author, thread, text, link = null } = body.mention;
  return { what: "mention", mention, author: author.name, surface: thread.surface, text, link };
}

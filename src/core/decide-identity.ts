/** A mention whose author has to say first who that is on GitHub: kept, told alone, and gone on with as if it had just been said. */
import { isOf } from "./correct.ts";
import { isYounger, type Stop } from "./decide-turn.ts";
import type { Effect, SessionEvent } from "./decision.ts";
import { isSameMember, type Membership, memberOf, withConnecting } from "./identity.ts";
import { mendRefused } from "./mend.ts";
import { titleOf } from "./naming.ts";
import { type Plan, plan } from "./plan.ts";
import type { Mention, Ms, Session } from "./types.ts";

/** How many may wait in a session; as many as in its queue. */
const MAX_CONNECTING = 10;
/** Nobody expects that something begins which they have said days ago. */
const WAITS_MS: Ms = 24 * 60 * 60_000;

/** Its author is told alone how to connect, once for what they say without a mention. */
export function unconnected(session: Session, event: Extract<SessionEvent, { type: "unconnected" }>, now: Ms): Plan {
  const said = session.checking.find(({ id }) => id === event.mention);
  if (!said) return plan(session);
  const mention = { ...said, author: event.author };
  const rest = { ...session, checking: session.checking.filter((one) => one !== said) };
  if (mention.mends) return mendRefused(rest, mention.mends, event.text);
  const waiting = stillWaiting(session, now);
  const isEdited = isOf(mention);
  if (waiting.some(isEdited))
    return plan(
      withConnecting(
        rest,
        waiting.map((one) => (isEdited(one) ? { ...one, text: mention.text } : one)),
      ),
    );
  const refuse = (text: string): Effect => ({ do: "refuse", mention, text, connect: true });
  if (waiting.length >= MAX_CONNECTING) return plan(withConnecting(rest, waiting), refuse(`${event.text} ${FULL}`));
  const isTold = !mention.addressed && waiting.some(({ author }) => author.id === mention.author.id);
  return plan(withConnecting(rest, [...waiting, mention]), ...(isTold ? [] : [refuse(event.text)]));
}

const FULL = `So much waits for that here already that I do not keep this; say it again then.`;

/** What they said is checked again, in the order in which they said it. */
export function connected(session: Session, member: Membership, now: Ms): Plan {
  const waiting = stillWaiting(session, now);
  const isTheirs = (mention: Mention): boolean => isSameMember(memberOf(mention), member);
  const theirs = waiting.filter(isTheirs);
  const others = withConnecting(
    session,
    waiting.filter((one) => !isTheirs(one)),
  );
  const checks = theirs.map(({ id }): Effect => ({ do: "check", mention: id }));
  return plan({ ...others, checking: [...session.checking, ...theirs] }, ...checks);
}

/** A stop ends what waits as well. */
export function unawaited(session: Session, stopping: Stop): Plan {
  const { connecting = [] } = session;
  const stays = connecting.filter((one) => isYounger(one, stopping));
  const told = connecting
    .filter((one) => !isYounger(one, stopping))
    .map(({ thread, text }): Effect => {
      const what = `Stopped by ${stopping.by.name} before it began: "${titleOf(text)}".`;
      return { do: "say", thread, text: what };
    });
  return plan(withConnecting(session, stays), ...told);
}

const stillWaiting = ({ connecting = [] }: Session, now: Ms): Mention[] =>
  connecting.filter(({ at }) => at + WAITS_MS > now);

/** Somebody may have lost the right to push since they asked, so that is found out now. */
export function pushAsked(
  session: Session,
  event: Extract<SessionEvent, { type: "push.asked" | "push.unanswered" }>,
): Plan {
  const { turn } = event;
  if (session.turn?.id !== turn) return plan(session);
  return plan(session, { do: "allow-push", turn, ...("failure" in event ? { no: event.failure } : {}) });
}

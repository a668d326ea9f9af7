/** Whether a mention is let in: may its author ask, what would it work on, and is there room for one more turn today. */
import { agentNamed } from "../core/agent-choice.ts";
import { raisedNow } from "../core/budget.ts";
import { type Choice, chooseWork, refusedBranch } from "../core/choose.ts";
import { parseCommand } from "../core/command.ts";
import { decide } from "../core/decide.ts";
import type { SessionEvent } from "../core/decision.ts";
import { membershipOf } from "../core/identity.ts";
import { accountsOf, mayRaise, notRaisedText, type Refusal, refusalToday, startOfDay } from "../core/limits.ts";
import { type LinkOrder, linkable, linkOrder, targetOf } from "../core/link-order.ts";
import { wishOf } from "../core/order.ts";
import { NO_PREFERENCES, type Preferences, preferredBy } from "../core/preferences.ts";
import type { Mention, Person, Repository, Session } from "../core/types.ts";
import { toThreadboxError } from "../errors.ts";
import type { Write } from "./claim.ts";
import { askerOf, beginsWork } from "./identity.ts";
import type { EngineDeps } from "./ports.ts";
import { surfaceOf } from "./reach.ts";

type Admitted = Extract<SessionEvent, { type: "admitted" }>;

/** Null when it was checked already. Asked again after a crash, a mention that was let in is let in again, and counted once. */
export async function check(
  deps: EngineDeps,
  session: Session,
  id: string,
  write: Write,
): Promise<SessionEvent | null> {
  const said = session.checking.find((one) => one.id === id);
  if (!said) return null;
  // Who may ask is known where the person is: an operator may stop a Slack thread from the terminal.
  const authorization = await surfaceOf(deps, said.author.surface).authorize(said);
  if (!authorization.allowed) return { type: "turned-away", mention: id, text: authorization.text };
  const mention = await pinned(deps, said);
  const preferences = await preferencesFor(deps, session, mention);
  const choice = await choose(deps, { session, mention, preferences });
  const { link, linked } = await linkOf(deps, mention);
  const asker = await askerOf(deps, { session, mention, author: authorization.author, choice, linked });
  if ("type" in asker) return asker;
  const preferred = preferredBy(preferences);
  const admitted: Admitted = {
    type: "admitted",
    mention: id,
    author: asker.author,
    choice,
    ...(link && { link }),
    ...raiseOf(deps, mention, authorization.author),
    ...(preferred && { preferred }),
    ...(mention.repository?.tip && { tip: mention.repository.tip }),
    workedOn: session.work?.repository.id ?? null,
  };
  const refusal = await countOrRefuse(deps, { mention, admitted, write });
  if (!refusal) return admitted;
  deps.log.info({ session: session.id, mention: id, code: refusal.code, refusal: refusal.text }, "limit.reached");
  return { type: "limited", mention: id, text: refusal.text };
}

/** Where a session follows already, nobody has looked up yet which commit it is about. */
async function pinned(deps: EngineDeps, mention: Mention): Promise<Mention> {
  if (mention.lookup !== "pull-request-head" || !beginsWork(mention)) return mention;
  try {
    return await surfaceOf(deps, mention.thread.surface).complete(mention);
  } catch (thrown) {
    const error = toThreadboxError(thrown);
    if (error.code === "surface.unavailable" || error.code === "surface.rate-limited") throw error;
    deps.log.warn({ mention: mention.id, code: error.code, detail: error.detail }, "mention.head-unknown");
    return mention;
  }
}

/** They count where a session begins, and for what begins one; nobody else's matter to it later. */
async function preferencesFor(
  { store, settings: { agents } }: EngineDeps,
  session: Session,
  mention: Mention,
): Promise<Preferences> {
  if (session.work || !beginsWork(mention)) return NO_PREFERENCES;
  // Whoever answers which repository does not begin it: that is who asked.
  const { undecided } = session;
  const asked = undecided && wishOf(session, mention).text === undecided.ask.text ? undecided.ask : mention;
  const found = await store.preferencesOf(membershipOf(asked));
  // Chosen long ago, from what there was then; the model was for it.
  return found.agent === null || agentNamed(agents, found.agent) ? found : { ...found, agent: null, model: null };
}

async function choose(
  deps: EngineDeps,
  { session, mention, preferences }: { session: Session; mention: Mention; preferences: Preferences },
): Promise<Choice> {
  const { options, text } = wishOf(session, mention);
  const preferred = preferences.repository;
  const { agents } = deps.settings;
  const agent = session.agent;
  const wish = { options, text: mention.subject ?? text, sessionId: session.id, preferred, agents, agent };
  const unread = chooseWork(mention, deps.repositories, wish);
  const isOpen = unread.is === "problem" && unread.code === "repository.ambiguous" && !session.work;
  const isAsked = isOpen && beginsWork(mention);
  const choice = isAsked
    ? chooseWork(mention, deps.repositories, { ...wish, said: await saidBy(deps, mention) })
    : unread;
  const chosen = await located(deps, choice);
  const refused = chosen.is === "chosen" ? refusedBranch(options.branch, chosen.work.repository) : null;
  return refused ?? chosen;
}

/** Of people who may ask. A vendor that does not tell now costs a question, and not the turn. */
async function saidBy(deps: EngineDeps, mention: Mention): Promise<string[]> {
  try {
    const said = await surfaceOf(deps, mention.thread.surface).context(mention);
    return said.filter(({ trusted }) => trusted).map(({ text }) => text);
  } catch (thrown) {
    const { code, detail } = toThreadboxError(thrown);
    deps.log.warn({ mention: mention.id, code, detail }, "context.missing");
    return [];
  }
}

/** Whoever says it has to be listed as who they are on their surface. */
function raiseOf({ settings: { limits } }: EngineDeps, mention: Mention, author: Person): Pick<Admitted, "raise"> {
  if (parseCommand(mention.text).verb !== "raise" || mention.answers) return {};
  return { raise: mayRaise(limits, author) ? null : notRaisedText(limits) };
}

/** `linked`: the repository that it would be. */
async function linkOf(
  { repositories: all, forge }: EngineDeps,
  mention: Mention,
): Promise<{ link?: LinkOrder; linked?: Repository }> {
  const command = parseCommand(mention.text);
  if (command.verb !== "link" || mention.answers) return {};
  const repositories = linkable(mention, all);
  const target = targetOf(command.url, repositories);
  const located = target && (await forge.locate(target.repository));
  if (target && located?.github) return { link: linkOrder(target, located.id), linked: located };
  const known = repositories.map(({ name }) => `\`${name}\``).join(", ") || "none";
  const detail = `That is no pull request or issue on GitHub of a repository that I know. I know: ${known}.`;
  return { link: { is: "unknown", detail } };
}

/** Keys of branches need the forge's own id of the repository, which a URL does not tell. */
async function located(deps: EngineDeps, choice: Choice): Promise<Choice> {
  if (choice.is === "problem") return choice;
  try {
    return { is: "chosen", work: { ...choice.work, repository: await deps.forge.locate(choice.work.repository) } };
  } catch (thrown) {
    const error = toThreadboxError(thrown);
    if (error.code !== "repository.unknown") throw error;
    return { is: "problem", code: "repository.unknown", detail: `${error.detail} ${error.remedy}` };
  }
}

/** In one transaction, one after the other over all bots: of two mentions at once for the last turn of a day one gets it. */
async function countOrRefuse(
  { store, settings: { limits }, clock }: Pick<EngineDeps, "store" | "settings" | "clock">,
  { mention, admitted, write }: { mention: Mention; admitted: Admitted; write: Write },
): Promise<Refusal | null> {
  if (!beginsWork(mention)) return null;
  return write(async (tx, session) => {
    const now = clock.now();
    const after = decide(session, admitted, now).session;
    // What is passed on to a turn that runs, joins one that waits, or only asks how it goes, costs no turn.
    const begins = after.turn?.id === mention.id || after.queue.some((ask) => ask.id === mention.id);
    if (!begins) return null;
    const accounts = accountsOf(mention.thread, admitted.author, after.work?.repository ?? null);
    const turn = { id: mention.id, session: session.id, accounts, at: now };
    const today = startOfDay(now);
    const used = await store.usageSince(tx, today, turn);
    const refusal = refusalToday(limits, used, now, raisedNow(after.raised, today));
    if (!refusal) await store.countTurn(tx, turn);
    return refusal;
  });
}

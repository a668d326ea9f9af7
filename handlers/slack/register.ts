/** The table of what is handled in Slack. `manifest.yml` subscribes to exactly these events; a test compares the two. */
import type { App, types } from "@slack/bolt";
import type { Inbox, Receipt } from "../../src/core/incoming.ts";
import type { NewMention } from "../../src/core/types.ts";
import type { Where } from "../../src/installation.ts";
import type { Log } from "../../src/log.ts";
import {
  ANSWER_FORM,
  FEEDBACK_ACTION,
  FEEDBACK_FORM,
  LINK_ACTION,
  REPOSITORY_ACTION,
  STOP_ACTION,
} from "../../src/surfaces/slack-actions.ts";
import { onAgentSessionStopped } from "./agent-session-stopped.ts";
import { onAgentSessionTitleChanged } from "./agent-session-title-changed.ts";
import { onAppHomeOpened } from "./app-home-opened.ts";
import { onAppMention } from "./app-mention.ts";
import { onChannelIdChanged } from "./channel-id-changed.ts";
import { commandAnswer } from "./command.ts";
import { type Clicked, type IgnoredReason, ignored, type Us } from "./envelope.ts";
import { onFeedback, onFeedbackReason } from "./feedback.ts";
import type { Home } from "./home.ts";
import { homeAct, homeActions } from "./home-actions.ts";
import { onMessage } from "./message.ts";
import { type NewsDeps, takeNews } from "./news.ts";
import { answerActions, onAnswerForm } from "./question.ts";
import { onReactionAdded } from "./reaction-added.ts";
import { onRepository } from "./repository.ts";
import { inviteHint, onRunFromMessage } from "./run-from-message.ts";
import { onStop } from "./stop.ts";
import { suggested } from "./suggest.ts";
import { type Ending, isEnding } from "./uninstalled.ts";

type Handler = (body: unknown, us: Us) => Clicked;

/** By the type of the event; `message` stands for `message.channels`, `.groups`, `.im` and `.mpim`. */
export const slackHandlers = {
  agent_session_stopped: onAgentSessionStopped,
  agent_session_title_changed: onAgentSessionTitleChanged,
  app_home_opened: onAppHomeOpened,
  app_mention: onAppMention,
  channel_id_changed: onChannelIdChanged,
  message: onMessage,
  reaction_added: onReactionAdded,
} as const satisfies Record<string, Handler>;

/** By the `action_id` of the button. */
export const slackActions: Record<string, Handler> = {
  [STOP_ACTION]: onStop,
  [REPOSITORY_ACTION]: onRepository,
  // It opens a page; Slack tells of the click all the same.
  [LINK_ACTION]: () => ignored("link-opened"),
  [FEEDBACK_ACTION]: onFeedback,
  ...answerActions,
};

/** By the `callback_id` of the shortcut in a message's menu. */
export const slackShortcuts = { run_from_message: onRunFromMessage } as const satisfies Record<string, Handler>;

/** By the `callback_id` of the form that somebody filled in. */
export const slackForms: Record<string, Handler> = { [ANSWER_FORM]: onAnswerForm, [FEEDBACK_FORM]: onFeedbackReason };

export interface SlackDeps extends Omit<NewsDeps, "openForm"> {
  inbox: Inbox;
  us(at: Where): Promise<Us>;
  /** False only where Slack says so. */
  isInChannel(channel: string, at: Where): Promise<boolean>;
  /** Slack takes a trigger for three seconds, once. */
  openForm(trigger: string, view: types.ModalView, at: Where): Promise<void>;
  /** It was uninstalled there. Resolves when that is stored. */
  uninstalled(body: unknown, at: Where): Promise<Ending>;
  /** What people call the bot. */
  name: string;
  /** Names of the repositories that can be chosen. */
  repositories: readonly string[];
  /** Left out where nothing is kept of people. */
  home?: Home | undefined;
  log: Log;
}

/** One listener for all events and one for all buttons, so that also what nobody handles is acknowledged and logged. */
export function registerSlack(app: App, deps: SlackDeps): void {
  app.event(/.*/, async ({ body, event, context }) => {
    if (isEnding(event.type)) {
      const ending = await deps.uninstalled(body, context);
      deps.log.warn({ event: event.type, ...ending }, "slack.uninstalled");
      return;
    }
    const heard = handlerIn(slackHandlers, event.type)?.(body, await deps.us(context)) ?? ignored("no-handler");
    await take(heard, { event: event.type, ...retryOf(context.retryNum) }, { ...deps, at: context });
  });
  app.action(/.*/, async ({ body, action, ack, context }) => {
    const name = "action_id" in action ? action.action_id : action.type;
    if (Object.hasOwn(homeActions, name)) {
      await actAtHome(body, name, { ...deps, at: context });
      await ack();
      return;
    }
    const heard = handlerIn(slackActions, name)?.(body, await deps.us(context)) ?? ignored("no-handler");
    await take(heard, { action: name }, { ...deps, at: context });
    await ack(); // last: a button that was not stored shows a warning, and the person presses again
  });
  app.options(/.*/, async ({ body, ack }) => {
    await ack({ options: suggested(body, deps.repositories) });
  });
  app.shortcut(/.*/, async ({ body, shortcut, ack, respond, context }) => {
    const heard =
      handlerIn(slackShortcuts, shortcut.callback_id)?.(body, await deps.us(context)) ?? ignored("no-handler");
    const channel = heard.is === "mention" && "channel" in body ? body.channel?.id : undefined;
    if (channel && !(await deps.isInChannel(channel, context))) {
      await ack();
      deps.log.info({ shortcut: shortcut.callback_id, skipped: "not-in-channel" }, "slack.ignored");
      await respond({ response_type: "ephemeral", text: inviteHint(deps.name) });
      return;
    }
    await take(heard, { shortcut: shortcut.callback_id }, { ...deps, at: context });
    await ack();
  });
  app.view(/.*/, async ({ body, view, ack, context }) => {
    const heard = handlerIn(slackForms, view.callback_id)?.(body, await deps.us(context)) ?? ignored("no-handler");
    await take(heard, { form: view.callback_id }, { ...deps, at: context });
    await ack();
  });
  // Whatever the command is called: an app has as many as its manifest names, and ours do one thing.
  app.command(/.*/, async ({ body, command, ack }) => {
    await ack({ response_type: "ephemeral", text: commandAnswer(body, deps.name, deps.home?.agents) });
    deps.log.info({ command: command.command, person: command.user_id }, "slack.command");
  });
}

const handlerIn = (table: Record<string, Handler>, name: string): Handler | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

const retryOf = (retry: number | undefined): { retry?: number } => (retry ? { retry } : {});

async function actAtHome(body: unknown, action: string, deps: SlackDeps & { at: Where }): Promise<void> {
  const act = homeAct(body, await deps.us(deps.at), {
    repositories: deps.repositories,
    agents: deps.home?.agents ?? [],
  });
  if (act) await deps.home?.act(act, deps.at);
  else deps.log.warn({ action, skipped: "malformed" }, "slack.ignored");
}

/** Resolves after the commit; throws when it could not be stored, and Slack then delivers again. */
async function take(
  heard: Clicked,
  what: Record<string, unknown>,
  { at, ...deps }: SlackDeps & { at: Where },
): Promise<void> {
  const { inbox, log } = deps;
  const openForm = (trigger: string, view: types.ModalView): Promise<void> => deps.openForm(trigger, view, at);
  if (heard.is === "form") return openForm(heard.trigger, heard.view);
  if (heard.is === "home") return deps.home?.show(heard.person, at);
  if (heard.is === "ignored") {
    log[levelOf(heard.reason)]({ ...what, skipped: heard.reason }, "slack.ignored");
    return;
  }
  if (heard.is !== "mention") return takeNews(heard, what, { ...deps, openForm });
  const store = async (mention: NewMention): Promise<Receipt> => {
    const { dedupe, addressed } = mention;
    const receipt = await inbox.receive(mention);
    const { is, ...more } = receipt;
    log.info({ ...what, dedupe, addressed, receipt: is, ...more }, "slack.received");
    return receipt;
  };
  const { is } = await store(heard.mention);
  if (is === "duplicate" && heard.ifTaken) await store(heard.ifTaken);
}

/** Common as rain, and never the answer to "why did it say nothing?". */
const NOISE = new Set<IgnoredReason>([
  "no-mention-and-no-thread",
  "edit-or-deletion",
  "unchanged",
  "link-opened",
  "other-reaction",
  "other-tab",
  "subtype",
  "own-message",
  "bot",
]);

function levelOf(reason: IgnoredReason): "debug" | "info" | "warn" {
  if (reason === "malformed") return "warn";
  return NOISE.has(reason) ? "debug" : "info";
}

/**
 * App Home: what somebody has running, what became of their last turns, what theirs begin with, and for admins what runs in the workspace.
 * Each person has one of their own, so nothing stands in it that they might not see elsewhere: of others' turns no title. Pure.
 */
import type { types } from "@slack/bolt";
import type { DayOfTeam, HomeTurn } from "../core/home.ts";
import type { AtMost } from "../core/limits.ts";
import type { Preferences } from "../core/preferences.ts";
import type { Repository } from "../core/types.ts";
import { cost, count } from "./figures.ts";
import {
  CONNECT_ACTION,
  DEFAULT_AGENT_ACTION,
  DEFAULT_MODEL_ACTION,
  DEFAULT_REPOSITORY_ACTION,
  DISCONNECT_ACTION,
  HOME_STOP_ACTION,
} from "./slack-actions.ts";
import {
  code,
  context,
  type KnownBlock,
  MAX_LINE_CHARS,
  oneLine,
  outcomeText,
  plain,
  section,
} from "./slack-blocks.ts";
import { menu, NO_DEFAULT } from "./slack-choices.ts";
import { shownMoment } from "./slack-moments.ts";

/** Slack takes a hundred blocks; with these there are at most sixty. */
export const MAX_MINE = 10;
export const MAX_OF_WORKSPACE = 20;
/** Slack's 3,000 for the text of a section, less one line. */
const MAX_LIST_CHARS = 2_900;

export interface HomeContent {
  running: ListedTurn[];
  last: ListedTurn[];
  preferences: Preferences;
  repositories: readonly Repository[];
  /** By the team's names. */
  agents: readonly string[];
  /** Left out where nothing can be connected. */
  github?: { login: string } | { connectUrl: string };
  /** For admins of the workspace. */
  admin?: { running: ListedTurn[]; today: DayOfTeam; turnsPerDay: AtMost };
}

/** With its session's page, where it has one. */
export type ListedTurn = HomeTurn & { page: string | null };

export function renderHome(home: HomeContent): types.HomeView {
  return {
    type: "home",
    blocks: [
      header("Running"),
      ...listed(home.running, runningBlock, "Nothing of yours is running. Mention me in a thread, or write to me."),
      header("Your last turns"),
      ...listed(home.last, lastBlock, "None yet."),
      ...defaultBlocks(home),
      ...(home.github ? githubBlocks(home.github) : []),
      ...(home.admin ? adminBlocks(home.admin, home.repositories) : []),
    ],
  };
}

const header = (text: string): KnownBlock => ({ type: "header", text: { type: "plain_text", text } });

const listed = (turns: ListedTurn[], block: (turn: ListedTurn) => KnownBlock, none: string): KnownBlock[] =>
  turns.length > 0 ? turns.map(block) : [context(none)];

function runningBlock(turn: ListedTurn): KnownBlock {
  const said = `*${titleOf(turn)}*\n${factsOf(turn, `since ${shownMoment(turn.startedAt)}`)}`;
  return withStop(turn, said, `Stop: ${oneLine(turn.title, MAX_LABEL_CHARS)}`);
}

/** Slack's limit of a label is 75 characters. */
const MAX_LABEL_CHARS = 60;

function withStop({ turn, isStopping }: ListedTurn, said: string, accessibility_label: string): KnownBlock {
  if (isStopping) return section(`${said} · stopping`);
  return section(said, {
    ...{ type: "button", action_id: HOME_STOP_ACTION, value: turn, style: "danger", accessibility_label },
    text: { type: "plain_text", text: "Stop" },
  });
}

function lastBlock(turn: ListedTurn): KnownBlock {
  const outcome = turn.outcome ? outcomeText(turn.outcome) : "";
  return section(`${plain(outcome)}: *${titleOf(turn)}*\n${factsOf(turn, shownMoment(turn.startedAt))}`);
}

const titleOf = ({ title }: HomeTurn): string => plain(oneLine(title, MAX_LINE_CHARS));

function factsOf(turn: ListedTurn, when: string): string {
  const { repository, branch, pullRequest, link, page } = turn;
  const facts = [
    repository && plain(repository),
    branch && code(branch),
    pullRequest && `<${pullRequest.url}|pull request #${pullRequest.number}>`,
    link && `<${link}|thread>`,
    page && `<${page}|session>`,
    when,
  ];
  return facts.filter(Boolean).join(" · ");
}

function defaultBlocks({ preferences, repositories, agents }: HomeContent): KnownBlock[] {
  const { repository, agent, model } = preferences;
  const names = repositories.map(({ name }) => name);
  const none = NO_DEFAULT;
  const repositoryMenu = {
    action: DEFAULT_REPOSITORY_ACTION,
    says: "Choose a repository",
    names,
    chosen: repository,
    none,
  };
  const agentMenu = { action: DEFAULT_AGENT_ACTION, says: "Choose an agent", names: agents, chosen: agent, none };
  return [
    header("Your defaults"),
    context("What you say, the thread and the channel come first; these count where none of them says anything."),
    ...(names.length > 0 ? [section("*Repository*", menu(repositoryMenu))] : []),
    section("*Agent*", menu(agentMenu)),
    {
      type: "input",
      dispatch_action: true,
      optional: true,
      label: {
        type: "plain_text",
        text: "Model, such as anthropic/claude-sonnet-4-5. Press Enter to keep it; empty for no default.",
      },
      element: {
        type: "plain_text_input",
        action_id: DEFAULT_MODEL_ACTION,
        max_length: MAX_MODEL_CHARS,
        dispatch_action_config: { trigger_actions_on: ["on_enter_pressed"] },
        ...(model === null ? {} : { initial_value: model }),
      },
    },
  ];
}

/** More than any name of a model has. */
export const MAX_MODEL_CHARS = 200;

function githubBlocks(github: NonNullable<HomeContent["github"]>): KnownBlock[] {
  const connected = "login" in github;
  const said = connected
    ? `Connected as *${plain(github.login)}*. What you ask for is done with your own right to write.`
    : "Not connected. Connect it, and what you ask for is done with your own right to write.";
  const button: types.Button = connected
    ? { type: "button", action_id: DISCONNECT_ACTION, text: { type: "plain_text", text: "Disconnect" } }
    : {
        ...{ type: "button", action_id: CONNECT_ACTION, style: "primary", url: github.connectUrl },
        text: { type: "plain_text", text: "Connect GitHub" },
      };
  return [header("GitHub"), section(said, button)];
}

function adminBlocks(
  { running, today, turnsPerDay }: NonNullable<HomeContent["admin"]>,
  repositories: readonly Repository[],
): KnownBlock[] {
  const limit = turnsPerDay === null ? "" : ` of ${turnsPerDay.toLocaleString("en-US")}`;
  const used =
    today.tokens > 0 ? `, ${Math.round(today.tokens).toLocaleString("en-US")} tokens in those that are over` : "";
  const spent = cost({ inputTokens: 0, outputTokens: 0, costUsd: today.dollars });
  return [
    { type: "divider" },
    header("This workspace"),
    context("Only admins of the workspace see this part."),
    section(
      `*Today*: ${count(today.turns, "turn")}${limit}${used}${spent ? `, ${spent}` : ""} (days are those of UTC)`,
    ),
    ...listed(running, otherBlock, "Nothing is running."),
    section(`*Repositories*\n${repositoryLines(repositories)}`),
  ];
}

/** Slack shows the channel's name only to those who may know it. */
function otherBlock(turn: ListedTurn): KnownBlock {
  const { repository, by, thread, startedAt } = turn;
  const where = thread.surface === "slack" ? `<#${thread.channel}>` : thread.surface;
  const said = [
    repository ? plain(repository) : "no repository yet",
    `<@${by}>`,
    where,
    `since ${shownMoment(startedAt)}`,
  ];
  return withStop(
    turn,
    said.join(" · "),
    `Stop the turn on ${oneLine(repository ?? "no repository", MAX_LABEL_CHARS - 20)}`,
  );
}

function repositoryLines(repositories: readonly Repository[]): string {
  const lines = repositories.map(({ name, channels = [] }) =>
    channels.length > 0 ? `${plain(name)}: ${channels.map((id) => `<#${id}>`).join(", ")}` : plain(name),
  );
  let shown = lines.length;
  while (shown > 0 && lines.slice(0, shown).join("\n").length > MAX_LIST_CHARS) shown--;
  const rest = lines.length - shown;
  const listed = lines.slice(0, shown).join("\n") || "None is set up.";
  return rest > 0 ? `${listed}\n… and ${rest} more` : listed;
}

/**
 * Who may ask in Slack. Asks Slack about the person and the channel, remembers it for a minute, and fails closed: what cannot be found out
 * is thrown, never taken for a yes. Guests and people of other workspaces see code and spend money, so they are let in by name only.
 */
import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import { remembered } from "../bounded.ts";
import type { Clock } from "../clock.ts";
import type { Ms } from "../core/types.ts";
import { ThreadboxError } from "../errors.ts";
import { call, slackWord } from "./slack-calls.ts";
import type { Authorization } from "./surface.ts";

/** From `threadbox.yml`. A list that is given is the whole list. */
export interface SlackAllow {
  users?: string[] | undefined;
  channels?: string[] | undefined;
  /** Guests of the workspace may ask. */
  guests?: boolean | undefined;
  /** People of other workspaces may ask, and channels that are shared with them may be used. */
  external?: boolean | undefined;
}

export interface Place {
  team: string;
  channel: string;
}

export interface SlackPeople {
  authorize(user: string, place: Place): Promise<Authorization>;
  /** For the words of others, where not knowing is no failure: then it is the id, and no trust. */
  introduce(user: string, place: Place): Promise<{ name: string; trusted: boolean }>;
  /** True only where Slack says that the channel is public in its workspace, and shared with no other. */
  isPublic(place: Place): Promise<boolean>;
}

interface Options {
  reads: WebClient;
  allow: SlackAllow;
  clock: Clock;
}

export function slackPeople({ reads, allow, clock }: Options): SlackPeople {
  const memory = { clock, forMs: REMEMBERED_MS, maxEntries: MAX_REMEMBERED };
  const users = remembered(memory, (id: string) => fetchUser(reads, id), String);
  const channels = remembered(memory, (id: string) => fetchChannel(reads, id), String);
  const authorize = async (id: string, place: Place): Promise<Authorization> => {
    const [user, channel] = await Promise.all([closed(users(id)), closed(channels(place.channel))]);
    if (user === null) return unknown;
    return whyNotThePerson(user, place, allow) ?? whyNotTheChannel(channel, place, allow) ?? allowed(user);
  };
  return {
    authorize,
    async isPublic({ channel }) {
      const { is_channel, is_private, is_ext_shared, is_pending_ext_shared } = await closed(channels(channel));
      return is_channel === true && is_private === false && !is_ext_shared && !is_pending_ext_shared;
    },
    async introduce(id, place) {
      const user = await users(id).catch(() => null);
      const verdict = await authorize(id, place).catch(() => null);
      return { name: user ? nameOf(user) : id, trusted: verdict?.allowed === true };
    },
  };
}

/** The fields that we use; Slack sends dozens. */
const User = z.object({
  id: z.string(),
  team_id: z.string().nullish(),
  name: z.string().nullish(),
  deleted: z.boolean().nullish(),
  is_bot: z.boolean().nullish(),
  is_restricted: z.boolean().nullish(),
  is_ultra_restricted: z.boolean().nullish(),
  is_stranger: z.boolean().nullish(),
  real_name: z.string().nullish(),
  enterprise_user: z.object({ teams: z.array(z.string()).nullish() }).nullish(),
  profile: z.object({ display_name: z.string().nullish(), real_name: z.string().nullish() }).nullish(),
});
type User = z.infer<typeof User>;

const Channel = z.object({
  is_channel: z.boolean().nullish(),
  is_private: z.boolean().nullish(),
  is_ext_shared: z.boolean().nullish(),
  is_pending_ext_shared: z.boolean().nullish(),
});
type Channel = z.infer<typeof Channel>;

const refused = (text: string): Authorization => ({ allowed: false, code: "surface.not-allowed", text });

const unknown: Authorization = {
  allowed: false,
  code: "surface.unknown",
  text: "Slack does not tell me who you are, so I cannot start a turn for you.",
};

function whyNotThePerson(user: User, place: Place, allow: SlackAllow): Authorization | null {
  // USLACKBOT is the one bot that Slack does not mark as one.
  if (user.is_bot || user.id === "USLACKBOT") {
    return { allowed: false, code: "surface.bot", text: "Bots cannot start turns here." };
  }
  if (user.deleted) return refused("This account is deactivated, so it cannot start turns here.");
  const isElsewhere = user.team_id !== place.team && !user.enterprise_user?.teams?.includes(place.team);
  if ((user.is_stranger || isElsewhere) && !allow.external) {
    return refused("Only members of this workspace can start turns here; an admin can allow others in threadbox.yml.");
  }
  if ((user.is_restricted || user.is_ultra_restricted) && !allow.guests) {
    return refused("Guests cannot start turns here; ask a member, or an admin can allow guests in threadbox.yml.");
  }
  if (allow.users && !allow.users.includes(user.id)) {
    return refused(
      `You are not on the list of people who can start turns; an admin can add ${user.id} in threadbox.yml.`,
    );
  }
  return null;
}

function whyNotTheChannel(channel: Channel, place: Place, allow: SlackAllow): Authorization | null {
  if (allow.channels && !allow.channels.includes(place.channel)) {
    return refused(`Turns cannot be started in this channel; an admin can add ${place.channel} in threadbox.yml.`);
  }
  if ((channel.is_ext_shared || channel.is_pending_ext_shared) && !allow.external) {
    return refused("This channel is shared with another workspace; an admin can allow that in threadbox.yml.");
  }
  return null;
}

function allowed(user: User): Authorization {
  const name = nameOf(user);
  // Their address is private, and a commit is not: they are named as co-authors by the account that they connect, or not at all.
  return { allowed: true, author: { surface: "slack", id: user.id, name } };
}

/** What Slack shows beside their messages; empty where they never chose a display name. */
function nameOf(user: User): string {
  const names = [user.profile?.display_name, user.profile?.real_name, user.real_name, user.name];
  return names.find((name) => name) ?? user.id;
}

/** Null when Slack knows nobody by that id, or does not show them to us. */
async function fetchUser(reads: WebClient, id: string): Promise<User | null> {
  try {
    const { user } = await reads.users.info({ user: id });
    return User.parse(user);
  } catch (thrown) {
    if (["user_not_found", "user_not_visible"].includes(slackWord(thrown) ?? "")) return null;
    throw thrown;
  }
}

async function fetchChannel(reads: WebClient, id: string): Promise<Channel> {
  const { channel } = await reads.conversations.info({ channel: id });
  return Channel.parse(channel);
}

/** Failing closed: a refused token and a rate limit keep their code, everything else is "cannot know now". */
async function closed<T>(answer: Promise<T>): Promise<T> {
  try {
    return await call(() => answer);
  } catch (thrown) {
    const isTelling = thrown instanceof ThreadboxError && CODES_THAT_SAY_WHY.has(thrown.code);
    if (isTelling) throw thrown;
    throw new ThreadboxError("surface.unavailable", "Slack does not tell who is asking", { cause: thrown });
  }
}

const CODES_THAT_SAY_WHY = new Set<string>([
  ...["surface.not-installed", "surface.unauthorized", "surface.rate-limited", "surface.unavailable"],
]);

/** Somebody who was just removed may ask for one minute more; without it a busy thread asks Slack about the same five people for ever. */
const REMEMBERED_MS: Ms = 60_000;
const MAX_REMEMBERED = 1_000;

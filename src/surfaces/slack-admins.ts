/** Who is an admin of the workspace. Whoever it cannot be found out about is none. */
import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import type { Membership } from "../core/identity.ts";
import type { Log } from "../log.ts";
import { call, toSlackFailure } from "./slack-calls.ts";

const User = z.object({
  team_id: z.string().nullish(),
  deleted: z.boolean().nullish(),
  is_bot: z.boolean().nullish(),
  is_admin: z.boolean().nullish(),
  is_owner: z.boolean().nullish(),
});

export async function isAdmin(
  reads: WebClient,
  { team, id }: Pick<Membership, "team" | "id">,
  log: Log,
): Promise<boolean> {
  try {
    const { user } = await call(() => reads.users.info({ user: id }));
    const { team_id, deleted, is_bot, is_admin, is_owner } = User.parse(user);
    return team_id === team && !deleted && !is_bot && (is_admin === true || is_owner === true);
  } catch (thrown) {
    log.info({ person: id, detail: toSlackFailure(thrown).detail }, "slack.admin-unknown");
    return false;
  }
}

/** Slack, the way out to several workspaces: each installation is spoken to as if it were the only one, with its own token and its own rates. */
import { bounded } from "../bounded.ts";
import type { Thread } from "../core/types.ts";
import { type SlackSurfaceOptions, slackSurface } from "./slack.ts";
import type { SlackInstallations } from "./slack-installations.ts";
import { inSlack } from "./slack-thread.ts";
import type { Surface } from "./surface.ts";

export interface SlackWorkspacesOptions extends Omit<SlackSurfaceOptions, "token"> {
  installations: SlackInstallations;
}

/** One that is forgotten has to learn anew what its workspace refuses, and nothing else. */
const MAX_INSTALLATIONS = 1_000;

export function slackWorkspaces({ installations, ...options }: SlackWorkspacesOptions): Surface {
  const known = bounded<string, Surface>(MAX_INSTALLATIONS);
  const at = async (thread: Thread): Promise<Surface> => {
    const { key } = await installations.forTeam(inSlack(thread).team);
    const surface = known.get(key) ?? slackSurface({ ...options, token: () => installations.tokenOf(key) });
    known.set(key, surface);
    return surface;
  };
  return {
    pace: "sparing",
    authorize: async (mention) => (await at(mention.thread)).authorize(mention),
    complete: async (mention) => (await at(mention.thread)).complete(mention),
    context: async (mention) => (await at(mention.thread)).context(mention),
    fetchFile: async (file, thread) => (await at(thread)).fetchFile(file, thread),
    acknowledge: async (mention) => (await at(mention.thread)).acknowledge(mention),
    refuse: async (mention, ...told) => (await at(mention.thread)).refuse(mention, ...told),
    show: async (thread, ...shown) => (await at(thread)).show(thread, ...shown),
    answer: async (thread, answer, id) => (await at(thread)).answer(thread, answer, id),
    isPublic: async (thread) => (await at(thread)).isPublic(thread),
    ask: async (thread, ...asked) => (await at(thread)).ask(thread, ...asked),
    settle: async (thread, ...settled) => (await at(thread)).settle(thread, ...settled),
    say: async (thread, ...said) => (await at(thread)).say(thread, ...said),
    ping: async (thread, ...said) => (await at(thread)).ping(thread, ...said),
    resolve: async (thread) => (await at(thread)).resolve(thread),
    card: async (thread, ...shown) => (await at(thread)).card(thread, ...shown),
    open: async (thread, ...said) => (await at(thread)).open(thread, ...said),
  };
}

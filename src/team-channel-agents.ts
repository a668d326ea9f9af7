/** `slack.agents` in threadbox.yml: which agent works in threads of a channel. */
import { z } from "zod";

export const ChannelAgents = z
  .array(
    z.strictObject({
      channels: z.array(z.string()).min(1).describe("Slack channel ids."),
      agent: z.string().min(1).optional().describe("Coding agent for threads there, by its name."),
      model: z.string().min(1).optional().describe("Model for that agent; for the bot's own, where none is named."),
    }),
  )
  .describe("Which agent works in threads of a channel, where neither they nor the repository say otherwise.");

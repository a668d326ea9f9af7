/** Every Web API method that the emulator knows. */
import { agentMethods } from "./agents.ts";
import { chatMethods } from "./chat.ts";
import { conversationMethods } from "./conversations.ts";
import { fileMethods } from "./files.ts";
import type { Method, Methods } from "./method.ts";
import { oauthMethods } from "./oauth.ts";
import { peopleMethods } from "./people.ts";
import { reactionMethods } from "./reactions.ts";
import { viewMethods } from "./views.ts";

/** Socket Mode's way in; it answers with an address that the server has to make, see `socket.ts`. */
const connectionsOpen: Method = { token: "app", tier: 1, run: () => ({}) };

export const methods: Methods = {
  "apps.connections.open": connectionsOpen,
  ...agentMethods,
  ...chatMethods,
  ...conversationMethods,
  ...fileMethods,
  ...oauthMethods,
  ...peopleMethods,
  ...reactionMethods,
  ...viewMethods,
};

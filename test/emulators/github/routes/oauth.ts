/** What an App may do with the tokens that people gave it, by its client id and secret. */
import { z } from "zod";
import { badCredentials, notFound } from "../problem.ts";
import { bodyOf, type Call, noContent, type Route, route } from "../router.ts";

export const oauthRoutes: Route[] = [
  route("DELETE /applications/{client_id}/token", (call) => {
    const { hub } = call;
    const app = clientOf(call);
    const { access_token } = bodyOf(call, z.object({ access_token: z.string() }));
    const token = hub.tokens.get(access_token);
    if (token?.is !== "user" || token.app !== app) throw notFound();
    hub.tokens.delete(access_token);
    return noContent();
  }),
];

function clientOf({ actor, params }: Call) {
  if (actor.is !== "client") throw badCredentials();
  if (actor.app.clientId !== params.client_id) throw notFound();
  return actor.app;
}

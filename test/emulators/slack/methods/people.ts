/** `auth.*`, `users.*`, `bots.*`, `team.*`: who is who. */
import { userShape } from "../shapes.ts";
import type { Json } from "../types.ts";
import * as given from "./method.ts";
import { type Call, type Methods, refuse } from "./method.ts";

export const peopleMethods: Methods = {
  "api.test": {
    token: "none",
    tier: "special",
    run: ({ args }) => (args.error ? refuse(String(args.error), { args }) : { args }),
  },
  "auth.test": { token: "bot", tier: "special", run: authTest },
  "users.info": { token: "bot", scopes: ["users:read"], tier: 4, run: usersInfo },
  "users.lookupByEmail": { token: "bot", scopes: ["users:read.email"], tier: 3, run: lookupByEmail },
  "bots.info": { token: "bot", scopes: ["users:read"], tier: 3, run: botsInfo },
  "team.info": { token: "bot", scopes: ["team:read"], tier: 3, run: ({ ws }) => ({ team: teamShape(ws) }) },
};

function authTest({ ws }: Call): Json {
  const { app, team, enterprise } = ws;
  const us = { user: app.name, user_id: app.botUserId, bot_id: app.botId, is_enterprise_install: app.orgWide };
  // The token of an organisation is of none of its workspaces.
  if (app.orgWide && enterprise) {
    const url = `https://${enterprise.name.toLowerCase()}.enterprise.slack.com/`;
    return { ...us, url, team: enterprise.name, team_id: enterprise.id, enterprise_id: enterprise.id };
  }
  return { ...us, url: `https://${team.domain}.slack.com/`, team: team.name, team_id: team.id };
}

function usersInfo(call: Call): Json {
  const person = call.ws.people.get(given.requiredArg(call, "user", "user_not_found")) ?? refuse("user_not_found");
  return { user: userShape(call.ws, person) };
}

function lookupByEmail(call: Call): Json {
  const email = given.requiredArg(call, "email", "users_not_found");
  const person = [...call.ws.people.values()].find((other) => other.email === email && other.kind !== "deleted");
  return { user: userShape(call.ws, person ?? refuse("users_not_found")) };
}

function botsInfo(call: Call): Json {
  const wanted = given.textArg(call, "bot") ?? call.ws.app.botId;
  const bot = [...call.ws.people.values()].find((person) => person.botId === wanted) ?? refuse("bot_not_found");
  return {
    bot: { id: bot.botId, app_id: bot.appId, user_id: bot.id, name: bot.name, deleted: false, updated: 0, icons: {} },
  };
}

function teamShape(ws: Call["ws"]): Json {
  return {
    id: ws.team.id,
    name: ws.team.name,
    domain: ws.team.domain,
    email_domain: "",
    icon: {},
    url: `https://${ws.team.domain}.slack.com/`,
  };
}

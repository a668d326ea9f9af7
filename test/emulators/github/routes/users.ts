/** Who is who, what is left of the hour, and where GitHub's webhooks come from. */
import { findAccount, type Hub } from "../hub.ts";
import { notForIntegration, notFound, requiresAuthentication } from "../problem.ts";
import { renderUser } from "../render/shared.ts";
import { ok, type Route, route } from "../router.ts";
import type { Account } from "../state.ts";

export const userRoutes: Route[] = [
  route("GET /user", ({ hub, actor }) => {
    if (actor.is === "anonymous") throw requiresAuthentication();
    if (actor.is !== "person") throw notForIntegration();
    return ok(renderFullUser(hub, actor.account), { "x-oauth-scopes": actor.scopes.join(", ") });
  }),
  route("GET /users/{username}", ({ hub, params }) => {
    const account = findAccount(hub, params.username ?? "");
    if (!account) throw notFound();
    return ok(renderFullUser(hub, account));
  }),
  route("GET /user/{account_id}", ({ hub, params }) => {
    const account = [...hub.accounts.values()].find((one) => one.id === Number(params.account_id));
    if (!account) throw notFound();
    return ok(renderFullUser(hub, account));
  }),
  route("GET /rate_limit", () => ok({ resources: {}, rate: {} })),
  route("GET /meta", () =>
    ok({ verifiable_password_authentication: false, hooks: ["127.0.0.1/32"], web: [], api: [], git: [] }),
  ),
];

function renderFullUser(hub: Hub, account: Account) {
  return {
    ...renderUser(hub, account),
    name: account.name,
    company: null,
    blog: "",
    location: null,
    email: null,
    hireable: null,
    bio: null,
    public_repos: 0,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: account.createdAt,
    updated_at: account.createdAt,
  };
}

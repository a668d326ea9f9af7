/** The app itself, its installations, its tokens and the log of its webhook. */
import { z } from "zod";
import { canSee, grants, tokenCovers } from "../access.ts";
import { coveredBy, mintToken, renderInstallation } from "../apps.ts";
import { findAccount, type Hub } from "../hub.ts";
import { takeManifestCode } from "../manifest.ts";
import { ApiProblem, notForIntegration, notFound, suspended, unprocessable } from "../problem.ts";
import { renderApp, renderRepository } from "../render/shared.ts";
import { bodyOf, type Call, created, noContent, ok, paged, type Route, repositoryOf, route } from "../router.ts";
import type { App, Delivery, Installation, Permissions, Repository } from "../state.ts";

export const appRoutes: Route[] = [
  route("GET /app", (call) => {
    const app = appOf(call);
    return ok({ ...renderApp(call.hub, app), installations_count: app.installations.length });
  }),
  route("POST /app-manifests/{code}/conversions", (call) => {
    const app = takeManifestCode(call.hub, call.params.code ?? "");
    if (!app) throw notFound();
    const { clientSecret: client_secret, privateKeyPem: pem, hook } = app;
    const own = renderApp(call.hub, app);
    return created({ ...own, client_secret, webhook_secret: hook.secret, pem });
  }),
  route("GET /app/installations", (call) =>
    paged(
      call,
      appOf(call).installations.map((one) => renderInstallation(call.hub, one)),
    ),
  ),
  route("GET /app/installations/{installation_id}", (call) => ok(renderInstallation(call.hub, installationOf(call)))),
  route("POST /app/installations/{installation_id}/access_tokens", createToken),
  route("GET /repos/{owner}/{repo}/installation", (call) => {
    const app = appOf(call);
    const repository = repositoryOf(call);
    return installationFor(
      call,
      app.installations.find((one) => coveredBy(call.hub, one).includes(repository)),
    );
  }),
  route("GET /orgs/{org}/installation", (call) => installationOfAccount(call, call.params.org)),
  route("GET /users/{username}/installation", (call) => installationOfAccount(call, call.params.username)),
  route("GET /installation/repositories", listRepositories),
  route("DELETE /installation/token", (call) => {
    const { actor, hub } = call;
    if (actor.is !== "installation") throw notForIntegration();
    for (const [secret, token] of hub.tokens) if (token === actor.token) hub.tokens.delete(secret);
    return noContent();
  }),
  route("GET /app/hook/config", (call) => ok(hookConfig(appOf(call)))),
  route("PATCH /app/hook/config", (call) => {
    const app = appOf(call);
    const { url, secret } = bodyOf(call, z.object({ url: z.string().optional(), secret: z.string().optional() }));
    if (url !== undefined) app.hook.url = url;
    if (secret !== undefined) app.hook.secret = secret;
    return ok(hookConfig(app));
  }),
  route("GET /app/hook/deliveries", listDeliveries),
  route("GET /app/hook/deliveries/{delivery_id}", (call) => ok(renderDelivery(deliveryOf(call), "whole"))),
  route("POST /app/hook/deliveries/{delivery_id}/attempts", (call) => {
    void call.hub.webhooks.redeliver(deliveryOf(call));
    return { status: 202, body: {} };
  }),
];

function appOf({ actor }: Call): App {
  if (actor.is === "app") return actor.app;
  throw new ApiProblem(401, "A JSON web token could not be decoded");
}

function installationOf(call: Call): Installation {
  const app = appOf(call);
  const found = app.installations.find((one) => one.id === Number(call.params.installation_id));
  if (!found) throw notFound();
  return found;
}

function installationFor({ hub }: Call, installation: Installation | undefined) {
  if (!installation) throw notFound();
  return ok(renderInstallation(hub, installation));
}

function installationOfAccount(call: Call, login = "") {
  const account = findAccount(call.hub, login);
  return installationFor(
    call,
    appOf(call).installations.find((one) => one.account === account),
  );
}

const TokenWish = z.object({
  repositories: z.array(z.string()).max(500).optional(),
  repository_ids: z.array(z.number()).max(500).optional(),
  permissions: z.record(z.string(), z.enum(["read", "write", "admin"])).optional(),
});

function createToken(call: Call) {
  const { hub } = call;
  const installation = installationOf(call);
  if (installation.suspendedAt) throw suspended();
  const wish = bodyOf(call, TokenWish);
  const repositories = chosenRepositories(hub, installation, wish);
  const permissions = chosenPermissions(installation, wish.permissions);
  const ids = repositories && new Set(repositories.map((one) => one.id));
  const { secret, expiresAt } = mintToken(hub, installation, { permissions, repositories: ids });
  return created({
    token: secret,
    expires_at: expiresAt,
    permissions,
    repository_selection: repositories || installation.repositories !== "all" ? "selected" : "all",
    ...(repositories ? { repositories: repositories.map((one) => renderRepository(hub, one)) } : {}),
  });
}

/** Null means: all that the installation covers, now and later. */
function chosenRepositories(
  hub: Hub,
  installation: Installation,
  wish: z.output<typeof TokenWish>,
): Repository[] | null {
  const { repositories: names, repository_ids: ids } = wish;
  if (!names && !ids) return null;
  const covered = coveredBy(hub, installation);
  const byName = (names ?? []).map((name) => covered.find((one) => one.name.toLowerCase() === name.toLowerCase()));
  const byId = (ids ?? []).map((id) => covered.find((one) => one.id === id));
  const found = [...byName, ...byId].filter((one) => one !== undefined);
  if (found.length < byName.length + byId.length) {
    throw unprocessable(
      "There is at least one repository that does not exist or is not accessible to the parent installation.",
    );
  }
  return found;
}

function chosenPermissions(installation: Installation, wish: Permissions | undefined): Permissions {
  if (!wish) return installation.permissions;
  const isMore = Object.entries(wish).some(
    ([name, level]) => !grants(installation.permissions, `${name}:${level === "read" ? "read" : "write"}`),
  );
  if (isMore) throw unprocessable("The permissions requested are not granted to this installation.");
  // Reading metadata comes with every token.
  return { ...wish, metadata: "read" };
}

function listRepositories(call: Call) {
  const { actor, hub } = call;
  if (actor.is !== "installation") {
    throw new ApiProblem(
      403,
      "You must authenticate with an installation access token in order to list repositories for an installation.",
    );
  }
  const covered = hub.repositories.filter((one) => tokenCovers(actor.token, one) && canSee(actor, one));
  return paged(
    call,
    covered.map((one) => renderRepository(hub, one)),
    (repositories) => ({
      total_count: covered.length,
      repository_selection: actor.token.repositories || actor.installation.repositories !== "all" ? "selected" : "all",
      repositories,
    }),
  );
}

function hookConfig({ hook }: App) {
  const { contentType = "json", insecureSsl = "0", url } = hook;
  return { content_type: contentType, insecure_ssl: insecureSsl, secret: "********", url: url ?? "" };
}

/** Newest first. Pages go by a cursor, not by number. */
function listDeliveries(call: Call) {
  const { hook } = appOf(call);
  const perPage = Math.min(Number(call.query.get("per_page")) || 30, 100);
  const cursor = Number(call.query.get("cursor")) || Number.POSITIVE_INFINITY;
  const wanted = call.query.get("status");
  const all = call.hub.webhooks.deliveries
    .filter((one) => one.hook === hook && one.id < cursor)
    .filter((one) => !wanted || (wanted === "success") === isFine(one))
    .toReversed();
  const page = all.slice(0, perPage);
  const last = page.at(-1);
  const next = `${call.hub.apiUrl}/app/hook/deliveries?per_page=${perPage}&cursor=${last?.id}`;
  const headers: Record<string, string> = all.length > perPage ? { link: `<${next}>; rel="next"` } : {};
  return ok(
    page.map((one) => renderDelivery(one, "line")),
    headers,
  );
}

function deliveryOf(call: Call): Delivery {
  const { hook } = appOf(call);
  const found = call.hub.webhooks.deliveries.find(
    (one) => one.hook === hook && one.id === Number(call.params.delivery_id),
  );
  if (!found) throw notFound();
  return found;
}

const isFine = (delivery: Delivery) => delivery.statusCode >= 200 && delivery.statusCode < 300;

function renderDelivery(delivery: Delivery, as: "line" | "whole") {
  const line = {
    id: delivery.id,
    guid: delivery.guid,
    delivered_at: delivery.deliveredAt,
    redelivery: delivery.redelivery,
    duration: delivery.durationMs / 1000,
    status: isFine(delivery)
      ? "OK"
      : delivery.statusCode === 0
        ? "failed to connect to host"
        : `Invalid HTTP Response: ${delivery.statusCode}`,
    status_code: delivery.statusCode,
    event: delivery.event,
    action: delivery.action,
    installation_id: delivery.installationId,
    repository_id: delivery.repositoryId,
    throttled_at: null,
  };
  if (as === "line") return line;
  const { request, response } = delivery;
  return {
    ...line,
    url: request.url,
    request: { headers: request.headers, payload: JSON.parse(request.body) },
    response: { headers: response.headers, payload: response.body },
  };
}

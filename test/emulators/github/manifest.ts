/**
 * Apps that are made from a manifest: the page that shows a person what they are about to make, the App, the way back with a code, and
 * the exchange of the code. From GitHub's page "Registering a GitHub App from a manifest".
 */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import { escapeHtml } from "../../../src/web/markdown.ts";
import { createApp } from "./apps.ts";
import { findAccount, type Hub } from "./hub.ts";
import type { SignInReply, SignInRequest } from "./sign-in.ts";
import type { Account, App } from "./state.ts";

/** By the code that GitHub gives for it. */
export type ManifestCodes = Map<string, { app: App; expiresAtMs: number }>;

const CODE_LASTS_MS = 3_600_000;
const MAX_NAME_CHARS = 34;

/** The fields of GitHub's table. What it does not know it leaves alone. */
const Manifest = z.object({
  name: z.string().max(MAX_NAME_CHARS).optional(),
  url: z.url(),
  hook_attributes: z.object({ url: z.url(), active: z.boolean().default(true) }).optional(),
  redirect_url: z.url().optional(),
  callback_urls: z.array(z.url()).max(10).default([]),
  setup_url: z.url().optional(),
  description: z.string().optional(),
  public: z.boolean().default(false),
  default_events: z.array(z.string()).default([]),
  default_permissions: z.record(z.string(), z.enum(["read", "write", "admin"])).default({}),
  request_oauth_on_install: z.boolean().default(false),
  setup_on_update: z.boolean().default(false),
});
type Manifest = z.infer<typeof Manifest>;

const NEW = /^(?:\/organizations\/([^/]+))?\/settings\/apps\/(new|manifest)$/;
export const isManifestPath = (path: string): boolean => NEW.test(path);

export async function answerManifest(hub: Hub, request: SignInRequest): Promise<SignInReply> {
  const [, organisation, step] = NEW.exec(request.path) ?? [];
  const session = /user_session=(\w+)/.exec(request.headers.cookie ?? "")?.[1] ?? "";
  const person = hub.signIns.sessions.get(session);
  if (!person) return to(`${hub.url}/login`, { return_to: request.path });
  const owner = organisation === undefined ? person : ownedBy(hub, organisation, person);
  if (!owner) return page(404, "Not Found");
  if (request.method === "GET") return page(200, "<h1>Register new GitHub App</h1>");
  const form = new URLSearchParams(request.body);
  const manifest = read(form.get("manifest") ?? "");
  if (typeof manifest === "string")
    return page(422, `<p>Invalid GitHub App configuration: ${escapeHtml(manifest)}</p>`);
  const state = request.query.get("state");
  if (step === "new") return page(200, asked(request, owner, { manifest, state, text: form.get("manifest") ?? "" }));
  return make(hub, owner, { manifest, state, name: form.get("app_name") ?? "" });
}

function ownedBy(hub: Hub, login: string, person: Account): Account | null {
  const account = findAccount(hub, login);
  return account?.members.get(person.login.toLowerCase())?.role === "owner" ? account : null;
}

function read(text: string): Manifest | string {
  try {
    const parsed = Manifest.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : z.prettifyError(parsed.error);
  } catch {
    return "The manifest is not JSON.";
  }
}

/** A person may type another name here, and nothing else. */
function asked(
  request: SignInRequest,
  owner: Account,
  { manifest, state, text }: { manifest: Manifest; state: string | null; text: string },
): string {
  const action = `${request.path.replace(/new$/, "manifest")}${state === null ? "" : `?${new URLSearchParams({ state })}`}`;
  return `<h1>Create GitHub App for ${owner.login}</h1>
<form method="post" action="${escapeHtml(action)}">
<input type="hidden" name="manifest" value="${escapeHtml(text)}" />
<input type="hidden" name="app_name" value="${escapeHtml(manifest.name ?? "")}" />
<button type="submit">Create GitHub App</button>
</form>`;
}

async function make(
  hub: Hub,
  owner: Account,
  { manifest, state, name }: { manifest: Manifest; state: string | null; name: string },
): Promise<SignInReply> {
  const slug = name.toLowerCase().replace(/[^a-z\d]+/g, "-");
  if (slug === "" || name.length > MAX_NAME_CHARS) return page(422, "<p>Name is too short or too long</p>");
  if (hub.apps.some((app) => app.slug === slug)) return page(422, "<p>Name is already taken</p>");
  const { hook_attributes: hook, default_permissions: permissions, default_events: events } = manifest;
  const app = await createApp(hub, {
    ...{ slug, name, owner, permissions: { ...permissions, metadata: "read" }, events },
    ...{ callbackUrls: manifest.callback_urls, isPublic: manifest.public },
    ...(hook?.active ? { webhookUrl: hook.url } : {}),
  });
  const code = randomBytes(20).toString("hex");
  hub.manifestCodes.set(code, { app, expiresAtMs: hub.clock.now() + CODE_LASTS_MS });
  const back = manifest.redirect_url ?? `${hub.url}/settings/apps/${slug}`;
  return to(back, { code, ...(state === null ? {} : { state }) });
}

/** Once, and for an hour. */
export function takeManifestCode(hub: Hub, code: string): App | null {
  const found = hub.manifestCodes.get(code);
  hub.manifestCodes.delete(code);
  return found && found.expiresAtMs > hub.clock.now() ? found.app : null;
}

const to = (address: string, query: Record<string, string>): SignInReply => ({
  status: 302,
  headers: { location: `${address}?${new URLSearchParams(query)}` },
  body: "",
});

const page = (status: number, body: string): SignInReply => ({
  status,
  headers: { "content-type": "text/html; charset=utf-8" },
  body,
});

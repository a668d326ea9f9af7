/**
 * Who may reach the pages. They start turns and show code, so they answer only on this machine: whoever can open a
 * loopback port owns the machine already. Two things could still reach a loopback port from outside, and both are stopped
 * here: a foreign web page in the owner's browser (DNS rebinding, cross-site requests), and the tunnel or proxy that
 * carries webhooks to the same port. A third is on this machine without owning it: the agent in a local sandbox. Behind PUBLIC_URL only the pages of single sessions are served, to those who have the link.
 */
import type { Context, MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { Log } from "../log.ts";

export interface GuardOptions {
  /** PUBLIC_URL, when it is set. */
  publicUrl: string | null;
  /** Whether the sender of a request sits in a sandbox of ours; agents have no business here. */
  isFromSandbox?: ((connection: { remotePort: number; localPort: number }) => Promise<boolean>) | undefined;
  log: Log;
}

type Access = "local" | "public" | "none";

/** What the listener knows of a request's sender; a request that is handed in by code of ours has none. */
export interface Arrival {
  incoming?: {
    socket?: { remoteAddress?: string | undefined; remotePort?: number | undefined; localPort?: number | undefined };
  };
}

/** As Node writes them. On a listener for IPv6 an IPv4 address has a prefix. */
const LOOPBACK_ADDRESS = /^(?:::1|(?:::ffff:)?127(?:\.\d{1,3}){3})$/;
const LOOPBACK_HOSTS = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** A loopback Host with one of these came through a proxy: its sender is somebody else. */
const FORWARDING_HEADERS = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "cf-connecting-ip"];

/** Single sessions and what their page is made of. The lists and the threads are not among it. */
const SHOWN_TO_PUBLIC = /^\/(?:sessions\/[^/]+(?:\/(?:events|diff))?|assets\/[^/]+|markdown)$/;

/** Nothing inline, nothing foreign, in no frame. */
export const pageHeaders: MiddlewareHandler = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    connectSrc: ["'self'"],
    imgSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
  xFrameOptions: "DENY",
  referrerPolicy: "no-referrer",
  // Whether a host is https for good is for its owner to say; on localhost it would break every other project's port.
  strictTransportSecurity: false,
});

/** Lets a request through when its sender may have what it asks for. */
export function guard({ publicUrl, isFromSandbox, log }: GuardOptions): MiddlewareHandler {
  const publicHost = publicUrl === null ? null : new URL(publicUrl).host;
  return async (c, next) => {
    const refusal = refusalOf(c, publicHost) ?? (await refusalOfAgent(c, isFromSandbox));
    if (refusal === null) return next();
    log.warn({ path: c.req.path, host: c.req.header("host"), refused: refusal.reason }, "web.refused");
    return c.json({ error: refusal.text }, refusal.status);
  };
}

interface Refusal {
  reason: string;
  status: 403 | 415 | 421;
  text: string;
}

function refusalOf(c: Context, publicHost: string | null): Refusal | null {
  const access = accessOf(c, publicHost);
  if (access === "none")
    return { reason: "host", status: 421, text: "This page does not answer under that host name." };
  if (access === "public" && !SHOWN_TO_PUBLIC.test(c.req.path))
    return { reason: "not-local", status: 403, text: "This page is only for the machine that it runs on." };
  if (c.req.method === "GET" || c.req.method === "HEAD") return null;
  if (!sameOrigin(c)) return { reason: "cross-site", status: 403, text: "Requests from other sites are refused." };
  // A form of another site can send everything but this type without asking the browser first.
  if (!/^application\/json\b/i.test(c.req.header("content-type") ?? ""))
    return { reason: "content-type", status: 415, text: "Send application/json." };
  return null;
}

/** The network of a local sandbox is this machine's, so an agent that was talked into it could ask for work on other repositories. */
export async function isFromAgent(c: Context, isFromSandbox: GuardOptions["isFromSandbox"]): Promise<boolean> {
  const { incoming }: Arrival = c.env ?? {};
  if (!isFromSandbox || !incoming) return false;
  // A connection that is gone already has no ports, and nobody who waits for an answer.
  const { remotePort = 0, localPort = 0 } = incoming.socket ?? {};
  return isFromSandbox({ remotePort, localPort });
}

async function refusalOfAgent(c: Context, isFromSandbox: GuardOptions["isFromSandbox"]): Promise<Refusal | null> {
  if (!(await isFromAgent(c, isFromSandbox))) return null;
  return { reason: "sandbox", status: 403, text: "This page is for people, not for agents in a sandbox." };
}

/** Asked for under a name of this machine, from this machine, through no proxy. */
export const isLocal = (c: Context): boolean => accessOf(c, null) === "local";

function accessOf(c: Context, publicHost: string | null): Access {
  const host = (c.req.header("host") ?? new URL(c.req.url).host).toLowerCase();
  const forwarded = FORWARDING_HEADERS.some((name) => c.req.header(name) !== undefined);
  if (LOOPBACK_HOSTS.has(host.replace(/:\d+$/, ""))) return forwarded || cameFromElsewhere(c) ? "public" : "local";
  return host === publicHost?.toLowerCase() ? "public" : "none";
}

/** Anybody can write `localhost` into the Host header; only the connection tells, where HOST lets other machines in. */
function cameFromElsewhere(c: Context): boolean {
  const { incoming }: Arrival = c.env ?? {};
  return incoming !== undefined && !LOOPBACK_ADDRESS.test(incoming.socket?.remoteAddress ?? "");
}

/** Browsers say where a request comes from; what is no browser (curl, our own CLI) says nothing and may pass. */
function sameOrigin(c: Context): boolean {
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined && site !== "same-origin" && site !== "none") return false;
  const origin = c.req.header("origin");
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === (c.req.header("host") ?? new URL(c.req.url).host);
}

/** Deliveries as GitHub makes them: signed, at once, one attempt, ten seconds, no retry; each with a record of what came back. */
import { AsyncLocalStorage } from "node:async_hooks";
import { createHmac, randomUUID } from "node:crypto";
import { coversRepository } from "./access.ts";
import { type Hub, timestamp, type Webhooks } from "./hub.ts";
import { renderSharedPart } from "./render/shared.ts";
import type { Delivery, Hook, Installation, Repository } from "./state.ts";

const USER_AGENT = "GitHub-Hookshot/7f3a1c2";

export function createWebhooks(hub: () => Hub, { timeoutMs }: { timeoutMs: number }): Webhooks {
  const postman = createPostman(timeoutMs, () => hub().changed());
  const { deliveries, start, during, settled, close } = postman;
  function begin(hook: Hook, event: string, payload: object, about: About): void {
    if (hook.url === null) return;
    const body = JSON.stringify(payload);
    start({ hook, url: hook.url, event, guid: randomUUID(), redelivery: false, body, ...about, ...marks(hub()) });
  }
  return {
    deliveries,
    during,
    settled,
    close,
    emit(event, about, own) {
      for (const { hook, installation } of listeners(hub(), about.repository, event)) {
        const payload = { ...own, ...renderSharedPart(hub(), about.repository, about.by, installation) };
        begin(hook, event, payload, { installationId: installation?.id ?? null, repositoryId: about.repository.id });
      }
    },
    send(hook, event, payload, installation) {
      begin(hook, event, payload, { installationId: installation?.id ?? null, repositoryId: null });
    },
    redeliver({ hook, event, guid, installationId, repositoryId, request }) {
      const again = { hook, event, guid, installationId, repositoryId, redelivery: true, body: request.body };
      return start({ ...again, url: hook.url ?? request.url, ...marks(hub()) });
    },
  };
}

/** Carries deliveries out and knows which are under way, and on whose account. */
function createPostman(timeoutMs: number, arrived: () => void) {
  const deliveries: Delivery[] = [];
  const underWay = new Set<Promise<Delivery>>();
  const caused = new AsyncLocalStorage<Promise<Delivery>[]>();
  const closing = new AbortController();
  return {
    deliveries,
    start(draft: Draft): Promise<Delivery> {
      const attempt = deliver(draft, AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMs)]));
      underWay.add(attempt);
      caused.getStore()?.push(attempt);
      void attempt.then((delivery) => {
        deliveries.push(delivery);
        underWay.delete(attempt);
        arrived();
      });
      return attempt;
    },
    async during<T>(work: () => Promise<T> | T): Promise<{ result: T; deliveries: Delivery[] }> {
      const own: Promise<Delivery>[] = [];
      const result = await caused.run(own, async () => work());
      return { result, deliveries: await Promise.all(own) };
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    async close() {
      closing.abort();
      await Promise.all(underWay);
    },
  };
}

interface About {
  installationId: number | null;
  repositoryId: number | null;
}

interface Draft extends About {
  id: number;
  deliveredAt: string;
  hook: Hook;
  url: string;
  event: string;
  guid: string;
  redelivery: boolean;
  body: string;
}

const marks = (hub: Hub) => ({ id: hub.nextId("delivery"), deliveredAt: timestamp(hub) });

function listeners(
  hub: Hub,
  repository: Repository,
  event: string,
): { hook: Hook; installation: Installation | null }[] {
  const installations = hub.apps
    .flatMap((app) => app.installations)
    .filter((one) => !one.suspendedAt && coversRepository(one, repository) && one.app.hook.events.includes(event))
    .map((installation) => ({ hook: installation.app.hook, installation }));
  const hooks = hub.repositoryHooks
    .filter(
      (hook) =>
        hook.target.type === "repository" && hook.target.repository === repository && hook.events.includes(event),
    )
    .map((hook) => ({ hook, installation: null }));
  return [...installations, ...hooks];
}

async function deliver(draft: Draft, signal: AbortSignal): Promise<Delivery> {
  const headers = headersOf(draft);
  const startedAt = performance.now();
  const answer = await post(draft.url, headers, draft.body, signal);
  const { url, body, ...rest } = draft;
  return {
    ...rest,
    action: actionOf(body),
    request: { url, headers, body },
    statusCode: answer.status,
    durationMs: Math.round(performance.now() - startedAt),
    response: { headers: answer.headers, body: answer.body },
  };
}

function actionOf(body: string): string | null {
  const payload: { action?: unknown } = JSON.parse(body);
  return typeof payload.action === "string" ? payload.action : null;
}

function headersOf(draft: Draft): Record<string, string> {
  const { target } = draft.hook;
  return {
    accept: "*/*",
    "content-type": "application/json",
    "user-agent": USER_AGENT,
    "x-github-delivery": draft.guid,
    "x-github-event": draft.event,
    "x-github-hook-id": String(draft.hook.id),
    "x-github-hook-installation-target-id": String(target.type === "integration" ? target.appId : target.repository.id),
    "x-github-hook-installation-target-type": target.type,
    "x-hub-signature": `sha1=${createHmac("sha1", draft.hook.secret).update(draft.body).digest("hex")}`,
    "x-hub-signature-256": `sha256=${createHmac("sha256", draft.hook.secret).update(draft.body).digest("hex")}`,
  };
}

async function post(url: string, headers: Record<string, string>, body: string, signal: AbortSignal) {
  try {
    const response = await fetch(url, { method: "POST", headers, body, signal, redirect: "manual" });
    return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
  } catch {
    return { status: 0, headers: {}, body: "" };
  }
}

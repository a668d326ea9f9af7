/** A registry of npm's own kind on this machine: a few packages, each with one program, for the real npm to install. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface Published {
  name: string;
  version: string;
  /** Where its program lies; it prints what `says` says. */
  file: string;
  says: string;
  /** Under which name npm links it; not at all, when it is left out. */
  bin?: string;
  /** What would be run by an npm that runs scripts. */
  postinstall?: string;
}

export interface Registry {
  /** For npm, with a cache of its own. */
  env: Record<string, string>;
  /** Names of packages that were asked for, in order. */
  asked: string[];
  close(): Promise<void>;
}

export async function startRegistry(packages: Published[]): Promise<Registry> {
  const folder = mkdtempSync(join(tmpdir(), "threadbox-registry-"));
  const tarballs = new Map(packages.map((one) => [one.name, pack(folder, one)]));
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "").slice(1);
    const [name = "", isTarball] = path.endsWith(".tgz") ? [path.slice(0, -".tgz".length), true] : [path];
    const found = packages.find((one) => one.name === name);
    const bytes = tarballs.get(name);
    if (!found || !bytes) return void response.writeHead(404).end("{}");
    if (isTarball) return void response.end(bytes);
    asked.push(name);
    const { name: _, ...manifest } = manifestOf(found);
    const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
    const dist = { tarball: `http://${request.headers.host}/${name}.tgz`, integrity };
    const versions = { [found.version]: { name, ...manifest, dist } };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ name, "dist-tags": { latest: found.version }, versions }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    env: { npm_config_registry: `${url}/`, npm_config_cache: join(folder, "cache") },
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function manifestOf({ name, version, bin, file, postinstall }: Published) {
  return {
    name,
    version,
    ...(bin ? { bin: { [bin]: file } } : {}),
    ...(postinstall ? { scripts: { postinstall } } : {}),
  };
}

function pack(folder: string, published: Published): Buffer {
  const { name, file, says } = published;
  const place = join(folder, name);
  const program = join(place, "package", file);
  mkdirSync(dirname(program), { recursive: true });
  writeFileSync(join(place, "package", "package.json"), JSON.stringify(manifestOf(published)));
  writeFileSync(program, `#!/bin/sh\necho '${says}'\n`);
  chmodSync(program, 0o755);
  execFileSync("tar", ["-czf", join(place, "it.tgz"), "-C", place, "package"]);
  return readFileSync(join(place, "it.tgz"));
}

/**
 * The files that stand for `node:22-bookworm-slim`: a Debian with a user `node`, whose programs come from this host. Only what
 * can be written inside lies in the folder; the rest is shown over it when a process is started.
 */
import { existsSync } from "node:fs";
import { chmod, chown, cp, mkdir, readdir, readlink, realpath, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SYSTEM_PATH } from "../../../src/sandboxes/bubblewrap.ts";
import type { ImageFiles } from "./machine.ts";
import { PACKAGES, STAND_INS, systemLinks, VOLUMES } from "./machine-view.ts";

/** The first user that `useradd` makes, and the number that the agents' user wants to have. */
const NODE_UID = 1000;

export async function makeBase(folder: string): Promise<ImageFiles> {
  for (const [path, mode] of Object.entries(FOLDERS)) {
    await mkdir(join(folder, path), { recursive: true });
    await chmod(join(folder, path), mode);
  }
  // What the host's Node is shown over.
  await writeFile(join(folder, "usr/local/bin/node"), "");
  await chown(join(folder, "home/node"), NODE_UID, NODE_UID);
  await Promise.all(systemLinks().map(({ at, to }) => symlink(to, join(folder, at))));
  await makeEtc(join(folder, "etc"));
  return { folder, env: { PATH: SYSTEM_PATH }, workdir: "/" };
}

const FOLDERS: Record<string, number> = {
  ...Object.fromEntries(
    [
      ...[
        "boot",
        "dev",
        "etc",
        "home",
        "home/node",
        "media",
        "mnt",
        "opt",
        "proc",
        "run",
        "run/lock",
        "srv",
        "sys",
        "usr",
      ],
      ...["bin", "etc", "games", "include", "lib", "sbin", "share", "src"].map((name) => `usr/local/${name}`),
      ...["backups", "cache", "lib", "lib/apt/lists", "local", "log", "mail", "opt", "spool"].map(
        (name) => `var/${name}`,
      ),
      ...[PACKAGES, STAND_INS, VOLUMES],
    ].map((path) => [path, 0o755]),
  ),
  root: 0o700,
  tmp: 0o1777,
  "var/tmp": 0o1777,
};

async function makeEtc(etc: string): Promise<void> {
  for (const path of ["alternatives", "pam.d", "skel", "ssl/certs"]) await mkdir(join(etc, path), { recursive: true });
  for (const name of FROM_HOST.filter((name) => existsSync(join("/etc", name))))
    await cp(await realpath(join("/etc", name)), join(etc, name), { recursive: true });
  // awk, editor and the like; not the many pages of manuals.
  const chosen = await readdir("/etc/alternatives", { withFileTypes: true }).catch(() => []);
  for (const { name } of chosen.filter((one) => one.isSymbolicLink() && !one.name.endsWith(".gz")))
    await symlink(await readlink(join("/etc/alternatives", name)), join(etc, "alternatives", name));
  for (const [name, { text, mode = 0o644 }] of Object.entries(FILES)) {
    await writeFile(join(etc, name), `${text.trim()}\n`);
    await chmod(join(etc, name), mode);
  }
}

/** Copied, because programs need them and they say nothing about this host; each machine copies them once more, so they are few. */
const FROM_HOST = [
  ...["bash.bashrc", "debian_version", "gai.conf", "host.conf", "ld.so.cache", "ld.so.conf", "ld.so.conf.d"],
  ...["localtime", "login.defs", "mime.types", "os-release", "perl", "profile", "protocols", "services", "timezone"],
  ...["ssl/certs/ca-certificates.crt", "ssl/openssl.cnf"],
];

const USERS = [
  ["root", 0, "/root", "/bin/bash"],
  ["daemon", 1, "/usr/sbin", "/usr/sbin/nologin"],
  ["bin", 2, "/bin", "/usr/sbin/nologin"],
  ["sys", 3, "/dev", "/usr/sbin/nologin"],
  ["mail", 8, "/var/mail", "/usr/sbin/nologin"],
  ["www-data", 33, "/var/www", "/usr/sbin/nologin"],
  ["nobody", 65534, "/nonexistent", "/usr/sbin/nologin"],
  ["node", NODE_UID, "/home/node", "/bin/bash"],
] as const;

const GROUPS = [
  ...USERS.map(([name, number]) => [name === "nobody" ? "nogroup" : name, number] as const),
  ...([
    ["adm", 4],
    ["tty", 5],
    ["disk", 6],
    ["shadow", 42],
    ["utmp", 43],
    ["staff", 50],
    ["users", 100],
  ] as const),
];

/** What differs from the host's, or what the host's would tell about it. */
const FILES: Record<string, { text: string; mode?: number }> = {
  passwd: { text: USERS.map(([name, uid, home, shell]) => `${name}:x:${uid}:${uid}::${home}:${shell}`).join("\n") },
  shadow: { text: USERS.map(([name]) => `${name}:*:20000:0:99999:7:::`).join("\n"), mode: 0o640 },
  group: { text: GROUPS.map(([name, number]) => `${name}:x:${number}:`).join("\n") },
  gshadow: { text: GROUPS.map(([name]) => `${name}:*::`).join("\n"), mode: 0o640 },
  hostname: { text: "modal" },
  hosts: { text: "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback" },
  "nsswitch.conf": { text: "passwd: files\ngroup: files\nshadow: files\nhosts: files dns" },
  "resolv.conf": { text: "# nobody answers here" },
  environment: { text: "" },
  // No limits and no session keys: both need rights that nobody has inside.
  ...Object.fromEntries(
    ["other", "runuser", "runuser-l", "su", "su-l"].map((name) => {
      const rules = ["auth sufficient pam_rootok.so", "auth required pam_unix.so", "account required pam_unix.so"];
      return [`pam.d/${name}`, { text: [...rules, "session required pam_permit.so"].join("\n") }];
    }),
  ),
};

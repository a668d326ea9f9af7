/**
 * What a process inside an emulated machine sees and may do, as arguments of bubblewrap: the files of its image, the programs
 * of this host read-only over them, processes, names and a network of its own.
 *
 * Inside runs as this host's root, so that `runuser` and `chown` work as on Modal. What keeps it inside are the namespaces,
 * the few capabilities, and that nobody gains any (`sudo` and other set-uid programs have no effect).
 */
import { existsSync, lstatSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** Folder of packages that stand in for what `npm install -g` would fetch; see `image-npm.ts`. */
export const PACKAGES = "/usr/local/lib/emulated/node_modules";
/** Programs that stand in for those which need the internet, while an image is built. */
export const STAND_INS = "/usr/local/lib/emulated/bin";
/** Where volumes lie inside; a mount path is only a link to here. */
export const VOLUMES = "/__modal/volumes";

export interface View {
  /** The root folder: everything that can be written. */
  folder: string;
  readOnly: { from: string; to: string }[];
  writable: { from: string; to: string }[];
  cwd: string;
  env: Record<string, string>;
}

/** The folders of a system are links into /usr on every Debian since 12, on this host probably too. */
const SYSTEM = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

export function systemLinks(): { at: string; to: string }[] {
  return SYSTEM.filter((at) => existsSync(at) && lstatSync(at).isSymbolicLink()).map((at) => ({
    at,
    to: readlinkSync(at),
  }));
}

export function viewArguments(view: View): string[] {
  return [
    ...["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net", "--hostname", "modal"],
    "--die-with-parent",
    ...["--cap-drop", "ALL"],
    ...[...CAPABILITIES, "setpcap"].flatMap((name) => ["--cap-add", `CAP_${name.toUpperCase()}`]),
    ...["--bind", view.folder, "/", "--ro-bind", "/usr", "/usr"],
    ...SYSTEM.filter((path) => existsSync(path) && !lstatSync(path).isSymbolicLink()).flatMap((path) => [
      ...["--ro-bind", path, path],
    ]),
    ...["--bind", join(view.folder, "usr/local"), "/usr/local"],
    // Root's number alone opens /proc/sys for writing, and what stands there is the host's.
    ...["--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/dev/shm"],
    ...view.readOnly.flatMap(({ from, to }) => ["--ro-bind", from, to]),
    ...view.writable.flatMap(({ from, to }) => ["--bind", from, to]),
    ...["--chdir", view.cwd, "--clearenv"],
    ...Object.entries(view.env).flatMap(([name, value]) => ["--setenv", name, value]),
  ];
}

/** Enough to make users, to become them and to give files away; nothing that reaches out of the namespaces. */
const CAPABILITIES = ["chown", "dac_override", "fowner", "fsetid", "kill", "setgid", "setuid", "net_bind_service"];

/** Goes before every command inside: its own process group, by which it can be ended, and the walls for its privileges. */
export const WALLED = [
  ...["/usr/bin/setsid", "/usr/bin/setpriv", "--no-new-privs", "--inh-caps=-all", "--ambient-caps=-all"],
  ...["--bounding-set", `-all,${CAPABILITIES.map((name) => `+${name}`).join(",")}`],
];

/**
 * The walls of a local sandbox: which files of this machine a process inside sees, as arguments of bubblewrap (`bwrap`).
 * Inside there are the machine's programs (read-only), its own folders, and its own processes; nothing else. The network
 * is the machine's: a process inside reaches whatever this machine reaches, its loopback address too.
 */
import { execFile } from "node:child_process";
import { accessSync, constants, existsSync, lstatSync, readlinkSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** What one sandbox sees beside the system: paths outside, and where they appear inside. */
export interface View {
  writable: { from: string; to: string }[];
  readOnly: { from: string; to: string }[];
  links: { to: string; at: string }[];
  /** Folders that must not be seen even where they lie below a shown one (a checkout in /usr/local/src, say). */
  hidden: string[];
  cwd: string;
}

/** What this machine has of the system's usual folders. */
export interface System {
  folders: string[];
  /** `/bin -> usr/bin` on most systems of today. */
  links: { to: string; at: string }[];
  /** Files of /etc that programs need, and where they really lie. */
  etc: { from: string; to: string }[];
}

/** Who we are outside. `namespace`: whether we may make user namespaces, in which we have no rights outside. */
export interface Caller {
  root: boolean;
  namespace: boolean;
}

/** The user inside, where there are namespaces. Not root, because some agents refuse to work unattended as root. */
export const INSIDE_UID = 1000;

export function bubblewrapArguments(view: View, system: System, caller: Caller): string[] {
  const hidden = view.hidden.filter((path) => system.folders.some((folder) => path.startsWith(`${folder}/`)));
  return [
    ...(caller.namespace ? ["--unshare-user", "--uid", `${INSIDE_UID}`, "--gid", `${INSIDE_UID}`] : []),
    ...["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--hostname", "sandbox"],
    "--new-session", // else a process inside could type into the bot's terminal
    ...["--cap-drop", "ALL"], // started by root, bubblewrap would leave all of them
    ...system.folders.flatMap((folder) => ["--ro-bind", folder, folder]),
    ...system.links.flatMap(({ to, at }) => ["--symlink", to, at]),
    ...system.etc.flatMap(({ from, to }) => ["--ro-bind", from, to]),
    ...hidden.flatMap((path) => ["--tmpfs", path]),
    ...["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/run", "--symlink", "../tmp", "/var/tmp"],
    // Root's number alone, without any capability, opens /proc/sys for writing, and core_pattern there names a program
    // that the kernel starts outside. Others cannot write there anyway, and may want namespaces of their own inside.
    ...(caller.root ? ["--remount-ro", "/proc"] : []),
    ...view.readOnly.flatMap(({ from, to }) => ["--ro-bind", from, to]),
    ...view.writable.flatMap(({ from, to }) => ["--bind", from, to]),
    ...view.links.flatMap(({ to, at }) => ["--symlink", to, at]),
    ...["--remount-ro", "/", "--chdir", view.cwd],
  ];
}

const FOLDERS = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store"];

/** Names, certificates, time zone and the choice between programs; no keys, no passwords, no settings of services. */
const ETC = [
  ...["alternatives", "ca-certificates", "ca-certificates.conf", "crypto-policies", "pki", "ssl"],
  ...["debian_version", "os-release", "lsb-release", "redhat-release"],
  ...["fonts", "java", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types", "timezone"],
  ...["gai.conf", "host.conf", "hosts", "nsswitch.conf", "protocols", "resolv.conf", "services"],
];

export function readSystem(): System {
  const there = FOLDERS.filter((path) => existsSync(path));
  const isLink = (path: string) => lstatSync(path).isSymbolicLink();
  return {
    folders: there.filter((path) => !isLink(path)),
    links: there.filter(isLink).map((path) => ({ to: readlinkSync(path), at: path })),
    // resolv.conf and localtime are links into places that are not shown, so the file behind them is.
    etc: ETC.map((name) => join("/etc", name))
      .filter((path) => existsSync(path))
      .map((path) => ({ from: realpathSync(path), to: path })),
  };
}

/** bubblewrap works here; or the reason why it does not. */
export type Bubblewrap = { is: "working"; program: string; caller: Caller } | { is: "missing"; reason: string };

/**
 * Runs it once with this view, because being installed says little: containers and some distributions forbid what it
 * needs. `command` has to succeed inside.
 */
export async function tryBubblewrap(view: View, system: System, command: string[]): Promise<Bubblewrap> {
  if (process.platform !== "linux") return { is: "missing", reason: "it exists on Linux only" };
  const program = findProgram("bwrap");
  if (!program) return { is: "missing", reason: "it is not installed" };
  const root = process.getuid?.() === 0;
  let reason = "";
  // Some containers forbid namespaces of users and yet let their root make all the others.
  for (const namespace of root ? [true, false] : [true]) {
    try {
      const all = [...bubblewrapArguments(view, system, { root, namespace }), "--", ...command];
      await promisify(execFile)(program, all, { env: {}, timeout: 20_000 });
      return { is: "working", program, caller: { root, namespace } };
    } catch (error) {
      reason ||= String(error instanceof Error && "stderr" in error ? error.stderr : error).trim();
    }
  }
  return { is: "missing", reason };
}

/** Where system programs are, whatever the PATH of whoever started the bot. */
export const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

function findProgram(name: string): string | undefined {
  return SYSTEM_PATH.split(":")
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

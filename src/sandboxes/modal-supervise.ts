/**
 * What keeps the daemon running inside: the command of every sandbox, and the few lines of shell that speak to it. It is not
 * process 1 there, which is Modal's own.
 *
 *   /threadbox/run/<life>/launches   a FIFO: names of what is to run from now on
 *   /threadbox/run/<life>/<name>.sh  how that is started; `.off` while the files are kept
 *   /threadbox/run/<life>/<name>.pid its process, which is the first of its session
 *
 * `<life>` tells a sandbox from the one whose files it woke with: what that one left there is removed, and never spoken to.
 * This script stands in snapshots and runs from there for as long as they are kept: an older one has to understand a newer bot.
 */

import { quoted, ROOT_PATH } from "./shell.ts";

export const SUPERVISOR = "/threadbox/bin/supervise";

/** Where the daemon listens. */
export const PORT = 8787;

/**
 * Has the daemon's port from before anybody else runs, and keeps it: the agent may find a way to make the daemon crash, and whoever has
 * the port then is given credentials by the bot. From when the daemon has listened on this socket first, nobody else can listen there,
 * and who calls while there is no daemon waits for the next one. Perl is in every Debian, and can become another program; the numbers
 * are Linux's: AF_INET, SOCK_STREAM, SOL_SOCKET, SO_REUSEADDR. With the last, what knows nothing of this can be launched on the port.
 */
const HOLD_PORT = `
$^F = 255;
socket(S, 2, 1, 0) and setsockopt(S, 1, 2, 1) and bind(S, pack("S n a4 x8", 2, ${PORT}, "")) and
  $ENV{SANDBOX_DAEMON_LISTEN_FD} = fileno S;
exec @ARGV;`;

/** Ends with 0: done. A crash is met with a pause, so that a daemon that cannot start does not fill its log. */
export const SUPERVISOR_SCRIPT = `#!/bin/sh
if [ -z "$2" ] && [ -x /usr/bin/perl ]; then exec /usr/bin/perl -e ${quoted(HOLD_PORT)} /bin/sh "$0" "$1" holding; fi
image_path=$PATH
${ROOT_PATH}
run=/threadbox/run/$1
rm -rf /threadbox/run
mkdir -p /threadbox/run
mkdir -m 700 "$run"
mkfifo "$run/launches"
exec 9<>"$run/launches"

keep() {
  while :; do
    rm -f "$run/$1.again"
    run_until_done "$1"
    rmdir "$run/$1.kept"
    [ -e "$run/$1.again" ] && mkdir "$run/$1.kept" 2>/dev/null || return
  done
}

run_until_done() {
  crashes=0
  while [ -f "$run/$1.sh" ]; do
    began=$(date +%s)
    PATH="$image_path" /usr/bin/setsid /bin/sh "$run/$1.sh" </dev/null &
    echo $! >"$run/$1.pid"
    wait $!
    code=$?
    rm -f "$run/$1.pid"
    kill -KILL -- "-$!" 2>/dev/null
    if [ -e "$run/$1.again" ] || [ "$code" -eq 0 ]; then return; fi
    echo "$1 ended with $code and is started again" >&2
    [ $(($(date +%s) - began)) -ge 60 ] && crashes=0
    case $crashes in 0) sleep 0.2 ;; 1) sleep 1 ;; 2) sleep 2 ;; *) sleep 5 ;; esac
    crashes=$((crashes + 1))
  done
}

end() {
  pid=$(cat "$run/$1.pid" 2>/dev/null) || return
  : >"$run/$1.again"
  kill -TERM "$pid" 2>/dev/null
  tries=0
  while [ "$(cat "$run/$1.pid" 2>/dev/null)" = "$pid" ]; do
    tries=$((tries + 1))
    if [ "$tries" -eq 100 ]; then kill -KILL -- "-$pid" 2>/dev/null; fi
    [ "$tries" -ge 120 ] && return
    sleep 0.1
  done
}

while read -r name <&9; do
  : >"$run/$name.again"
  if mkdir "$run/$name.kept" 2>/dev/null; then
    keep "$name" 9<&- &
  else
    end "$name"
  fi
done
`;

/** What it was given as `program` is not there with that content. */
export const OTHER_PROGRAM = 41;

/** Launching what runs already replaces it. The supervisor may be a moment from ready. */
const LAUNCH = `
${ROOT_PATH}
run=/threadbox/run/$1 name=$2 script=$3
if [ -n "$5" ]; then echo "$4  $5" | sha256sum --check --status 2>/dev/null || exit ${OTHER_PROGRAM}; fi
tries=0
until [ -p "$run/launches" ]; do
  tries=$((tries + 1))
  if [ "$tries" -gt 300 ]; then echo "the supervisor does not run" >&2; exit 1; fi
  sleep 0.05
done
rm -f "$run/$name.off"
printf %s "$script" >"$run/$name.new" && mv -f "$run/$name.new" "$run/$name.sh" && echo "$name" >"$run/launches"`;

export interface Launched {
  name: string;
  script: string;
  program: { path: string; sha256: string } | undefined;
}

export function launchCommand(life: string, { name, script, program }: Launched): string[] {
  return ["/bin/sh", "-c", LAUNCH, "launch", life, name, script, program?.sha256 ?? "", program?.path ?? ""];
}

/** Everything that was launched ends in its own order, or is killed after ten seconds; then what was written is on the disk. */
const REST = `
${ROOT_PATH}
run=/threadbox/run/$1
cd "$run" 2>/dev/null || exit 0
for file in *.sh; do [ -f "$file" ] && mv -f "$file" "\${file%.sh}.off"; done
for file in *.pid; do [ -f "$file" ] && kill -TERM "$(cat "$file")" 2>/dev/null; done
tries=0
while ls ./*.pid >/dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -eq 100 ]; then
    for file in *.pid; do kill -KILL -- "-$(cat "$file")" 2>/dev/null; done
  fi
  [ "$tries" -ge 120 ] && exit 1
  sleep 0.1
done
sync`;

export const restCommand = (life: string): string[] => ["/bin/sh", "-c", REST, "rest", life];

/** After `rest`: all of it runs again. */
const RESUME = `
${ROOT_PATH}
run=/threadbox/run/$1
cd "$run" 2>/dev/null || exit 0
for file in *.off; do
  [ -f "$file" ] || continue
  name=\${file%.off}
  if [ -f "$name.sh" ]; then rm -f "$file"; else mv -f "$file" "$name.sh" && echo "$name" >launches; fi
done`;

export const resumeCommand = (life: string): string[] => ["/bin/sh", "-c", RESUME, "resume", life];

export interface LaunchScript {
  command: string[];
  env: Record<string, string>;
  logFile: string;
  cwd: string;
}

/** What is launched is root's; the image's own PATH is for the agent that it starts. */
export function launchScript({ command, env, logFile, cwd }: LaunchScript): string {
  const variables = Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}`);
  const folder = logFile.slice(0, logFile.lastIndexOf("/")) || "/";
  return [
    'export SANDBOX_DAEMON_AGENT_PATH="$PATH"',
    ROOT_PATH,
    ...variables,
    `mkdir -p ${quoted(folder)}`,
    `exec >>${quoted(logFile)} 2>&1`,
    `cd ${quoted(cwd)}`,
    `exec ${command.map(quoted).join(" ")}`,
    "",
  ].join("\n");
}

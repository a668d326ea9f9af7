/**
 * Which commands run tests. A table of what people call their runners; whatever stands around one (`env`, `timeout 60`, `npx`, `poetry run`) is
 * taken off first. What only lists, compiles or watches has no outcome that could be told, so it is none.
 */
import type { Word } from "./shell-line.ts";

/** The words of the command that runs tests, without what stands around it; null where it runs none. */
export function testCommandIn(words: Word[]): Word[] | null {
  const bare = withoutWrappers(words);
  const [program, ...args] = bare.map(({ value }) => value);
  if (program === undefined || args.some((arg) => NO_RUN.test(arg))) return null;
  const name = program.replace(/^.*[/\\]/, "").replace(/\.(cmd|bat|exe)$/, "");
  const runs = known(RUNNERS, name) ?? (/^python\d?(\.\d+)?$/.test(name) ? byPython : undefined);
  return runs?.(args) ? bare : null;
}

/** A program may be called `constructor`. */
const known = <T>(table: Partial<Record<string, T>>, name = ""): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

const NO_RUN =
  /^(--watch(All)?(=(?!false).*)?|watch|--ui|-h|--help|--version|--list|--listTests|--list-tests|--collect-only|--co|--no-run|--dry-run|-list(=.*)?)$/;

type Runs = (args: string[]) => boolean;

const always: Runs = () => true;
/** The first word that is no flag. */
const first =
  (word: RegExp): Runs =>
  (args) =>
    word.test(args.find((arg) => !/^[-+]/.test(arg)) ?? "");
const anyWord =
  (word: RegExp): Runs =>
  (args) =>
    args.some((arg) => word.test(arg));

/** `test`, `test:unit`, `test-e2e`; what watches never ends. */
const SCRIPT = /^tests?([:._-](?!.*(watch|debug|update|:ui$|:open$)).+)?$/;
/** Of package managers: these have a value after them. */
const WITH_VALUE = /^(--prefix|-C|--filter|-F|-w|--workspace|--cwd|--dir|--config)$/;

function byScript(args: string[]): boolean {
  const [verb = "", ...rest] = words(args);
  if (verb === "workspace") return byScript(rest.slice(1));
  if (verb === "workspaces") return byScript(rest.slice(rest[0] === "foreach" || rest[0] === "run" ? 1 : 0));
  if (["run", "run-script", "rum", "urn"].includes(verb)) return SCRIPT.test(rest[0] ?? "");
  return SCRIPT.test(verb) || verb === "t" || verb === "tst";
}

/** Without flags and their values. */
function words(args: string[]): string[] {
  return args.filter((arg, i) => !arg.startsWith("-") && !WITH_VALUE.test(args[i - 1] ?? ""));
}

const byMake = anyWord(/^(tests?|check)([:._-](?!.*watch).+)?$/);
const byGradle = anyWord(/^(.*:)?(test|check|[a-z]\w*Test|test\w*UnitTest)$/);
const byMaven = anyWord(/^(test|verify|integration-test)$/);
const byPython: Runs = (args) => {
  const at = args.indexOf("-m");
  if (at >= 0) return /^(pytest|unittest|tox|nox|nose2?|django)$/.test(args[at + 1] ?? "");
  return /(^|\/)manage\.py$/.test(args[0] ?? "") && args[1] === "test";
};

const RUNNERS: Partial<Record<string, Runs>> = {
  ...{ npm: byScript, pnpm: byScript, yarn: byScript, bun: byScript, cnpm: byScript },
  ...{ node: anyWord(/^--test$/), tsx: anyWord(/^--test$/), deno: first(/^(test)$/) },
  ...{ vitest: (args) => !["list", "bench", "init", "dev"].includes(args[0] ?? ""), jest: always, mocha: always },
  ...{ ava: always, tap: always, jasmine: always, karma: first(/^(start|run)$/), "react-scripts": first(/^test$/) },
  ...{
    playwright: first(/^test$/),
    cypress: first(/^run$/),
    ng: first(/^test$/),
    turbo: anyWord(SCRIPT),
    nx: anyWord(SCRIPT),
  },
  ...{ pytest: always, "py.test": always, tox: always, nox: always, nose2: always },
  ...{ go: first(/^test$/), gotestsum: always, cargo: first(/^(test|nextest|t)$/), ctest: always, bats: always },
  ...{
    make: byMake,
    gmake: byMake,
    just: byMake,
    task: byMake,
    ninja: byMake,
    bazel: first(/^test$/),
    meson: first(/^test$/),
  },
  ...{ mvn: byMaven, mvnw: byMaven, gradle: byGradle, gradlew: byGradle, sbt: anyWord(/^test/), lein: first(/^test$/) },
  ...{ rspec: always, rake: anyWord(/^(test|spec)([:_].+)?$/), rails: first(/^(test|spec)(:.+)?$/), minitest: always },
  ...{ phpunit: always, pest: always, artisan: first(/^test$/), composer: byScript, dotnet: first(/^test$/) },
  ...{
    mix: first(/^test$/),
    swift: first(/^test$/),
    flutter: first(/^test$/),
    dart: first(/^test$/),
    zig: anyWord(/^test$/),
  },
};

/** Words of a shell's own, in front of a command. */
const IN_FRONT = /^(then|do|else|if|while|until|!|[A-Za-z_]\w*=.*)$/s;
/** Something that runs the words after it; `flags` are those of its own that have a value. */
const WRAPPERS: Partial<Record<string, { flags?: RegExp; values?: number }>> = {
  ...{
    env: { flags: /^(-u|-C|-S)$/ },
    timeout: { flags: /^(-k|-s)$/, values: 1 },
    gtimeout: { flags: /^(-k|-s)$/, values: 1 },
  },
  ...{
    time: {},
    nice: { flags: /^-n$/ },
    nohup: {},
    exec: {},
    command: {},
    sudo: { flags: /^-u$/ },
    stdbuf: {},
    "xvfb-run": {},
  },
  ...{
    npx: { flags: /^(-p|--package|-c)$/ },
    bunx: {},
    pnpx: {},
    dotenv: {},
    "cross-env": {},
    corepack: {},
    unbuffer: {},
  },
};
/** The same in two words: `poetry run pytest`, `pnpm exec vitest`. */
const WRAPPING_VERBS =
  /^((poetry|uv|pipenv|pdm|hatch|rye) run|bundle exec|(npm|pnpm|yarn) exec|(pnpm|yarn) dlx|bun x|mise exec|(yarn|pnpm|bun) (vitest|jest|mocha|ava|playwright|cypress|turbo|nx))$/;

function withoutWrappers(all: Word[]): Word[] {
  let rest = all;
  for (;;) {
    const [one, two] = rest.map(({ value }) => value);
    const wrapper = known(WRAPPERS, one);
    if (one !== undefined && IN_FRONT.test(one)) rest = rest.slice(1);
    else if (wrapper) rest = behindFlags(rest.slice(1), wrapper.flags).slice(wrapper.values ?? 0);
    else if (WRAPPING_VERBS.test(`${one} ${two}`))
      rest = /^(run|exec|dlx|x)$/.test(two ?? "")
        ? behindFlags(rest.slice(2), /^(--with|-p|--python|--package|--group)$/)
        : rest.slice(1);
    else return rest;
  }
}

function behindFlags(rest: Word[], withValue: RegExp | undefined): Word[] {
  const [flag] = rest;
  if (!flag?.value.startsWith("-")) return rest;
  return behindFlags(rest.slice(withValue?.test(flag.value) ? 2 : 1), withValue);
}

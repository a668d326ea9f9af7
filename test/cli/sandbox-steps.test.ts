import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openSteps, type Screen } from "../../src/cli/sandbox-steps.ts";
import { handWoundClock } from "../clock.ts";

function screenOf(options: Omit<Screen, "write">): { screen: Screen; written: string[] } {
  const written: string[] = [];
  return { written, screen: { ...options, write: (text: string) => void written.push(text) } };
}

describe("what is shown of something that takes minutes", () => {
  test("is a line for each step where there is no terminal, and what comes out of it below", () => {
    const { screen, written } = screenOf({});
    const steps = openSteps(screen);
    steps.step("building the image, 2 of 6: packages: jq");
    steps.said("\u001b[32mGet:1\u001b[0m\thttp://deb.debian.org");
    steps.note("Taking it back.");
    steps.end();
    steps.step("starting the sandbox");
    steps.note("It could not be taken back.");
    assert.equal(
      written.join(""),
      "· building the image, 2 of 6: packages: jq\n  Get:1 http://deb.debian.org\nTaking it back.\nIt could not be taken back.\n",
    );
  });

  test("is one line on a terminal, which changes, counts the time and is gone at the end", async () => {
    const clock = handWoundClock();
    const { screen, written } = screenOf({ isTTY: true, columns: 40 });
    const shown = (): string | undefined => written.splice(0).at(-1);
    const steps = openSteps(screen, clock);
    steps.step("looking for the image");
    assert.equal(shown(), "\r\u001b[K· looking for the image  0 s");
    clock.advance(1_000);
    assert.equal(shown(), "\r\u001b[K· looking for the image  1 s");
    steps.step("building the image");
    clock.advance(64_000);
    steps.said("npm warn deprecated\r something");
    assert.equal(shown(), "\r\u001b[K· building the image  1 min 05 s  npm w");
    steps.note("Stays.");
    assert.equal(written.join(""), "\r\u001b[KStays.\n\r\u001b[K· building the image  1 min 05 s  npm w");
    steps.end();
    assert.equal(shown(), "\r\u001b[K");
    clock.advance(5_000);
    steps.said("too late");
    assert.equal(shown(), undefined);
  });

  test("is dim where the terminal has colours", () => {
    const { screen, written } = screenOf({ isTTY: true, hasColors: () => true });
    const steps = openSteps(screen, handWoundClock());
    steps.step("starting the sandbox");
    steps.end();
    assert.equal(written[0], "\r\u001b[K\u001b[2m· starting the sandbox  0 s\u001b[22m");
  });
});

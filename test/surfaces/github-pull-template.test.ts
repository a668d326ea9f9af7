import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { filledTemplate } from "../../src/surfaces/github-pull-template.ts";

const filling = {
  what: "WHAT",
  verified: { bare: "TESTS", headed: "### How it was verified\n\nTESTS" },
  about: "ABOUT",
};

const table: [name: string, template: string | null, expected: string][] = [
  ["no template", null, "WHAT\n\n### How it was verified\n\nTESTS\n\nABOUT"],
  ["a template of comments alone", "<!-- Thanks! -->\n", "WHAT\n\n### How it was verified\n\nTESTS\n\nABOUT"],
  [
    "the template of a web framework: description, kind of change, how tested, checklist",
    `<!-- Thank you for contributing! -->
# Description

Please include a summary of the changes and the related issue.

Fixes # (issue)

## Type of change

- [ ] Bug fix
- [x] New feature

# How Has This Been Tested?

Please describe the tests that you ran.

- [ ] Test A

# Checklist:

- [ ] I have performed a self-review of my code
`,
    `# Description

WHAT

## Type of change

- [ ] Bug fix
- [ ] New feature

# How Has This Been Tested?

TESTS

- [ ] Test A

# Checklist:

- [ ] I have performed a self-review of my code

ABOUT`,
  ],
  [
    "a template of a line of windows and a front matter",
    "---\nname: change\nabout: x\n---\n## What\r\n\r\n## Test plan\r\n",
    "## What\n\nWHAT\n\n## Test plan\n\nTESTS\n\nABOUT",
  ],
  [
    "a template without headings",
    "Thank you! Please be brief.",
    "WHAT\n\n### How it was verified\n\nTESTS\n\nThank you! Please be brief.\n\nABOUT",
  ],
  [
    "headings that ask for nothing that we know",
    "## Release notes\n\nNone\n\n## Screenshots",
    "WHAT\n\n### How it was verified\n\nTESTS\n\n## Release notes\n\nNone\n\n## Screenshots\n\nABOUT",
  ],
  [
    "no heading for tests",
    "## Summary\n\n## Screenshots",
    "## Summary\n\nWHAT\n\n## Screenshots\n\n### How it was verified\n\nTESTS\n\nABOUT",
  ],
  [
    "headings in bold",
    "**What does this do?**\n\n…\n\n**How was it tested**\n",
    "**What does this do?**\n\nWHAT\n\n**How was it tested**\n\nTESTS\n\nABOUT",
  ],
  [
    "a heading inside of code is none",
    "```\n# Summary\n```\n\n## Summary\n",
    "```\n# Summary\n```\n\n## Summary\n\nWHAT\n\n### How it was verified\n\nTESTS\n\nABOUT",
  ],
  [
    "the template of a cluster's scheduler: questions as headings",
    "#### What type of PR is this?\n\n/kind bug\n\n#### What this PR does / why we need it:\n\n#### Which issue(s) this PR fixes:\n\nFixes #\n",
    "#### What type of PR is this?\n\n/kind bug\n\n#### What this PR does / why we need it:\n\nWHAT\n\n#### Which issue(s) this PR fixes:\n\nFixes #\n\n### How it was verified\n\nTESTS\n\nABOUT",
  ],
  [
    "words before the first heading stay",
    "Read CONTRIBUTING first.\n\n### Why\n\n### What",
    "Read CONTRIBUTING first.\n\n### Why\n\n### What\n\nWHAT\n\n### How it was verified\n\nTESTS\n\nABOUT",
  ],
];

describe("a pull request from", () => {
  for (const [name, template, expected] of table)
    test(name, () => assert.equal(filledTemplate(template, filling), expected));

  test("a template pings no team and closes no issue by its examples", () => {
    const text = filledTemplate("## Notes\n\ncc @acme/web, e.g. closes #12\n\n![logo](https://x.test/a.png)", filling);
    assert.doesNotMatch(text, /@acme|closes #12|!\[/);
  });

  test("a template of any length is cut", () => {
    assert.ok(filledTemplate("a ".repeat(100_000), filling).length < 20_000);
  });
});

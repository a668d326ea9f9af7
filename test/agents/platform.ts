/** The first step of `npm run test:agents`: the agents' lockfile has programs for one platform alone, and npm's own words say little of that. */
const HERE = `${process.platform}-${process.arch}`;
if (HERE !== "linux-x64") {
  console.error(
    `npm run test:agents: test/agents/package-lock.json has the agents for linux-x64 alone, and this is ${HERE}.`,
  );
  process.exit(1);
}

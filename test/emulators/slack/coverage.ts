/** The routes of the emulated Slack, for the table that says which test uses which. */
export { coverageOf, otherRoutes, slackRoutes } from "./request-log.ts";

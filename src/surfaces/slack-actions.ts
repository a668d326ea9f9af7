/** Names of everything that people press, choose or fill in: who draws it gives it one, and whoever hears of it knows it by that. */

/** The button under the progress. */
export const STOP_ACTION = "threadbox_stop";

/** The list under the question which repository. */
export const REPOSITORY_ACTION = "threadbox_repository";
/** The `action_id` of a button that only opens a page. */
export const LINK_ACTION = "threadbox_link";

/** The buttons under a question of the agent: each option, counted from 1 behind this name, and other words. */
export const ANSWER_ACTION = "threadbox_answer";
export const OTHER_ACTION = "threadbox_answer_other";
/** The form behind the latter. */
export const ANSWER_FORM = "threadbox_answer_form";

/** The buttons under an answer, and the form that asks why after a bad word. */
export const FEEDBACK_ACTION = "threadbox_feedback";
export const FEEDBACK_FORM = "threadbox_feedback_reason";

/** In App Home: what somebody's turns begin with where nothing else says so, and what can be done there. */
export const DEFAULT_REPOSITORY_ACTION = "threadbox_default_repository";
export const DEFAULT_AGENT_ACTION = "threadbox_default_agent";
export const DEFAULT_MODEL_ACTION = "threadbox_default_model";
export const HOME_STOP_ACTION = "threadbox_home_stop";
export const CONNECT_ACTION = "threadbox_connect";
export const DISCONNECT_ACTION = "threadbox_disconnect";

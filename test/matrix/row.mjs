// What a row is.

/**
 * @typedef {Record<string, string>} Results "ok", or what went wrong, by the name of a check; see apps/check.ts.
 *
 * @typedef {object} Outcome
 * @property {string} version What was found: of the platform or the tool.
 * @property {Results} results
 *
 * @typedef {object} Setting
 * @property {import("./project.mjs").Project} project Empty, and removed afterwards.
 *
 * @typedef {(setting: Setting) => Promise<Outcome>} Run Throws `Unavailable` if what it needs cannot be had.
 *
 * @typedef {object} Row
 * @property {string} key Selects it on the command line.
 * @property {string} name
 * @property {Run} row
 */

/** What a row needs cannot be had on this machine. */
export class Unavailable extends Error {
  /** @override */
  name = "Unavailable";
}

// The types of a row.

/**
 * @typedef {Record<string, string>} Results "ok" or the failure, by the name of a check; see apps/check.ts.
 *
 * @typedef {object} Outcome
 * @property {string} version The version of the platform or the tool.
 * @property {Results} results
 *
 * @typedef {object} Setting
 * @property {import("./project.mjs").Project} project Empty, and removed afterwards.
 *
 * @typedef {(setting: Setting) => Promise<Outcome>} Run Throws `Unavailable` if something it needs is not available.
 *
 * @typedef {object} Row
 * @property {string} key Selects it on the command line.
 * @property {string} name
 * @property {Run} row
 */

/** Thrown if something a row needs is not available on this machine. */
export class Unavailable extends Error {
  /** @override */
  name = "Unavailable";
}

/** The URL of the rules' pages. */
const PAGES = "https://example.invalid/mysyncio/blob/main/eslint-plugin/docs";

/**
 * Creates a rule, with the parts that all rules share.
 *
 * @param {string} name
 * @param {{ description: string, messages: Record<string, string>, fixable?: "code", hasSuggestions?: true, schema?: object[] }} meta
 * @param {(context: any) => Record<string, (node: any) => void>} create
 */
export function newRule(name, { description, schema = [], ...meta }, create) {
  return {
    meta: {
      type: "problem",
      docs: { description, recommended: true, url: `${PAGES}/${name}.md` },
      schema,
      ...meta,
    },
    create,
  };
}

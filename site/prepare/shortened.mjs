// Pages of the reference without what TypeDoc repeats.

const SIGNATURE = "Call Signature";

/** What an overload has in common with those before it. */
const COMMON = new Set(["Throws", "Example", "See"]);

/**
 * Lists the errors of a function, each of which has a section of its own, and says only once what
 * holds for all overloads.
 *
 * @param {string} page
 */
export function shortened(page) {
  return withoutRepetition(withListsOfErrors(sectionsOf(page)))
    .map(({ text }) => text)
    .join("");
}

/** @typedef {{ level: number, title: string, text: string }} Section */

/** @param {string} page @returns {Section[]} */
function sectionsOf(page) {
  return page.split(/^(?=#{1,6} )/m).map((text) => {
    const [, marks = "", title = ""] = /^(#*) ?(.*)/.exec(text) ?? [];
    return { level: marks.length, title, text };
  });
}

/** @param {Section[]} sections @returns {Section[]} */
function withListsOfErrors(sections) {
  /** @type {Section[]} */
  const all = [];
  for (const { level, title, text } of sections) {
    const previous = all.at(-1);
    if (title !== "Throws") {
      all.push({ level, title, text });
      continue;
    }
    const [, heading = "", error = "", rest = ""] =
      /^(#+ Throws)\n\n(.*?)(\n\n.*|\n*)$/s.exec(text) ?? [];
    const item = `- ${error.replaceAll("\n", " ")}\n${rest.trim() === "" ? "\n" : rest}`;
    const continues = previous?.title === title && previous.level === level;
    if (continues) all.pop();
    const before = continues ? previous.text.trimEnd() : `${heading}\n`;
    all.push({ level, title, text: `${before}\n${item}` });
  }
  return all;
}

/** @param {Section[]} sections @returns {Section[]} */
function withoutRepetition(sections) {
  /** What the overloads of a function have said. @type {Set<string>} */
  const said = new Set();
  let overloads = Infinity;
  return sections.map(({ level, title, text }) => {
    if (title === SIGNATURE) overloads = level;
    else if (level <= overloads) {
      overloads = Infinity;
      said.clear();
    }
    if (overloads === Infinity || !(title === SIGNATURE || COMMON.has(title))) {
      return { level, title, text };
    }
    // The end of a member is a line, and a signature begins with its heading and its code.
    const [, head = "", body = "", end = ""] =
      (title === SIGNATURE
        ? /^(.*?\n```\n)(.*?)(\n\*\*\*\n+)?$/s
        : /^()(.*?)(\n\*\*\*\n+)?$/s
      ).exec(text) ?? [];
    const isNew = !said.has(body.trim());
    said.add(body.trim());
    return { level, title, text: isNew ? text : `${head}\n${end}` };
  });
}

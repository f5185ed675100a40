// Determines which frames are in this package rather than in the program. The name of a folder
// isn't enough: the package may be bundled, renamed or linked, and a program may be called
// "mysyncio" too.

import type { FrameSnapshot } from "../types.ts";

/** The file of the command. */
const COMMAND = "mysyncio.js";

type Location = Pick<FrameSnapshot, "file">;

/**
 * Returns a function that marks the frames in this package.
 *
 * @param classes where the classes of the running loops are defined
 * @param program the path of the program. If the package's folder contains the program too, as in a
 *   bundle without source maps, frames in that folder are not marked
 */
export function libraryMarker(
  classes: readonly Location[],
  program: string,
): (frame: FrameSnapshot) => FrameSnapshot {
  const folders = new Set(classes.flatMap(({ file }) => (file === null ? [] : folderOf(file))));
  const path = pathOf(program);
  const own = [...folders].map(pathOf).filter(
    // The program of a fleet's worker may be the package's own command.
    (folder) => !path.startsWith(folder) || path === `${folder}${COMMAND}`,
  );
  return (frame) =>
    own.some((folder) => frame.file !== null && pathOf(frame.file).startsWith(folder))
      ? { ...frame, isLibrary: true }
      : frame;
}

/**
 * Returns the folder of this library, given the file of the loop's class. The built package is one
 * folder. The sources are in several, and the class is in `loop`.
 */
function folderOf(file: string): string {
  return file.replace(/(?:\bloop\/baseEventLoop\.ts|[^/\\]*)$/, "");
}

function pathOf(file: string): string {
  return file.replace(/^file:\/\//, "");
}

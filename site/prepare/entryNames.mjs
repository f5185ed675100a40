// A plugin of TypeDoc that names each module as programs import it.

import { Converter, ReflectionKind } from "typedoc";
import { entries } from "./reference.mjs";

/** @param {import("typedoc").Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (reflection.kind !== ReflectionKind.Module) return;
    const file = context.getSymbolFromReflection(reflection)?.declarations?.[0]?.getSourceFile();
    const entry = entries().find(({ declarations }) => declarations === file?.fileName);
    if (entry !== undefined) reflection.name = entry.name;
  });
}

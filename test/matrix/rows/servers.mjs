// Platforms that answer requests and have no threads: workerd, and Next with its two runtimes.

import { kill } from "../project.mjs";
import { freePort, resultsOfRequests, untilServed } from "../requests.mjs";

/** @param {number} port */
const configuration = (port) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "worker.js", esModule = embed "dist/worker.js")],
    compatibilityDate = "2026-06-01",
  ))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
`;

const LAYOUT = `export default function Layout({ children }) {
  return <html lang="en"><body>{children}</body></html>;
}
`;
const HOME = `export default function Home() {
  return <p>matrix</p>;
}
`;
/** @param {string} runtime */
const routeOf = (runtime) => `import { answer } from "../../worker";
export const runtime = "${runtime}";
export const dynamic = "force-dynamic";
export const GET = (request) => answer(request);
`;

export const servers = [
  { name: "workerd", key: "workerd", row: workerd },
  { name: "Next, Node runtime", key: "nextnode", row: next("nodejs") },
  { name: "Next, edge runtime", key: "nextedge", row: next("edge") },
];

/** @type {import("../row.mjs").Run} */
async function workerd({ project }) {
  await project.install(["workerd", "esbuild"]);
  project.copy("ts", ["check", "worker"]);
  await project.run("esbuild", [
    ...["worker.ts", "--bundle", "--format=esm", "--target=es2022", "--outdir=dist"],
  ]);
  const port = await freePort();
  project.write("config.capnp", configuration(port));
  const server = project.start("workerd", ["serve", "config.capnp"]);
  try {
    await untilServed(`http://127.0.0.1:${port}/double?n=0`, server);
    const results = await resultsOfRequests(`http://127.0.0.1:${port}`);
    return { version: project.versionOf("workerd"), results };
  } finally {
    kill(server);
  }
}

/**
 * @param {string} runtime
 * @returns {import("../row.mjs").Run}
 */
function next(runtime) {
  return async ({ project }) => {
    await project.install(["next", "react", "react-dom"]);
    project.copy("js", ["check", "worker"]);
    project.write("app/layout.jsx", LAYOUT);
    project.write("app/page.jsx", HOME);
    project.write("app/check/route.js", routeOf(runtime));
    project.write("app/double/route.js", routeOf(runtime));
    const env = { NEXT_TELEMETRY_DISABLED: "1" };
    await project.run("next", ["build"], { env });
    const port = await freePort();
    const args = ["start", "--hostname", "127.0.0.1", "--port", String(port)];
    const server = project.start("next", args, env);
    try {
      await untilServed(`http://127.0.0.1:${port}/`, server);
      const results = await resultsOfRequests(`http://127.0.0.1:${port}`);
      return { version: project.versionOf("next"), results };
    } finally {
      kill(server);
    }
  };
}

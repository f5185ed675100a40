declare module "comlink/dist/esm/node-adapter.mjs" {
  /** Makes a port of Node's one that Comlink can use. */
  export default function nodeEndpoint(port: object): import("comlink").Endpoint;
}

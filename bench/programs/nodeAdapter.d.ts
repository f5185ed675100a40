declare module "comlink/dist/esm/node-adapter.mjs" {
  /** Makes one of Node's ports usable for Comlink. */
  export default function nodeEndpoint(port: object): import("comlink").Endpoint;
}

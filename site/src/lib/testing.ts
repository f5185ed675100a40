// What programs on the site get for `mysyncio/testing`.

export * from "../../../dist/testing.js";

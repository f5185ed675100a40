// Every entry resolves, by the package's name, to declarations that compile on their own.
import type {} from "mysyncio";
import type {} from "mysyncio/at";
import type {} from "mysyncio/browser";
import type {} from "mysyncio/esbuild";
import type {} from "mysyncio/fleet";
import type {} from "mysyncio/inspector";
import type {} from "mysyncio/inspector/element";
import type {} from "mysyncio/inspector/register";
import type {} from "mysyncio/jest";
import type {} from "mysyncio/node";
import type {} from "mysyncio/register";
import type {} from "mysyncio/rollup";
import type {} from "mysyncio/testing";
import type {} from "mysyncio/vite";
import type {} from "mysyncio/webpack";

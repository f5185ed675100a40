// Every entry resolves, by the package's name, to declarations that compile on their own.
import type {} from "mysyncio";
import type {} from "mysyncio/browser";
import type {} from "mysyncio/node";
import type {} from "mysyncio/testing";

import { StreamReader } from "../../src/io/streamReader.ts";
import { StreamWriter } from "../../src/io/streamWriter.ts";
import { bytes, text } from "../io/utf8.ts";
import { type Stage, testCancelPoints } from "../support/cancelPoints.ts";

const SENT = "ab\ncdefgh!ijkl\nmnop";

// The clock stands still while a read waits, so outside events arrive through promises.

/**
 * A reader that receives all of `SENT` piece by piece, and the parts that its users have read, in
 * order.
 */
function source(stage: Stage) {
  const reader = new StreamReader(64);
  const got: string[] = [];
  void (async () => {
    for (let at = 0; at < SENT.length; at += 3) {
      await undefined;
      reader._feedData(bytes(SENT.slice(at, at + 3)));
    }
    await undefined;
    reader._feedEof();
  })();
  stage.release(() => {
    stage.spawn("rest", function* () {
      got.push(text(yield* reader.read()));
    });
  });
  stage.check(() => {
    if (got.join("") !== SENT)
      throw new Error(`${JSON.stringify(SENT)} was read as ${got.join("|")}`);
  });
  return { reader, got };
}

testCancelPoints("streams", {
  "a reader of every kind": (stage) => {
    const { reader, got } = source(stage);
    stage.spawn("reader", function* () {
      got.push(text(yield* reader.readline()));
      got.push(text(yield* reader.readuntil("!")));
      got.push(text(yield* reader.readexactly(3)));
      got.push(text(yield* reader.read(1)));
      got.push(text(yield* reader.read()));
    });
  },

  "successive readers": (stage) => {
    const { reader, got } = source(stage);
    const first = stage.spawn(
      "first",
      function* () {
        got.push(text(yield* reader.readuntil(["gh", "!"])));
      },
      { shared: true, spreads: true },
    );
    stage.spawn(
      "second",
      function* () {
        try {
          yield* first;
        } finally {
          got.push(text(yield* reader.readexactly(4)));
        }
      },
      { spreads: true, swallows: true },
    );
  },

  "writers that wait": (stage) => {
    const sink = {
      writableLength: 100_000,
      writableNeedDrain: true,
      write: () => {},
      end: () => {},
      cork: () => {},
      uncork: () => {},
      destroySoon: () => {},
    };
    const writer = new StreamWriter(sink, {
      _info: () => undefined,
      _abort: () => {},
      _onWait: () => {},
    });
    void (async () => {
      await undefined;
      sink.writableLength = 0;
      writer._onDrain();
      await undefined;
      await undefined;
      writer._onClose(undefined);
    })();
    for (const name of ["a", "b"]) {
      stage.spawn(name, function* () {
        yield* writer.drain();
        yield* writer.waitClosed();
      });
    }
  },
});

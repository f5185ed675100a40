// Checks that docs/asyncio.md is complete and true.
//
// The names of asyncio are listed here: its `__all__` on Unix and Windows, and the methods
// documented in its pages. The compiler looks up the names of mysyncio in the exports of the
// package's entries, including types and excluding internal members.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import ts from "typescript";
import { expect, onTestFinished, test, vi } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FILE = join(ROOT, "docs", "asyncio.md");
const PAGE = readFileSync(FILE, "utf8");
const MAIN = "src/index.ts";
const NODE = "src/node.ts";

/** By module: "" is asyncio itself. `aliases` are deprecated names that `__all__` leaves out. */
const ASYNCIO: Readonly<Record<string, string>> = {
  "": `BaseEventLoop Server iscoroutinefunction iscoroutine AbstractEventLoop AbstractServer Handle TimerHandle
    get_event_loop_policy set_event_loop_policy get_event_loop set_event_loop new_event_loop _set_running_loop
    get_running_loop _get_running_loop BrokenBarrierError CancelledError InvalidStateError TimeoutError
    IncompleteReadError LimitOverrunError SendfileNotAvailableError Future wrap_future isfuture
    future_discard_from_awaited_by future_add_to_awaited_by capture_call_graph format_call_graph print_call_graph
    FrameCallGraphEntry FutureCallGraph Lock Event Condition Semaphore BoundedSemaphore Barrier BaseProtocol Protocol
    DatagramProtocol SubprocessProtocol BufferedProtocol Runner run Queue PriorityQueue LifoQueue QueueFull QueueEmpty
    QueueShutDown StreamReader StreamWriter StreamReaderProtocol open_connection start_server open_unix_connection
    start_unix_server create_subprocess_exec create_subprocess_shell Task create_task FIRST_COMPLETED FIRST_EXCEPTION
    ALL_COMPLETED wait wait_for as_completed sleep gather shield ensure_future run_coroutine_threadsafe current_task
    all_tasks create_eager_task_factory eager_task_factory _register_task _unregister_task _enter_task _leave_task
    TaskGroup to_thread Timeout timeout timeout_at BaseTransport ReadTransport WriteTransport Transport
    DatagramTransport SubprocessTransport SelectorEventLoop ProactorEventLoop IocpProactor EventLoop`,
  aliases: `AbstractEventLoopPolicy DefaultEventLoopPolicy WindowsSelectorEventLoopPolicy
    WindowsProactorEventLoopPolicy`,
  loop: `run_until_complete run_forever stop is_running is_closed close shutdown_asyncgens shutdown_default_executor
    call_soon call_soon_threadsafe call_later call_at time create_future create_task set_task_factory get_task_factory
    create_connection create_datagram_endpoint create_unix_connection create_server create_unix_server
    connect_accepted_socket sendfile start_tls add_reader remove_reader add_writer remove_writer sock_recv
    sock_recv_into sock_recvfrom sock_recvfrom_into sock_sendall sock_sendto sock_connect sock_accept sock_sendfile
    getaddrinfo getnameinfo connect_read_pipe connect_write_pipe add_signal_handler remove_signal_handler
    run_in_executor set_default_executor set_exception_handler get_exception_handler default_exception_handler
    call_exception_handler get_debug set_debug slow_callback_duration subprocess_exec subprocess_shell`,
  Runner: "run close get_loop",
  Task: `done result exception add_done_callback remove_done_callback get_stack print_stack get_coro get_context
    get_name set_name cancel cancelled uncancel cancelling`,
  TaskGroup: "create_task",
  Timeout: "when reschedule expired",
  Future: `result set_result set_exception done cancelled add_done_callback remove_done_callback cancel exception
    get_loop`,
  Handle: "get_context cancel cancelled",
  TimerHandle: "when",
  Lock: "acquire release locked",
  Event: "wait set clear is_set",
  Condition: "acquire notify locked notify_all release wait wait_for",
  Semaphore: "acquire locked release",
  Barrier: "wait reset abort parties n_waiting broken",
  Queue: "maxsize empty full get get_nowait join put put_nowait qsize shutdown task_done",
  IncompleteReadError: "expected partial",
  LimitOverrunError: "consumed",
  StreamReader: "feed_eof read readline readexactly readuntil at_eof",
  StreamWriter: `write writelines close can_write_eof write_eof transport get_extra_info drain start_tls is_closing
    wait_closed`,
  Server: `close close_clients abort_clients get_loop start_serving serve_forever is_serving wait_closed sockets`,
  subprocess: "Process PIPE STDOUT DEVNULL",
  "subprocess.Process":
    "wait communicate send_signal terminate kill stdin stdout stderr pid returncode",
  BaseTransport: "close is_closing get_extra_info set_protocol get_protocol",
  ReadTransport: "is_reading pause_reading resume_reading",
  WriteTransport: `abort can_write_eof get_write_buffer_size get_write_buffer_limits set_write_buffer_limits write
    writelines write_eof`,
  DatagramTransport: "sendto abort",
  SubprocessTransport: "get_pid get_pipe_transport get_returncode kill send_signal terminate close",
  BaseProtocol: "connection_made connection_lost pause_writing resume_writing",
  Protocol: "data_received eof_received",
  BufferedProtocol: "get_buffer buffer_updated eof_received",
  DatagramProtocol: "datagram_received error_received",
  SubprocessProtocol: "pipe_data_received pipe_connection_lost process_exited",
  FutureCallGraph: "future call_stack awaited_by",
  FrameCallGraphEntry: "frame",
  AbstractEventLoopPolicy: "get_event_loop set_event_loop new_event_loop",
};
const TOOLS = ["python -m asyncio", "python -m asyncio ps", "python -m asyncio pstree"];

interface Row {
  readonly asyncio: string[];
  readonly ours: string[];
  readonly note: string;
  /** The entry that the title above the table names. */
  readonly entry: string;
}

/** The names in backticks. */
function quoted(cell: string): string[] {
  return [...cell.matchAll(/`([^`]*)`/g)].map(([, text = ""]) => text);
}

/** The rows of every table whose first column is `asyncio`. */
function* rowsOf(page: string): Generator<Row> {
  for (const section of page.split(/^#+ /m)) {
    const [title = "", ...lines] = section.split("\n");
    const start = lines.findIndex((line) => /^\| asyncio +\| mysyncio +\|/.test(line));
    if (start < 0) continue;
    for (const line of lines.slice(start + 2)) {
      if (!line.startsWith("|")) break;
      const [, asyncio = "", ours = "", note = ""] = line.split("|").map((cell) => cell.trim());
      yield {
        asyncio: quoted(asyncio),
        // `name(arguments)` stands for `name`.
        ours: ours === "—" ? [] : quoted(ours).map((text) => text.replace(/\(.*/, "")),
        note,
        entry: title.includes("`mysyncio/node`") ? NODE : MAIN,
      };
    }
  }
}

const ROWS = [...rowsOf(PAGE)];

/** Whose source files the next program shares, because parsing takes most of the time. */
let last: ts.Program | undefined;

/** A program of several files, in which `mysyncio` is this package's source. */
function compile(...files: string[]): ts.Program {
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, ROOT);
  const paths = { mysyncio: [join(ROOT, MAIN)] };
  last = ts.createProgram(files, { ...options, paths }, undefined, last);
  return last;
}

/**
 * All exports of an entry, and the members of its classes and interfaces, as `name` and
 * `Class.member`.
 */
function exportsOf(program: ts.Program, entry: string): Set<string> {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(join(ROOT, entry));
  const module = source && checker.getSymbolAtLocation(source);
  const names = new Set<string>();
  for (const symbol of module === undefined ? [] : checker.getExportsOfModule(module)) {
    names.add(symbol.name);
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    if (!(target.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface))) continue;
    for (const member of checker.getDeclaredTypeOfSymbol(target).getProperties()) {
      const isInternal =
        member.getName().startsWith("_") ||
        member.getJsDocTags().some(({ name }) => name === "internal");
      if (!isInternal) names.add(`${symbol.name}.${member.name}`);
    }
  }
  return names;
}

test("docs/asyncio.md lists each name of asyncio once, and nothing else", () => {
  const expected = Object.entries(ASYNCIO).flatMap(([holder, names]) =>
    names
      .split(/\s+/)
      .map((name) => (holder === "" || holder === "aliases" ? name : `${holder}.${name}`)),
  );

  expect(ROWS.flatMap(({ asyncio }) => asyncio).sort()).toEqual([...expected, ...TOOLS].sort());
});

test("docs/asyncio.md lists the counterpart of each name, or why it has none", () => {
  const isSilent = ({ ours, note }: Row) =>
    note === "" || (ours.length === 0 && (note === "The same." || note.startsWith("Planned")));

  expect(ROWS.filter(isSilent)).toEqual([]);
});

test("docs/asyncio.md marks exactly the exports and commands that don't exist yet as planned", () => {
  const program = compile(join(ROOT, MAIN), join(ROOT, NODE));
  const exported = new Map([MAIN, NODE].map((entry) => [entry, exportsOf(program, entry)]));
  const commands = readFileSync(join(ROOT, "src/cli/mysyncio.ts"), "utf8");
  const isThere = (name: string, entry: string) => {
    const [, command] = /^npx mysyncio (\w+) /.exec(name) ?? [];
    if (command !== undefined) return commands.includes(`\n  ${command},\n`);
    return exported.get(entry)?.has(name) === true;
  };
  const wrong = ROWS.flatMap(({ ours, note, entry }) =>
    ours.filter((name) => isThere(name, entry) === note.startsWith("Planned")),
  );

  expect(isThere("Future.setResult", MAIN)).toBe(true);
  expect(isThere("Future._succeed", MAIN)).toBe(false);
  expect(wrong).toEqual([]);
});

test("docs/asyncio.md shows a ported program that compiles and prints the given output", async () => {
  const [, program = "", printed] = /```ts\n(.*?)```.*?```text\n(.*?)```/s.exec(PAGE) ?? [];
  mkdirSync(join(ROOT, "build"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, "build", "docs-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "program.ts");
  writeFileSync(file, program);
  const compiled = compile(file);
  const complaints = ts
    .getPreEmitDiagnostics(compiled, compiled.getSourceFile(file))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
  expect(complaints).toEqual([]);

  writeFileSync(file, program.replace('"mysyncio"', JSON.stringify(join(ROOT, MAIN))));
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  onTestFinished(() => log.mockRestore());
  await import(/* @vite-ignore */ pathToFileURL(file).href);
  expect(log.mock.calls.map((line) => `${line.join(" ")}\n`).join("")).toBe(printed);
});

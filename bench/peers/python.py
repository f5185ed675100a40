"""The works of the benchmarks on Python's asyncio: python3 python.py asyncio|uvloop.

Prints a name with versions; then, for each line "work size ...", how many milliseconds that took.
"""

import asyncio
import gc
import platform
import sys
import time

FAR = 100.0


async def give_way(times):
    for _ in range(times):
        await asyncio.sleep(0)


async def switch(tasks, yields):
    await asyncio.gather(*[asyncio.create_task(give_way(yields)) for _ in range(tasks)])


async def spawn(tasks):
    await asyncio.gather(*[asyncio.create_task(give_way(1)) for _ in range(tasks)])


async def future(times):
    loop = asyncio.get_running_loop()
    for _ in range(times):
        pending = loop.create_future()
        loop.call_soon(pending.set_result, 1)
        await pending


async def gather(width, times):
    for _ in range(times):
        await asyncio.gather(*[give_way(1) for _ in range(width)])


async def task_group(width, times):
    for _ in range(times):
        async with asyncio.TaskGroup() as group:
            for _ in range(width):
                group.create_task(give_way(1))


async def queue(producers, consumers, items, size):
    between = asyncio.Queue(size)

    async def produce():
        for item in range(items // producers):
            await between.put(item)

    async def consume():
        for _ in range(items // consumers):
            await between.get()

    await asyncio.gather(*[produce() for _ in range(producers)], *[consume() for _ in range(consumers)])


async def lock(tasks, times):
    shared = asyncio.Lock()

    async def contend():
        for _ in range(times):
            async with shared:
                await asyncio.sleep(0)

    await asyncio.gather(*[contend() for _ in range(tasks)])


async def timeout(times):
    for _ in range(times):
        async with asyncio.timeout(30):
            await asyncio.sleep(0)


async def sleep(tasks, span):
    await asyncio.gather(*[asyncio.sleep(index % span / 1000) for index in range(tasks)])


async def call_soon(chains, times):
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    running = chains

    def make():
        left = times

        def callback():
            nonlocal left, running
            left -= 1
            if left > 0:
                loop.call_soon(callback)
                return
            running -= 1
            if running == 0:
                done.set_result(None)

        return callback

    for _ in range(chains):
        loop.call_soon(make())
    await done


async def cancel(tasks):
    cleaned = 0

    async def wait_for_ever():
        nonlocal cleaned
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            cleaned += 1

    waiting = [asyncio.create_task(wait_for_ever()) for _ in range(tasks)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    for task in waiting:
        try:
            await task
        except asyncio.CancelledError:
            pass
    assert cleaned == tasks


async def timers(count):
    loop = asyncio.get_running_loop()
    pending = [loop.call_later(FAR + index / 1000, print) for index in range(count)]
    for timer in pending:
        timer.cancel()


WORKS = {
    "switch": switch,
    "spawn": spawn,
    "future": future,
    "gather": gather,
    "taskGroup": task_group,
    "queue": queue,
    "lock": lock,
    "timeout": timeout,
    "sleep": sleep,
    "callSoon": call_soon,
    "cancel": cancel,
    "timers": timers,
}


async def timed(work, sizes):
    start = time.perf_counter()
    await work(*sizes)
    return (time.perf_counter() - start) * 1000


name = f"asyncio, Python {platform.python_version()}"
if sys.argv[1] == "uvloop":
    try:
        import uvloop
    except ImportError:
        sys.exit()
    uvloop.install()
    name = f"uvloop {uvloop.__version__}, Python {platform.python_version()}"
print(name, flush=True)
for line in sys.stdin:
    work, *sizes = line.split()
    gc.collect()
    print(asyncio.run(timed(WORKS[work], [int(size) for size in sizes])), flush=True)

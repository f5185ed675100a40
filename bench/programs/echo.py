"""An echo server on asyncio's streams: python3 echo.py asyncio|uvloop. Prints versions and its port."""

import asyncio
import platform
import sys


async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def main(version):
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    print(version, server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if sys.argv[1] == "uvloop":
    try:
        import uvloop
    except ImportError:
        sys.exit()
    uvloop.install()
    asyncio.run(main(f"uvloop {uvloop.__version__}, Python {platform.python_version()}"))
else:
    asyncio.run(main(f"Python {platform.python_version()}"))

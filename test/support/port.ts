// A port for a server that must be told one. What can take port 0 and print what it got needs none of this.
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below those that the system gives to whoever asks for any (Linux: 32768 and up; others: 49152), so that no connection takes it meanwhile. */
const FIRST = 20_000
const COUNT = 12_000
/** Processes of tests begin at places of their own. */
let next = process.pid * 7

/** A port of 127.0.0.1 on which nobody listens. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + (next++ % COUNT)
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(true))
    })
    if (!isFree) continue
    server.close()
    await once(server, 'close')
    return port
  }
}

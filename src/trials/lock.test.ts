import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { linkSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type LockHolder, withMachineLock } from './lock.ts'

const VARIABLE = 'WHYSLOW_LOCK_TOKEN'
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whyslow-lock-test-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const neverWaits = () => {
  throw new Error('it waited')
}
const sockets = () => readdirSync(folder)
/** Pipes of Windows leave no files. */
const withSockets = test.skipIf(process.platform === 'win32')

/** Another process, as far as its socket tells. */
async function other(name: string, hello: string): Promise<{ server: Server; end(): void }> {
  const asking: Socket[] = []
  const server = createServer((socket) => {
    asking.push(socket)
    socket.on('error', () => {}).write(hello)
  }).listen(join(folder, name))
  await once(server, 'listening')
  return {
    server,
    end() {
      for (const socket of asking) socket.destroy()
      server.close()
    },
  }
}

withSockets('a socket stands while fn runs and is gone afterwards, also when fn throws', async () => {
  const value = await withMachineLock(
    async () => {
      expect(sockets()).toEqual([expect.stringMatching(new RegExp(`^${process.pid}-[0-9a-f]+\\.sock$`))])
      return 7
    },
    { folder, onWait: neverWaits },
  )
  expect(value).toBe(7)
  expect(sockets()).toEqual([])
  const broken = withMachineLock(() => Promise.reject(new Error('broken')), { folder, onWait: neverWaits })
  await expect(broken).rejects.toThrow('broken')
  expect(sockets()).toEqual([])
})

test('calls inside run at once, calls beside each other take turns', async () => {
  const options = { folder, onWait: neverWaits }
  expect(await withMachineLock(() => withMachineLock(async () => 'inner', options), options)).toBe('inner')
  const events: string[] = []
  const part = (name: string) =>
    withMachineLock(async () => {
      events.push(`${name} begins`)
      await sleep(5)
      events.push(`${name} ends`)
    }, options)
  await Promise.all([part('a'), part('b')])
  expect(events).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
})

withSockets('waits for another one and says who it is', async () => {
  const someone = { pid: 7, since: 'then', user: 'someone' }
  const holder = await other('7-abc.sock', `${JSON.stringify(someone)}\n`)
  const seen: LockHolder[] = []
  await withMachineLock(async () => expect(holder.server.listening).toBe(false), {
    folder,
    onWait: (one) => {
      seen.push(one)
      holder.end()
    },
  })
  expect(seen).toEqual([someone])
})

withSockets('one that only wants the lock, too, is waited for without a word', async () => {
  const rival = await other('7-abc.sock', '')
  setTimeout(rival.end, 5)
  await withMachineLock(async () => expect(rival.server.listening).toBe(false), { folder, onWait: neverWaits })
})

withSockets('a socket of a process that has ended, and a file that is none, are removed', async () => {
  const dead = await other('7-abc', '')
  linkSync(join(folder, '7-abc'), join(folder, '7-abc.sock'))
  dead.end()
  writeFileSync(join(folder, '8-abc.sock'), '{"pid":')
  expect(sockets()).toEqual(['7-abc.sock', '8-abc.sock'])
  await withMachineLock(async () => undefined, { folder, onWait: neverWaits })
  expect(sockets()).toEqual([])
})

test('of several that come at once one runs at a time', async () => {
  let running = 0
  let most = 0
  const work = async () => {
    most = Math.max(most, ++running)
    await sleep(2)
    running--
  }
  // Modules of their own do not know of each other, as in processes of their own.
  const modules: { withMachineLock: typeof withMachineLock }[] = []
  for (let k = 0; k < 4; k++) {
    vi.resetModules()
    modules.push(await import('./lock.ts'))
  }
  // What one tells its children is not for the others.
  const alone = async () => {
    delete process.env[VARIABLE]
    await work()
  }
  await Promise.all(modules.map((module) => module.withMachineLock(alone, { folder, onWait: () => {} })))
  delete process.env[VARIABLE]
  expect(most).toBe(1)
})

test('where no lock can be made, it runs without and says why', async () => {
  const file = join(folder, 'a-file')
  writeFileSync(file, '')
  const reasons: string[] = []
  const value = await withMachineLock(async () => 3, {
    folder: join(file, 'below-a-file'),
    onWait: neverWaits,
    onUnlocked: (reason) => reasons.push(reason),
  })
  expect(value).toBe(3)
  expect(reasons).toEqual([expect.stringMatching(/below-a-file/)])
})

withSockets('a child process knows by its environment that its parent holds the lock', async () => {
  const parent = await other('parent.sock', '')
  process.env[VARIABLE] = 'parent'
  try {
    await withMachineLock(async () => expect(sockets()).toEqual(['parent.sock']), { folder, onWait: neverWaits })
    parent.end()
    // Not any more: it takes the lock itself.
    await withMachineLock(async () => expect(sockets()).toEqual([`${process.env[VARIABLE]}.sock`]), {
      folder,
      onWait: neverWaits,
    })
    expect(process.env[VARIABLE]).toBe('parent')
  } finally {
    delete process.env[VARIABLE]
  }
})

test('the lock of a process that was killed is free at once', async () => {
  const holding = `import { withMachineLock } from ${JSON.stringify(new URL('../../dist/trials/lock.js', import.meta.url).href)}
withMachineLock(() => (console.log('held'), new Promise((r) => setTimeout(r, 60_000))), { folder: ${JSON.stringify(folder)}, onWait() {} })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', holding], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout!, 'data')
  const waitedFor: number[] = []
  await withMachineLock(async () => expect(sockets().filter((name) => name.startsWith(`${child.pid}-`))).toEqual([]), {
    folder,
    onWait: ({ pid }) => {
      waitedFor.push(pid)
      child.kill('SIGKILL')
    },
  })
  expect(waitedFor).toEqual([child.pid])
})

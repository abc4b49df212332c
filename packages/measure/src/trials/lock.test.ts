import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { UNIX } from '../../../../test/needs.ts'
import { type LockHolder, waitingWords, withMachineLock } from './lock.ts'

const VARIABLE = 'WHYSLOW_LOCK_TOKEN'
const DEAD = '7-0123456789ab.sock'
const BEFORE = '7-0123456789ab'
const PARENT = '9-0123456789ab'
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whyslow-lock-test-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

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

withSockets('a socket stands while fn runs and is gone afterwards, also when fn throws', UNIX, async () => {
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

withSockets('waits for another one and says who it is', UNIX, async () => {
  const holder = await other(DEAD, '{"pid":7,"since":"then","user":"someone"}\n')
  const seen: LockHolder[] = []
  await withMachineLock(async () => expect(holder.server.listening).toBe(false), {
    folder,
    onWait: (one) => {
      seen.push(one)
      holder.end()
    },
  })
  expect(seen).toEqual([{ pid: 7, waitedMs: 0 }])
})

withSockets('one that only wants the lock, too, is waited for without a word', UNIX, async () => {
  const rival = await other(DEAD, '')
  setTimeout(rival.end, 5)
  await withMachineLock(async () => expect(rival.server.listening).toBe(false), { folder, onWait: neverWaits })
})

withSockets('a socket of a process that has ended is removed, and nothing else is', UNIX, async () => {
  const dead = await other(BEFORE, '')
  linkSync(join(folder, BEFORE), join(folder, DEAD))
  dead.end()
  // Neither a file under such a name, nor a link, nor a dead socket of another program.
  const kept = ['8-0123456789ab.sock', '9-0123456789ab.sock', 'agent.sock']
  linkSync(join(folder, DEAD), join(folder, 'agent.sock'))
  writeFileSync(join(folder, kept[0]!), '{"pid":')
  symlinkSync(join(folder, 'agent.sock'), join(folder, kept[1]!))
  await withMachineLock(async () => undefined, { folder, onWait: neverWaits })
  expect(sockets().sort()).toEqual(kept)
})

test('of several that come at once one runs at a time', async () => {
  let running = 0
  let most = 0
  const work = async () => {
    most = Math.max(most, ++running)
    await sleep(2)
    running--
  }
  // Copies of the module do not know of each other, as in processes of their own; no other module is loaded again.
  const modules: { withMachineLock: typeof withMachineLock }[] = []
  for (let k = 0; k < 4; k++) modules.push(await import(/* @vite-ignore */ `./lock.ts?copy=${k}`))
  expect(new Set(modules.map((module) => module.withMachineLock)).size).toBe(4)
  // What one tells its children is not for the others.
  const alone = async () => {
    vi.stubEnv(VARIABLE, undefined)
    await work()
  }
  await Promise.all(modules.map((module) => module.withMachineLock(alone, { folder, onWait: () => {} })))
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

withSockets('a child process knows by its environment that its parent holds the lock', UNIX, async () => {
  const parent = await other(`${PARENT}.sock`, '')
  vi.stubEnv(VARIABLE, PARENT)
  await withMachineLock(async () => expect(sockets()).toEqual([`${PARENT}.sock`]), { folder, onWait: neverWaits })
  parent.end()
  // Not any more: it takes the lock itself.
  await withMachineLock(async () => expect(sockets()).toEqual([`${process.env[VARIABLE]}.sock`]), {
    folder,
    onWait: neverWaits,
  })
  expect(process.env[VARIABLE]).toBe(PARENT)
})

test('the lock of a process that was killed is free at once', async () => {
  const holding = `import { withMachineLock } from ${JSON.stringify(new URL('../../../../dist/measure/trials/lock.js', import.meta.url).href)}
withMachineLock(() => (console.log('held'), new Promise((r) => setTimeout(r, 60_000))), { folder: ${JSON.stringify(folder)}, onWait() {} })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', holding], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout!, 'data')
  const waitedFor: (number | null)[] = []
  await withMachineLock(async () => expect(sockets().filter((name) => name.startsWith(`${child.pid}-`))).toEqual([]), {
    folder,
    onWait: ({ pid }) => {
      waitedFor.push(pid)
      child.kill('SIGKILL')
    },
  })
  expect(waitedFor).toEqual([child.pid])
})

/** Runs under the lock, waits little for the unknown, and says what was said. */
async function takenIn(place: string): Promise<{ value: number; reasons: string[]; seen: LockHolder[] }> {
  const reasons: string[] = []
  const seen: LockHolder[] = []
  const value = await withMachineLock(async () => 3, {
    folder: place,
    onWait: (holder) => seen.push(holder),
    onUnlocked: (reason) => reasons.push(reason),
    waits: { nameMs: 5, remindMs: 60_000, unknownMs: 20 },
  })
  return { value, reasons, seen }
}

withSockets('a folder that is a link is left as it is, and what it leads to', UNIX, async () => {
  const target = join(folder, 'target')
  mkdirSync(target, 0o700)
  const dead = await other(DEAD, '')
  linkSync(join(folder, DEAD), join(target, DEAD))
  dead.end()
  symlinkSync(target, join(folder, 'lock'))
  const { value, reasons } = await takenIn(join(folder, 'lock'))
  expect([value, reasons]).toEqual([3, [expect.stringMatching(/lock is a link: .*ask its owner to remove it/)]])
  expect(statSync(target).mode & 0o7777).toBe(0o700)
  expect(readdirSync(target)).toEqual([DEAD])
})

withSockets('a folder that it makes is open to all, with the sticky bit; one that exists keeps its mode', UNIX, async () => {
  const made = join(folder, 'made')
  expect((await takenIn(made)).reasons).toEqual([])
  expect(statSync(made).mode & 0o7777).toBe(0o1777)
  chmodSync(made, 0o755)
  expect((await takenIn(made)).reasons).toEqual([])
  expect(statSync(made).mode & 0o7777).toBe(0o755)
})

withSockets('a folder of another user who lets everybody remove files is not used', UNIX, async () => {
  const uid = vi.spyOn(process, 'getuid').mockReturnValue(statSync(folder).uid + 1)
  try {
    chmodSync(folder, 0o777)
    expect((await takenIn(folder)).reasons).toEqual([expect.stringMatching(/belongs to another user, who lets everybody/)])
    chmodSync(folder, 0o1777)
    expect((await takenIn(folder)).reasons).toEqual([])
  } finally {
    uid.mockRestore()
  }
})

withSockets.each([
  ['garbage', 'x\n'],
  ['no object', 'null\n'],
  ['escapes as a pid', '{"pid":"\\u001b]0;x"}\n'],
  ['no number of a process', '{"pid":1e300}\n'],
  ['nothing', ''],
  ['bytes without end', 'x'.repeat(1 << 20)],
])('a listener that sends %s is unknown, and waited for only a while', UNIX, async (_, hello) => {
  const stranger = await other(DEAD, hello)
  try {
    const { value, reasons, seen } = await takenIn(folder)
    expect(value).toBe(3)
    expect(seen).toEqual([{ pid: null, waitedMs: 0 }])
    expect(reasons).toEqual([expect.stringMatching(/^a program that does not say who it is has held the lock for/)])
  } finally {
    stranger.end()
  }
})

withSockets('a listener that drops every connection is waited for only a while', UNIX, async () => {
  const server = createServer((socket) => socket.on('error', () => {}).destroy()).listen(join(folder, DEAD))
  await once(server, 'listening')
  try {
    expect((await takenIn(folder)).reasons).toEqual([expect.stringMatching(/does not say who it is/)])
  } finally {
    server.close()
  }
})

withSockets('after a long wait it reminds of the way on', UNIX, async () => {
  const holder = await other(DEAD, '{"pid":7}\n')
  const seen: LockHolder[] = []
  await withMachineLock(async () => undefined, {
    folder,
    waits: { nameMs: 60_000, remindMs: 10, unknownMs: 60_000 },
    onWait: (one) => {
      // A reminder may come before the holder's name.
      if (one.pid !== null) seen.push(one)
      if (seen.length === 3) holder.end()
    },
  })
  expect(seen.map(({ pid }) => pid)).toEqual([7, 7, 7])
  expect(seen.at(-1)!.waitedMs).toBeGreaterThan(0)
  expect(waitingWords({ pid: 7, waitedMs: 1_800_000 })).toBe(
    'waiting for another measurement on this machine (process 7) for 30 min now; --no-lock measures at once',
  )
})

withSockets('the lock is in the folder that WHYSLOW_LOCK names', UNIX, async () => {
  vi.stubEnv('WHYSLOW_LOCK', folder)
  const within = vi.fn(() => expect(sockets()).toEqual([expect.stringMatching(/\.sock$/)]))
  await withMachineLock(async () => within(), { onWait: neverWaits })
  expect(within).toHaveBeenCalled()
})

test('with the lock off it runs at once and says so', async () => {
  vi.stubEnv('WHYSLOW_LOCK', 'off')
  expect(await takenIn(folder)).toEqual({ value: 3, reasons: ['--no-lock was given'], seen: [] })
  expect(sockets()).toEqual([])
})

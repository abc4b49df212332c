import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type LockHolder, withMachineLock } from './lock.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whyslow-lock-test-'))
  file = join(folder, 'measuring.json')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const neverWaits = () => {
  throw new Error('it waited')
}
const plant = (owner: object) => writeFileSync(file, JSON.stringify({ since: 'then', user: 'someone', token: 't', ...owner }))
/** Boot and field 22 of /proc/<pid>/stat. */
const startOf = (pid: number | string) => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${started}`
}
const onLinux = test.runIf(process.platform === 'linux')

test('the file stands while fn runs and is gone afterwards, also when fn throws', async () => {
  const value = await withMachineLock(
    async () => {
      expect(JSON.parse(readFileSync(file, 'utf8')).pid).toBe(process.pid)
      return 7
    },
    { folder, onWait: neverWaits },
  )
  expect(value).toBe(7)
  expect(readdirSync(folder)).toEqual([])
  const broken = withMachineLock(() => Promise.reject(new Error('broken')), { folder, onWait: neverWaits })
  await expect(broken).rejects.toThrow('broken')
  expect(readdirSync(folder)).toEqual([])
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

onLinux('waits for a living owner and says who it is', async () => {
  plant({ pid: process.pid, started: startOf('self'), pidNamespace: readlinkSync('/proc/self/ns/pid') })
  const seen: LockHolder[] = []
  await withMachineLock(async () => undefined, {
    folder,
    onWait: (holder) => {
      seen.push(holder)
      rmSync(file)
    },
  })
  expect(seen).toEqual([{ pid: process.pid, since: 'then', user: 'someone' }])
})

onLinux('a pid that now belongs to another process is a dead owner', async () => {
  plant({ pid: process.pid, started: 'boot:1', pidNamespace: readlinkSync('/proc/self/ns/pid') })
  await withMachineLock(async () => undefined, { folder, onWait: neverWaits })
})

test('an owner in another pid namespace counts as dead only when it has been silent for long', async () => {
  plant({ pid: 1, started: 'boot:1', pidNamespace: 'elsewhere' })
  let waits = 0
  await withMachineLock(async () => undefined, {
    folder,
    onWait: () => {
      waits++
      const longAgo = new Date(Date.now() - 3_600_000)
      utimesSync(file, longAgo, longAgo)
    },
  })
  expect(waits).toBe(1)
})

test('an unreadable file of long ago is replaced, and an old takeover guard with it', async () => {
  const longAgo = new Date(Date.now() - 3_600_000)
  for (const path of [file, `${file}.takeover`]) {
    writeFileSync(path, '{"pid":')
    utimesSync(path, longAgo, longAgo)
  }
  await withMachineLock(async () => undefined, { folder, onWait: neverWaits })
  expect(readdirSync(folder)).toEqual([])
})

test('where no lock can be made, it runs without and says why', async () => {
  writeFileSync(file, '')
  const reasons: string[] = []
  const value = await withMachineLock(async () => 3, {
    folder: join(file, 'below-a-file'),
    onWait: neverWaits,
    onUnlocked: (reason) => reasons.push(reason),
  })
  expect(value).toBe(3)
  expect(reasons).toHaveLength(1)
  expect(reasons[0]).toContain('below-a-file')
})

test('a child process knows by its environment that its parent holds the lock', async () => {
  const variable = 'WHYSLOW_LOCK_TOKEN'
  plant({ pid: process.pid, started: null, pidNamespace: 'elsewhere', token: 'of the parent' })
  process.env[variable] = 'of the parent'
  try {
    await withMachineLock(async () => undefined, { folder, onWait: neverWaits })
    expect(existsSync(file)).toBe(true)
  } finally {
    delete process.env[variable]
  }
  await withMachineLock(async () => expect(process.env[variable]).toBe(JSON.parse(readFileSync(file, 'utf8')).token), {
    folder,
    onWait: () => rmSync(file),
  })
  expect(process.env[variable]).toBeUndefined()
})

onLinux('the lock of a process that was killed is taken over', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  plant({ pid: child.pid, started: startOf(child.pid!), pidNamespace: readlinkSync('/proc/self/ns/pid') })
  const waitedFor: number[] = []
  await withMachineLock(async () => undefined, {
    folder,
    onWait: (holder) => {
      waitedFor.push(holder.pid)
      child.kill('SIGKILL')
    },
  })
  expect(waitedFor).toEqual([child.pid])
})

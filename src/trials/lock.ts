// One measurement at a time on a machine: two that run together measure each other.
// The lock is a file in a folder that every user can write, created exclusively, with its owner in it. An owner that has
// died (its pid is gone, or belongs to a process that started at another time) or has stopped to show life is replaced;
// who replaces it holds a second exclusive file meanwhile, so that two who wait never both take over.
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, readlinkSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Who holds the lock. */
export interface LockHolder {
  readonly pid: number
  /** ISO time at which it took the lock. */
  readonly since: string
  readonly user: string
}

export interface LockOptions {
  /** Called when waiting begins, and again when another one holds the lock. */
  readonly onWait: (holder: LockHolder) => void
  /** Called with the reason where no lock can be made; the measurement goes on without. */
  readonly onUnlocked?: (reason: string) => void
  /** The lock's folder; by default one that all users of the machine share. */
  readonly folder?: string
}

interface Owner extends LockHolder {
  readonly token: string
  /** Start of the process in clock ticks after boot, with the boot's id; null where the system does not tell. */
  readonly started: string | null
  /** Pids mean something in this namespace only. */
  readonly pidNamespace: string | null
}

const pollMs = 200
const heartbeatMs = 10_000
/** An owner whose process cannot be looked at is taken for dead after this time without a heartbeat. */
const silentMs = 120_000
/** A file without a readable owner is being written, or was left half written. */
const unreadableMs = 5_000
/** Tells child processes of the holder that it measures through them. */
const inheritedVariable = 'WHYSLOW_LOCK_TOKEN'
// Not SIGHUP: listening to it would undo nohup. A process that it ends is found dead by its pid.
const signals = ['SIGINT', 'SIGTERM'] as const

const nested = new AsyncLocalStorage<true>()
/** Ends when every earlier call in this process has ended. */
let queue: Promise<unknown> = Promise.resolve()

/**
 * Runs `fn` while no other process of the machine runs one, waiting for its turn. Calls inside `fn` and in child processes
 * that the holder starts run at once; calls beside each other in one process take turns. Released when `fn` ends, and when
 * the process exits or is ended by a signal.
 */
export async function withMachineLock<T>(fn: () => Promise<T>, options: LockOptions): Promise<T> {
  if (nested.getStore()) return fn()
  const mine = queue.then(() => locked(fn, options))
  queue = mine.catch(() => undefined)
  return mine
}

async function locked<T>(fn: () => Promise<T>, options: LockOptions): Promise<T> {
  const run = () => nested.run(true, fn)
  const folder = prepareFolder(options.folder ?? sharedFolder())
  if (folder.reason !== null) {
    options.onUnlocked?.(folder.reason)
    return run()
  }
  const file = join(folder.path, 'measuring.json')
  if (heldByAncestor(file)) return run()
  const owner = describeThisProcess()
  const reason = await acquire(file, owner, options.onWait)
  if (reason !== null) {
    options.onUnlocked?.(reason)
    return run()
  }
  const release = holdUntilReleased(file, owner)
  try {
    return await run()
  } finally {
    release()
  }
}

/** Not os.tmpdir() where /tmp is there: TMPDIR differs between users and shells, and the lock must not. */
function sharedFolder(): string {
  const parent = process.platform === 'win32' ? (process.env.ProgramData ?? tmpdir()) : isFolder('/tmp') ? '/tmp' : tmpdir()
  return join(parent, 'whyslow-lock')
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** A folder of its own, without /tmp's sticky bit, lets one user remove what another's dead process left. */
function prepareFolder(path: string): { path: string; reason: string | null } {
  try {
    mkdirSync(path, { recursive: true })
  } catch (error) {
    return { path, reason: `cannot make ${path}: ${message(error)}` }
  }
  try {
    chmodSync(path, 0o777)
  } catch {
    // Another user made it, and has opened it to all.
  }
  return { path, reason: null }
}

/** Waits until the file is ours. Returns a reason where it can never be made. */
async function acquire(file: string, owner: Owner, onWait: (holder: LockHolder) => void): Promise<string | null> {
  let toldAbout: string | null = null
  for (;;) {
    const code = createExclusively(file, JSON.stringify(owner))
    if (code === null) return null
    // Windows answers EPERM or EBUSY while a file of that name is being removed.
    if (code !== 'EEXIST' && !(process.platform === 'win32' && ['EPERM', 'EBUSY'].includes(code))) {
      return `cannot make ${file}: ${code}`
    }
    const holder = readOwner(file)
    if (isDead(file, holder)) {
      const failure = removeDead(file)
      if (failure !== null) return failure
      continue
    }
    if (holder && holder.token !== toldAbout) {
      toldAbout = holder.token
      onWait({ pid: holder.pid, since: holder.since, user: holder.user })
    }
    await sleep(pollMs)
  }
}

/** null: made; else the error's code. */
function createExclusively(file: string, text: string): string | null {
  try {
    writeFileSync(file, text, { flag: 'wx', mode: 0o666 })
    return null
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? message(error)
  }
}

function readOwner(file: string): Owner | null {
  try {
    const owner = JSON.parse(readFileSync(file, 'utf8')) as Owner
    return typeof owner.token === 'string' && Number.isInteger(owner.pid) ? owner : null
  } catch {
    return null
  }
}

function isDead(file: string, owner: Owner | null): boolean {
  const touched = statSync(file, { throwIfNoEntry: false })?.mtimeMs
  if (touched === undefined) return false
  const silentForMs = Date.now() - touched
  if (owner === null) return silentForMs > unreadableMs
  if (owner.pidNamespace !== pidNamespace()) return silentForMs > silentMs
  if (owner.started !== null) return processStart(owner.pid) !== owner.started
  return !isAlive(owner.pid) || silentForMs > silentMs
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Removes a dead owner's file, once: who holds the guard looks again before it removes. */
function removeDead(file: string): string | null {
  const guard = `${file}.takeover`
  const code = createExclusively(guard, String(process.pid))
  if (code === 'EEXIST') {
    const touched = statSync(guard, { throwIfNoEntry: false })?.mtimeMs
    // The guard is held for less than a millisecond; an old one was left by a process that died in between.
    if (touched !== undefined && Date.now() - touched > unreadableMs) removeQuietly(guard)
    return null
  }
  if (code !== null) return `cannot make ${guard}: ${code}`
  try {
    if (isDead(file, readOwner(file))) unlinkSync(file)
    return null
  } catch (error) {
    const failed = (error as NodeJS.ErrnoException).code
    return failed === 'ENOENT' ? null : `a dead process left ${file}, and it cannot be removed: ${message(error)}`
  } finally {
    removeQuietly(guard)
  }
}

function removeQuietly(file: string): void {
  try {
    unlinkSync(file)
  } catch {
    // Gone already.
  }
}

/** Keeps signs of life in the file, and gives it back on return, exit and signals. */
function holdUntilReleased(file: string, owner: Owner): () => void {
  const inherited = process.env[inheritedVariable]
  process.env[inheritedVariable] = owner.token
  const heartbeat = setInterval(() => {
    try {
      utimesSync(file, new Date(), new Date())
    } catch {
      // Lost to a cleaner of temporary files; the measurement goes on.
    }
  }, heartbeatMs)
  heartbeat.unref()
  const give = () => {
    if (readOwner(file)?.token === owner.token) removeQuietly(file)
  }
  const onSignal = (signal: NodeJS.Signals) => {
    // Another listener decides what the signal means, and ends the process itself: that exit gives the lock back.
    if (process.listenerCount(signal) > 1) return
    release()
    process.kill(process.pid, signal)
  }
  const release = () => {
    clearInterval(heartbeat)
    process.off('exit', give)
    for (const signal of signals) process.off(signal, onSignal)
    if (inherited === undefined) delete process.env[inheritedVariable]
    else process.env[inheritedVariable] = inherited
    give()
  }
  process.on('exit', give)
  for (const signal of signals) process.on(signal, onSignal)
  return release
}

function heldByAncestor(file: string): boolean {
  const token = process.env[inheritedVariable]
  return token !== undefined && readOwner(file)?.token === token
}

function describeThisProcess(): Owner {
  return {
    pid: process.pid,
    since: new Date().toISOString(),
    user: userName(),
    token: randomUUID(),
    started: processStart(process.pid),
    pidNamespace: pidNamespace(),
  }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return 'unknown user'
  }
}

/** Field 22 of /proc/<pid>/stat (proc(5)) and the boot's id; the name in field 2 may hold spaces and brackets. */
function processStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // Counting goes on at field 3, the state. Z and X are dead, though still listed.
    if (fields[0] === 'Z' || fields[0] === 'X') return null
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${fields[19]}`
  } catch {
    return null
  }
}

function pidNamespace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return null
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

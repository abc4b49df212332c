// One measurement at a time on a machine: two that run together measure each other.
// Who measures listens on a socket, which the system closes when the process ends, however it ends. Sockets of all who want to measure
// stand in a folder that every user can write, each under a name of its own, so that none is ever taken over: who wants to measure looks
// for others, shows its own, and looks again. Of two that come at once, the later one to show its own sees the other, and withdraws.
// Containers that share the folder share the lock, since a socket with a path belongs to no network namespace. On Windows the name
// of a pipe is taken once only: https://learn.microsoft.com/windows/win32/ipc/named-pipes
// Every user can write there, so nothing there is trusted: a link is not followed, no mode is changed but of a folder that this call made,
// only dead sockets with a name of this file's making are removed, and of what a listener sends a number is read and no more.
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  statSync,
  unlinkSync,
} from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, isAbsolute, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The holder of the lock, as far as it says who it is. */
export interface LockHolder {
  /** null: a program that does not say who it is. */
  readonly pid: number | null
  /** How long this process has waited for it, ms: 0 when waiting begins. */
  readonly waitedMs: number
}

export interface LockOptions {
  /** Called when waiting begins, when another one holds the lock, and again after a long wait. */
  readonly onWait: (holder: LockHolder) => void
  /** Called with the reason if the measurement goes on without the lock. */
  readonly onUnlocked?: (reason: string) => void
  /** The lock's folder; by default the one that the environment names, or one that all users of the machine share. */
  readonly folder?: string
  readonly waits?: LockWaits
}

/** How long waiting may take, ms. */
export interface LockWaits {
  /** A holder says who it is within this time. */
  readonly nameMs: number
  /** Whoever waits is reminded of --no-lock this often. */
  readonly remindMs: number
  /** A holder that does not say who it is is waited for no longer. */
  readonly unknownMs: number
}

const MINUTE = 60_000
const WAITS: LockWaits = { nameMs: 2000, remindMs: 30 * MINUTE, unknownMs: 5 * MINUTE }

/**
 * `off`: nothing waits for the lock or takes it, as with --no-lock. An absolute path: the lock is in that folder, and holds among the runs that
 * name it. Child processes inherit it.
 */
const LOCK_VARIABLE = 'WHYSLOW_LOCK'

/** What a user reads while waiting. */
export function waitingWords({ pid, waitedMs }: LockHolder): string {
  const who = pid === null ? 'a program that does not say who it is' : `process ${pid}`
  const since = waitedMs === 0 ? '' : ` for ${Math.round(waitedMs / MINUTE)} min now`
  return `waiting for another measurement on this machine (${who})${since}; --no-lock measures at once`
}

/** A socket that others see. */
interface Claim {
  readonly token: string
  readonly address: string
  /** Tells those who wait, now and from now on, who this is. */
  hold(): void
  withdraw(): void
}

const isWindows = process.platform === 'win32'
const ending = '.sock'
/** Names that `show` gives. */
const OWN_NAME = /^\d+-[0-9a-f]{12}\.sock$/
/** A holder's words are some 20 bytes; one that sends more than this is none of ours. */
const MOST_WORDS = 4096
const MOST_PID = 2 ** 32
/** What connecting says when a socket ends meanwhile. */
const gone: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ECONNRESET', 'EPIPE'])
/** Those who waited for the same end try again one after the other. */
const jitterMs = 20
/** Tells child processes of the holder that it measures through them. */
const inheritedVariable = 'WHYSLOW_LOCK_TOKEN'

const nested = new AsyncLocalStorage<true>()
/** Ends when every earlier call in this process has ended. */
let queue: Promise<unknown> = Promise.resolve()

/**
 * Runs `fn` while no other process of the machine runs one, waiting for its turn. Calls inside `fn` and in child processes
 * that the holder starts run at once; parallel calls in one process take turns. Released when `fn` ends, and when
 * the process ends in whatever way.
 */
export async function withMachineLock<T>(fn: () => Promise<T>, options: LockOptions): Promise<T> {
  if (nested.getStore()) return fn()
  const mine = queue.then(() => locked(fn, options))
  queue = mine.catch(() => undefined)
  return mine
}

async function locked<T>(fn: () => Promise<T>, options: LockOptions): Promise<T> {
  const release = await take(options)
  try {
    return await nested.run(true, fn)
  } finally {
    release()
  }
}

/** Waits for the lock; what is returned gives it back. */
async function take({ onWait, onUnlocked, folder = lockFolder(), waits = WAITS }: LockOptions): Promise<() => void> {
  if (process.env[LOCK_VARIABLE] === 'off') {
    onUnlocked?.('--no-lock was given')
    return () => {}
  }
  const inherited = process.env[inheritedVariable]
  try {
    prepare(folder)
    if (inherited !== undefined && (await isHeldBy(inherited, folder))) return () => {}
    const claim = await acquire(folder, { onWait, waits })
    process.env[inheritedVariable] = claim.token
    return () => {
      if (inherited === undefined) delete process.env[inheritedVariable]
      else process.env[inheritedVariable] = inherited
      claim.withdraw()
    }
  } catch (error) {
    const { message, syscall } = error as NodeJS.ErrnoException
    if (syscall === undefined && !(error instanceof NoLock)) throw error
    onUnlocked?.(error instanceof NoLock ? message : `no lock can be made in ${folder}: ${message}`)
    return () => {}
  }
}

/** Why the measurement goes on without the lock. */
class NoLock extends Error {}

type Waiting = Pick<Required<LockOptions>, 'onWait' | 'waits'>

async function acquire(folder: string, { onWait, waits }: Waiting): Promise<Claim> {
  // Listeners that never say who they are get this long together, whether they hold a connection or drop each one.
  let unknown = new Unknown(waits)
  for (;;) {
    const [other, ...more] = await living(folder)
    for (const socket of more) socket.destroy()
    if (other !== undefined && (await ended(other, { onWait, waits, unknown }))) unknown = new Unknown(waits)
    if (other === undefined) {
      const claim = await show(folder)
      if (claim !== null && (await isAlone(claim, folder))) return claim
    }
    unknown.check(onWait)
    await sleep(Math.random() * jitterMs)
  }
}

/** The time that this process has waited for listeners that did not say who they are. */
class Unknown {
  private readonly begun = performance.now()
  private told = false
  private readonly waits: LockWaits

  constructor(waits: LockWaits) {
    this.waits = waits
  }

  /** Says so once it is long. Throws NoLock when it is too long. */
  check(onWait: LockOptions['onWait']): void {
    const waitedMs = performance.now() - this.begun
    if (waitedMs < this.waits.nameMs) return
    if (!this.told) onWait({ pid: null, waitedMs: 0 })
    this.told = true
    if (waitedMs < this.waits.unknownMs) return
    const minutes = Math.round(this.waits.unknownMs / MINUTE)
    throw new NoLock(`a program that does not say who it is has held the lock for ${minutes} min`)
  }
}

/** Holds the lock from then on; else the claim is withdrawn. */
async function isAlone(claim: Claim, folder: string): Promise<boolean> {
  const rivals = await living(folder, claim.address).catch((error: unknown) => {
    claim.withdraw()
    throw error
  })
  for (const socket of rivals) socket.destroy()
  if (rivals.length > 0) claim.withdraw()
  else claim.hold()
  return rivals.length === 0
}

/** Listens under a new name; null if that is taken. */
async function show(folder: string): Promise<Claim | null> {
  const token = `${process.pid}-${randomBytes(6).toString('hex')}`
  const address = addressOf(token, folder)
  const waiting = new Set<Socket>()
  let told = ''
  const server = createServer((socket) => {
    waiting.add(socket.unref())
    socket.on('error', () => {}).on('close', () => waiting.delete(socket))
    socket.write(told)
  }).unref()
  // Under another name at first: before it listens, a socket looks like one whose process has died.
  const path = isWindows ? address : `${address}.new`
  const failure = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    server.once('error', resolve).listen({ path, exclusive: true, readableAll: true, writableAll: true }, () => resolve(null))
  })
  if (failure?.code === 'EADDRINUSE') return null
  if (failure !== null) throw failure
  if (!isWindows) renameSync(path, address)
  const remove = () => removeQuietly(address)
  process.on('exit', remove)
  return {
    token,
    address,
    hold() {
      told = `${JSON.stringify({ pid: process.pid })}\n`
      for (const socket of waiting) socket.write(told)
    },
    withdraw() {
      process.off('exit', remove)
      remove()
      server.close()
      for (const socket of waiting) socket.destroy()
    },
  }
}

/** Connections to those that listen, `own` left out. */
async function living(folder: string, own?: string): Promise<Socket[]> {
  const addresses = isWindows
    ? [addressOf('', folder)]
    : readdirSync(folder).flatMap((name) => (OWN_NAME.test(name) && isSocket(join(folder, name)) ? join(folder, name) : []))
  const sockets = await Promise.all(addresses.map((address) => (address === own ? null : connected(address))))
  return sockets.filter((socket) => socket !== null)
}

const isSocket = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false

/** null if nobody listens: a process that has ended left the socket, which is removed. */
function connected(address: string): Promise<Socket | null> {
  return new Promise((resolve, reject) => {
    const socket = connect(address, () => resolve(socket))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') removeQuietly(address)
      else if (!gone.has(error.code)) reject(error)
      resolve(null)
    })
  })
}

/** A pipe of Windows goes with its process. */
function removeQuietly(address: string): void {
  try {
    if (!isWindows) unlinkSync(address)
  } catch {
    // Gone already, or another user's in a folder that does not let us: it is in nobody's way.
  }
}

/**
 * Waits for the end of who listens there, and tells who it is once that holds the lock: true if it said so. Rejects with NoLock if it
 * did not for long enough.
 */
function ended(other: Socket, { onWait, waits, unknown }: Waiting & { readonly unknown: Unknown }): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const begun = performance.now()
    let said = Buffer.alloc(0)
    let pid: number | null = null
    const orReject = (work: () => void) => {
      try {
        work()
      } catch (error) {
        reject(error)
        other.destroy()
      }
    }
    const looking = setInterval(orReject, waits.nameMs, () => pid ?? unknown.check(onWait))
    const reminding = setInterval(orReject, waits.remindMs, () => onWait({ pid, waitedMs: performance.now() - begun }))
    const read = (bytes: Buffer) => {
      said = Buffer.concat([said, bytes.subarray(0, MOST_WORDS)])
      // No holder sends more: nobody reads on, and the limit for the unknown ends the wait.
      if (said.length >= MOST_WORDS) other.pause()
      const end = said.indexOf('\n')
      if (pid !== null || end < 0) return
      pid = pidIn(said.subarray(0, end))
      if (pid !== null) onWait({ pid, waitedMs: 0 })
    }
    other.on('data', (bytes: Buffer) => orReject(() => read(bytes)))
    other.once('close', () => {
      clearInterval(looking)
      clearInterval(reminding)
      resolve(pid !== null)
    })
    if (other.destroyed) other.emit('close')
  })
}

/** null if the line is not what a holder sends. */
function pidIn(line: Buffer): number | null {
  try {
    const { pid } = JSON.parse(line.toString('utf8')) as { pid?: unknown }
    return typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0 && pid < MOST_PID ? pid : null
  } catch {
    return null
  }
}

/** Whether the lock is held. On Windows the pipe has one name for all, so that a child of one that held the lock is taken for the holder's. */
async function isHeldBy(token: string, folder: string): Promise<boolean> {
  const socket = await connected(addressOf(token, folder))
  socket?.destroy()
  return socket !== null
}

const addressOf = (token: string, folder: string): string =>
  isWindows ? `\\\\.\\pipe\\${basename(folder)}` : join(folder, token + ending)

/** The folder that the environment names, or the one that all users share. */
function lockFolder(): string {
  const named = process.env[LOCK_VARIABLE]
  return named !== undefined && isAbsolute(named) ? named : sharedFolder()
}

/** Not os.tmpdir() where /tmp is there: TMPDIR differs between users and shells, and the lock must not. */
function sharedFolder(): string {
  const isThere = statSync('/tmp', { throwIfNoEntry: false })?.isDirectory() ?? false
  return join(isThere ? '/tmp' : tmpdir(), 'whyslow-lock')
}

/**
 * Makes the folder, with the sticky bit of /tmp: nobody removes the socket of another user who still listens. One that exists is used
 * unchanged. Throws NoLock if it leads elsewhere, or if its owner lets everybody remove everything.
 */
function prepare(folder: string): void {
  if (isWindows) return
  if (isMade(folder)) {
    openToAll(folder)
    return
  }
  const state = lstatSync(folder)
  const next = 'no lock is made there; ask its owner to remove it'
  if (state.isSymbolicLink()) throw new NoLock(`${folder} is a link: ${next}`)
  if (!state.isDirectory()) throw new NoLock(`${folder} is not a folder: ${next}`)
  if (state.uid !== process.getuid!() && (state.mode & 0o1000) === 0)
    throw new NoLock(`${folder} belongs to another user, who lets everybody remove files in it: ${next}`)
}

/** Whether this call made it. */
function isMade(folder: string): boolean {
  try {
    mkdirSync(folder, 0o1777)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** What mkdir makes lacks the bits of the umask. */
function openToAll(folder: string): void {
  const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  try {
    fchmodSync(descriptor, 0o1777)
  } finally {
    closeSync(descriptor)
  }
}

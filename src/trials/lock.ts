// One measurement at a time on a machine: two that run together measure each other.
// Who measures listens on a socket, which the system closes when the process ends, however it ends. Sockets of all who want to measure
// stand in a folder that every user can write, each under a name of its own, so that none is ever taken over: who wants to measure looks
// for others, shows its own, and looks again. Of two that come at once, the later one to show its own sees the other, and withdraws.
// Where containers share the folder they share the lock, since a socket with a path belongs to no network namespace. On Windows the name
// of a pipe is taken once only: https://learn.microsoft.com/windows/win32/ipc/named-pipes
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, renameSync, statSync, unlinkSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { basename, join } from 'node:path'
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
/** What connecting says where nobody listens, and where it ends meanwhile. */
const noSocket: ReadonlySet<string | undefined> = new Set(['ECONNREFUSED', 'ENOTSOCK'])
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
 * that the holder starts run at once; calls beside each other in one process take turns. Released when `fn` ends, and when
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
async function take({ onWait, onUnlocked, folder = sharedFolder() }: LockOptions): Promise<() => void> {
  const inherited = process.env[inheritedVariable]
  try {
    prepare(folder)
    if (inherited !== undefined && (await isHeldBy(inherited, folder))) return () => {}
    const claim = await acquire(folder, onWait)
    process.env[inheritedVariable] = claim.token
    return () => {
      if (inherited === undefined) delete process.env[inheritedVariable]
      else process.env[inheritedVariable] = inherited
      claim.withdraw()
    }
  } catch (error) {
    const { message, syscall } = error as NodeJS.ErrnoException
    if (syscall === undefined) throw error
    onUnlocked?.(`no lock can be made in ${folder}: ${message}`)
    return () => {}
  }
}

async function acquire(folder: string, onWait: LockOptions['onWait']): Promise<Claim> {
  for (;;) {
    const [other, ...more] = await living(folder)
    for (const socket of more) socket.destroy()
    if (other !== undefined) await ended(other, onWait)
    else {
      const claim = await show(folder)
      if (claim !== null && (await isAlone(claim, folder))) return claim
    }
    await sleep(Math.random() * jitterMs)
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

/** Listens under a new name; null where that is taken. */
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
      const holder: LockHolder = { pid: process.pid, since: new Date().toISOString(), user: userName() }
      told = `${JSON.stringify(holder)}\n`
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
    : readdirSync(folder).flatMap((name) => (name.endsWith(ending) ? join(folder, name) : []))
  const sockets = await Promise.all(addresses.map((address) => (address === own ? null : connected(address))))
  return sockets.filter((socket) => socket !== null)
}

/** null where nobody listens; what stands there was left by a process that has ended, and is removed. */
function connected(address: string): Promise<Socket | null> {
  return new Promise((resolve, reject) => {
    const socket = connect(address, () => resolve(socket))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (noSocket.has(error.code)) removeQuietly(address)
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

/** Waits for the end of who listens there, and tells who it is once that holds the lock. */
function ended(other: Socket, onWait: LockOptions['onWait']): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    other.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (!said.endsWith('\n')) return
      try {
        onWait(JSON.parse(said) as LockHolder)
      } catch (error) {
        other.destroy()
        reject(error)
      }
    })
    other.once('close', () => resolve())
    if (other.destroyed) resolve()
  })
}

/** On Windows the pipe has one name for all, so that a child of one that held the lock is taken for the holder's. */
async function isHeldBy(token: string, folder: string): Promise<boolean> {
  const socket = await connected(addressOf(token, folder))
  socket?.destroy()
  return socket !== null
}

const addressOf = (token: string, folder: string): string =>
  isWindows ? `\\\\.\\pipe\\${basename(folder)}` : join(folder, token + ending)

/** Not os.tmpdir() where /tmp is there: TMPDIR differs between users and shells, and the lock must not. */
function sharedFolder(): string {
  const isThere = statSync('/tmp', { throwIfNoEntry: false })?.isDirectory() ?? false
  return join(isThere ? '/tmp' : tmpdir(), 'whyslow-lock')
}

/** A folder of its own, without /tmp's sticky bit, lets one user remove what another's dead process left. */
function prepare(folder: string): void {
  if (isWindows) return
  mkdirSync(folder, { recursive: true })
  try {
    chmodSync(folder, 0o777)
  } catch {
    // Another user made it, and has opened it to all.
  }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return 'unknown user'
  }
}

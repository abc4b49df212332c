// Servers that a fleet needs, each with its data in the folder of the test file; they end with its tests.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openPostgres } from '@whyslow/fleet/store/postgres-store.ts'
import { afterAll } from 'vitest'
import { freePort } from './port.ts'

const POSTGRES = '/usr/lib/postgresql'

/** Where PostgreSQL is, or the reason why it is not. */
export type Store = { readonly url: string } | { readonly reason: string }

export const ended = (child: ChildProcess): Promise<unknown> =>
  new Promise((done) => (child.exitCode === null && child.signalCode === null ? child.once('exit', done) : done(null)))

export function fleetServers() {
  const folder = mkdtempSync(join(tmpdir(), 'whyslow-fleet-'))
  const children = new Set<ChildProcess>()
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })

  function started(command: string, words: readonly string[], options: { uid?: number; gid?: number } = {}): ChildProcess {
    const child = spawn(command, words, { stdio: 'ignore', cwd: folder, ...options })
    children.add(child)
    child.once('exit', () => children.delete(child))
    return child
  }

  async function postgres(): Promise<Store> {
    const versions = existsSync(POSTGRES) ? readdirSync(POSTGRES) : []
    const bin = versions.map((version) => join(POSTGRES, version, 'bin')).find((one) => existsSync(join(one, 'initdb')))
    if (bin === undefined) return { reason: 'no PostgreSQL is installed' }
    // It does not run as root.
    const user = process.getuid?.() === 0 ? Number(spawnSync('id', ['-u', 'postgres'], { encoding: 'utf8' }).stdout) : undefined
    const as =
      user === undefined ? {} : { uid: user, gid: Number(spawnSync('id', ['-g', 'postgres'], { encoding: 'utf8' }).stdout) }
    const data = join(folder, 'postgres')
    mkdirSync(data)
    chmodSync(folder, 0o777)
    if (user !== undefined) spawnSync('chown', ['postgres', data])
    const made = spawnSync(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'], {
      ...as,
      encoding: 'utf8',
      cwd: data,
    })
    if (made.status !== 0) return { reason: `initdb: ${made.stderr}` }
    const port = await freePort()
    started(join(bin, 'postgres'), ['-D', data, '-p', String(port), '-k', data, '-h', '127.0.0.1'], as)
    const url = `postgres://postgres@127.0.0.1:${port}/postgres`
    for (let look = 0; look < 100; look++) {
      const store = await openPostgres(url).catch(() => undefined)
      await store?.close()
      if (store !== undefined) return { url }
      await sleep(100)
    }
    return { reason: 'PostgreSQL did not start within 10 s' }
  }

  return { folder, started, postgres }
}

// How the facts of this folder reach the operating system: texts of files, existence of files, and macOS's sysctl.
// Everything that interprets them takes this as an argument, so that it runs on recorded texts too.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** Read access to the operating system. Nothing here throws: what cannot be read is null, false or empty. */
export interface System {
  readonly platform: string
  /** A file's text without white space at its ends. */
  readText(path: string): string | null
  exists(path: string): boolean
  /** The names in a folder. */
  list(path: string): readonly string[]
  /** One value of `sysctl -n` (macOS, FreeBSD). */
  sysctl(name: string): string | null
}

/** How long one call of sysctl may take, ms. It takes about 5. */
const sysctlLimitMs = 2000

export const thisSystem: System = {
  platform: process.platform,
  readText(path) {
    try {
      return readFileSync(path, 'utf8').trim()
    } catch {
      return null
    }
  },
  exists(path) {
    try {
      return existsSync(path)
    } catch {
      return false
    }
  },
  list(path) {
    try {
      return readdirSync(path)
    } catch {
      return []
    }
  },
  sysctl(name) {
    if (process.platform !== 'darwin' && process.platform !== 'freebsd') return null
    try {
      return execFileSync('sysctl', ['-n', name], {
        encoding: 'utf8',
        timeout: sysctlLimitMs,
        stdio: ['ignore', 'pipe', 'ignore'],
        windowsHide: true,
      }).trim()
    } catch {
      return null
    }
  },
}

// Whose files whyslow runs without being asked to: packages and interpreters that it finds by itself. The rule is that of git's
// safe.directory (https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory): the user's own files, for root also those of
// the user who called sudo. Root's own files count for everybody: who can write them can change Node itself.
import fs from 'node:fs'
import path from 'node:path'
import { homeFolder } from './folders.ts'

/** What the rule reads of the world. */
export interface Owners {
  /** Whose files count as the user's own; null: the system does not tell owners (Windows). */
  readonly users: readonly number[] | null
  readonly home: string
  /** null: there is no such file. */
  readonly ownerOf: (file: string) => number | null
  /** Whether git brought the file with its repository. */
  readonly isCheckedIn: (file: string) => boolean
}

export const owners = (): Owners => ({ users: ownUsers(), home: homeFolder(), ownerOf, isCheckedIn })

function ownUsers(): readonly number[] | null {
  const uid = process.getuid?.()
  if (uid === undefined) return null
  const caller = Number(process.env.SUDO_UID || Number.NaN)
  return uid === 0 && Number.isInteger(caller) ? [uid, caller] : [uid, 0]
}

const ownerOf = (file: string): number | null => {
  try {
    return fs.statSync(file).uid
  } catch {
    return null
  }
}

/** Why code in `folder` is not run, of which `files` must be the user's own; null: it may be. */
export function whyNotOwn(folder: string, files: readonly string[], { users, ownerOf, isCheckedIn }: Owners): string | null {
  const foreign = users && files.find((file) => !users.includes(ownerOf(file) ?? Number.NaN))
  if (foreign) return `${foreign} belongs to another user`
  // Whoever clones a repository owns its files, and did not make them.
  return isCheckedIn(folder) ? 'it came with the git repository' : null
}

/** The folder and those above it: up to the user's home, or to the first of another owner, which is left out. */
export function* ownFoldersFrom(folder: string, { users, home, ownerOf }: Owners): Generator<string> {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const owner = ownerOf(at)
    if (users !== null && owner !== null && !users.includes(owner)) return
    yield at
    if (at === home || at === path.dirname(at)) return
  }
}

/**
 * Whether files below `folder` are in the index of the git repository around it, or it is a repository itself, as a submodule is. It is named
 * as the disk names it: where case does not count, the index may have it in other letters.
 */
function isCheckedIn(folder: string): boolean {
  const named = fs.existsSync(folder) ? fs.realpathSync.native(folder) : folder
  for (let at = named; at !== path.dirname(at); at = path.dirname(at)) {
    const index = indexOf(path.join(at, '.git'))
    if (index !== null) return at === named || hasPathBelow(index, `${path.relative(at, named).split(path.sep).join('/')}/`)
  }
  return false
}

/** Paths end with NUL, and their length stands before them; version 4, which shortens them, is written only if it is asked for. */
function hasPathBelow(index: Buffer, start: string): boolean {
  for (let at = index.indexOf(start); at >= 0; at = index.indexOf(start, at + 1)) {
    const length = Math.min(index.indexOf(0, at) - at, 0xfff)
    const isWhole = [at - 2, at - 4].some((flags) => (index.readUInt16BE(flags) & 0xfff) === length)
    if (isWhole) return true
  }
  return false
}

/** null: there is no repository. Of a worktree or a submodule `.git` is a file that leads to its folder. */
function indexOf(dotGit: string): Buffer | null {
  const stat = fs.statSync(dotGit, { throwIfNoEntry: false })
  if (stat === undefined) return null
  try {
    const leadsTo = stat.isFile() ? /^gitdir: (.+)/.exec(fs.readFileSync(dotGit, 'utf8'))?.[1] : ''
    return fs.readFileSync(path.resolve(path.dirname(dotGit), stat.isFile() ? (leadsTo ?? '') : dotGit, 'index'))
  } catch {
    return Buffer.alloc(0)
  }
}

// Whose files whyslow runs without being asked to: packages and interpreters that it finds by itself. The rule is that of git's
// safe.directory (https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory): the user's own files, for root also those of
// the user who called sudo. Root's own files count for everybody: who can write them can change Node itself.
import fs from 'node:fs'
import path from 'node:path'
import { homeFolder } from './folders.ts'
import { hasPathBelow } from './git-index.ts'

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
 * as the disk names it: where case does not count, the index may have it in other letters. An index that cannot be read counts as one that has
 * them. Not seen is a repository that keeps its folder elsewhere and leaves no `.git` here (GIT_DIR), and files that no git ever had, such as
 * those of an archive.
 */
function isCheckedIn(folder: string): boolean {
  const named = fs.existsSync(folder) ? fs.realpathSync.native(folder) : folder
  for (let at = named; at !== path.dirname(at); at = path.dirname(at)) {
    const indexes = indexesOf(path.join(at, '.git'))
    if (indexes === null) continue
    if (at === named) return true
    const below = `${path.relative(at, named).split(path.sep).join('/')}/`
    return indexes.some((index) => isInIndex(index, below))
  }
  return false
}

/** The index's file, and the shared ones of a split index; null: there is no repository. */
function indexesOf(dotGit: string): string[] | null {
  const stat = fs.statSync(dotGit, { throwIfNoEntry: false })
  if (stat === undefined) return null
  let folder = dotGit
  try {
    if (stat.isFile()) folder = linkedFolder(dotGit)
    // One that is no longer in use is kept for two weeks: what it alone has was checked in until then.
    const names = fs.readdirSync(folder).filter((name) => name === 'index' || name.startsWith('sharedindex.'))
    return names.map((name) => path.join(folder, name))
  } catch {
    return [path.join(folder, 'index')]
  }
}

/** The folder of a worktree or a submodule, whose `.git` is a file that leads to it. */
function linkedFolder(dotGit: string): string {
  const [, leadsTo = ''] = /^gitdir: (.+)/.exec(fs.readFileSync(dotGit, 'utf8')) ?? []
  return path.resolve(path.dirname(dotGit), leadsTo)
}

/** Answers by index, its time and size, and the folder: an index may be tens of megabytes long, and each trial asks for the same packages. */
const answers = new Map<string, boolean>()

function isInIndex(file: string, below: string): boolean {
  try {
    const stat = fs.statSync(file, { bigint: true, throwIfNoEntry: false })
    if (stat === undefined) return false
    const key = [file, stat.mtimeNs, stat.size, below].join('\0')
    const answer = answers.get(key) ?? hasPathBelow(fs.readFileSync(file), below) ?? true
    answers.set(key, answer)
    return answer
  } catch {
    return true
  }
}

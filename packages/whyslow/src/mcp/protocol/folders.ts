// The folders that a client's paths may lead into: those that it lists as its roots
// (https://modelcontextprotocol.io/specification/2025-06-18/client/roots), within those that the user named when the server was started.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { ResolvePath } from './tool.ts'

export interface FoldersSetup {
  /** Where relative folders are, and what is allowed if neither client nor user names a folder. */
  readonly cwd: string
  /** Named by the user; none: the client's roots are all that counts. */
  readonly named: readonly string[]
  /** URIs of the client's roots; null: the client does not offer any. Rejects if it does not answer. */
  readonly askClient: () => Promise<readonly string[] | null>
  /** Standard error. */
  readonly say: (line: string) => void
}

export interface Folders {
  /** How paths resolve now. Rejects with InputError if the client does not say what its roots are. */
  resolver(): Promise<ResolvePath>
  /** The client's roots have changed. */
  forget(): void
}

/** Throws InputError if a folder that the user named does not exist. */
export function createFolders({ cwd, named, askClient, say }: FoldersSetup): Folders {
  const own = named.map((folder) => {
    const real = realFolder(path.resolve(cwd, folder))
    if (real === null) throw new InputError(`--root ${folder}: no such folder; give a folder that exists`)
    return real
  })
  let roots: Promise<readonly string[]> | undefined
  const find = async (): Promise<readonly string[]> => {
    const uris = await askClient()
    if (uris !== null) return uris.flatMap((uri) => folderOf(uri) ?? [])
    const [only, whose] = own.length > 0 ? [own, 'the folders of --root'] : [[fs.realpathSync(cwd)], 'the current folder']
    if (only.some((folder) => path.dirname(folder) === folder)) {
      say('the client offers no roots, and the current folder is the whole disk: no path is allowed; start it with --root FOLDER')
      return []
    }
    say(`the client offers no roots: paths are confined to ${whose}, ${only.join(', ')}`)
    return only
  }
  return {
    async resolver() {
      roots ??= find()
      const asked = roots
      try {
        const all = await asked
        return (given, use) =>
          resolvePath(given, use, { cwd: fs.realpathSync(cwd), roots: all, within: own.length > 0 ? own : null })
      } catch (error) {
        if (roots === asked) roots = undefined
        throw new InputError(`the client does not say what its roots are (${(error as Error).message}); try again`)
      }
    },
    forget() {
      roots = undefined
    },
  }
}

interface Bounds {
  readonly cwd: string
  /** Real paths. */
  readonly roots: readonly string[]
  readonly within: readonly string[] | null
}

const MOST_ENTRIES = 100_000

/**
 * The path as the command gets it: real, so that no link is followed afterwards, and relative to `cwd` if it is there. Throws InputError if it
 * leads out of the roots, or if an input is a folder with a link that does. A file of a snapshot in a cache of Hugging Face may be a link to
 * the content next to the snapshots.
 */
function resolvePath(given: string, use: 'input' | 'output', { cwd, roots, within }: Bounds): string {
  const [first] = roots
  if (first === undefined)
    throw new InputError(
      `${given}: the client has opened no folder; open the folder of the model, or start whyslow mcp --root FOLDER`,
    )
  if (given === '' || given.includes('\0'))
    throw new InputError('a path is empty or holds a NUL character; give the path of a file')
  const isAllowed = (real: string) => [roots, within].every((some) => some === null || some.some((root) => isInside(root, real)))
  const refused = (why: string) =>
    new InputError(`${given}: ${why} the folders that are allowed (${(within ?? roots).join(', ')}); give a path in them`)
  const absolute = path.resolve(first, given)
  const real = realPath(absolute)
  if (real === null) throw refused('outside')
  if (!isAllowed(real)) {
    const folder = realPath(path.dirname(absolute))
    if (use === 'output' || folder === null || !isAllowed(folder) || !isBlobOf(folder, real)) throw refused('outside')
  }
  if (use === 'input') for (const link of linksIn(real, given)) if (!isAllowed(link)) throw refused('holds a link that leaves')
  return typedPath(real, cwd)
}

/** The real path, also of what does not exist yet; null: a link leads nowhere, or the system does not say where. */
function realPath(absolute: string): string | null {
  const missing: string[] = []
  try {
    for (let at = absolute; ; at = path.dirname(at)) {
      if (fs.lstatSync(at, { throwIfNoEntry: false }) !== undefined) return path.join(fs.realpathSync(at), ...missing)
      missing.unshift(path.basename(at))
    }
  } catch {
    return null
  }
}

/** A folder of one revision in a cache of Hugging Face: models--OWNER--NAME/snapshots/REVISION, and folders in it. */
const SNAPSHOT = /^(.*[\\/]models--[^\\/]+)[\\/]snapshots[\\/][^\\/]+(?:[\\/]|$)/

/** Whether `real` is content of the cache that the snapshot `folder` is of: its files are links to models--OWNER--NAME/blobs. */
function isBlobOf(folder: string, real: string): boolean {
  const cache = SNAPSHOT.exec(folder)?.[1]
  return cache !== undefined && path.dirname(real) === path.join(cache, 'blobs')
}

/** Where the links of a folder lead. Throws InputError if nobody could look at all that is in it. */
function* linksIn(real: string, given: string): Generator<string> {
  const folders = fs.statSync(real, { throwIfNoEntry: false })?.isDirectory() ? [real] : []
  const seen = new Set(folders)
  let entries = 0
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop())
    for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
      if (++entries > MOST_ENTRIES)
        throw new InputError(`${given}: more than ${MOST_ENTRIES} files, too many to look for links; give a smaller folder`)
      const named = path.join(folder, entry.name)
      const at = entry.isSymbolicLink() ? realPath(named) : named
      // A link that leads nowhere can be read by nobody.
      if (at === null) continue
      if (entry.isSymbolicLink()) yield at
      if (seen.has(at) || !fs.statSync(at, { throwIfNoEntry: false })?.isDirectory()) continue
      seen.add(at)
      folders.push(at)
    }
}

/** No path is taken for an option or for the name of a command. */
function typedPath(real: string, cwd: string): string {
  const way = path.relative(cwd, real)
  if (way === '') return '.'
  if (!isInside(cwd, real)) return real
  return way.startsWith('-') || /^[\w-]+$/.test(way) ? `.${path.sep}${way}` : way
}

function isInside(folder: string, real: string): boolean {
  const way = path.relative(folder, real)
  return way === '' || (way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way))
}

/** null: no file's, or no folder. */
function folderOf(uri: string): string | null {
  try {
    return realFolder(fileURLToPath(uri))
  } catch {
    return null
  }
}

function realFolder(folder: string): string | null {
  try {
    const real = fs.realpathSync(folder)
    return fs.statSync(real).isDirectory() ? real : null
  } catch {
    return null
  }
}

// Files that a model names: found next to it, never elsewhere. A model can name any path, so only files in its own folder are opened,
// after links are resolved.
import fs from 'node:fs'
import path from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'

export interface NamedFile {
  /** The model's file. */
  readonly file: string
  /** The path that the model names, relative to its folder. */
  readonly location: string
  /** What lies there, as messages begin: "Tensor 'w'". */
  readonly what: string
}

/**
 * The real path and size of a file that a model names. Throws InputError if the path is absolute, leaves the model's folder (also
 * through a link), or is none of a file.
 */
export function findSiblingFile({ file, location, what }: NamedFile): { readonly path: string; readonly sizeBytes: number } {
  const folder = path.dirname(file)
  const refused = (why: string) => {
    return new InputError(`${what} is in '${location}', ${why}; weights must lie in the model's own folder '${folder}'`)
  }
  const parts = location.split(/[\\/]/)
  if (path.isAbsolute(location) || path.win32.isAbsolute(location) || /^[a-z]:/i.test(location)) throw refused('an absolute path')
  if (parts.includes('..') || location.includes('\0')) throw refused('a path that leaves its folder')
  const real = realPath(path.join(folder, location))
  if (real === undefined) {
    throw new InputError(`${what} is in '${location}', which is not in the folder of ${file}; put that file into '${folder}'`)
  }
  if (!ownFolders(file).some((own) => isInside(own, real))) throw refused('a link that leaves the folder')
  const facts = fs.statSync(real)
  if (!facts.isFile()) throw new InputError(`${what} is in '${location}', which is not a file; put the weights file there`)
  return { path: real, sizeBytes: facts.size }
}

/** Where the model is named, and where it lies: download caches link both model and weights to one folder of blobs. */
function ownFolders(file: string): string[] {
  return [fs.realpathSync(path.dirname(file)), path.dirname(fs.realpathSync(file))]
}

function isInside(folder: string, file: string): boolean {
  const way = path.relative(folder, file)
  return way !== '' && way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way)
}

function realPath(file: string): string | undefined {
  try {
    return fs.realpathSync(file)
  } catch {
    return undefined
  }
}

// Where an engine's package is taken from: the folder asked for, else the current folder's own, else the one beside whyslow. The
// verdict is about the user's service, so theirs comes first.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

export interface FoundPackage {
  readonly entry: string
  readonly version: string
  readonly folder: string
}

/** null where there is none. `packageFrom`: a folder, the package's own or one that has it; null: the usual places. */
export function findPackage(name: string, packageFrom: string | null): FoundPackage | null {
  const bases = packageFrom === null ? [process.cwd(), import.meta.dirname] : [path.resolve(packageFrom)]
  for (const base of bases) {
    const found = resolveFrom(name, base)
    if (found) return found
  }
  return null
}

/** Where it was looked for, in words. */
export const placesOf = (packageFrom: string | null): string =>
  packageFrom === null ? 'in the current folder or beside whyslow' : `in ${packageFrom}`

function resolveFrom(name: string, base: string): FoundPackage | null {
  const own = path.join(base, 'package.json')
  if (nameOf(own) === name) return describe(name, createRequire(own).resolve('.'), base)
  try {
    const entry = createRequire(path.join(base, 'noop.js')).resolve(name)
    return describe(name, entry, path.dirname(entry))
  } catch {
    return null
  }
}

function describe(name: string, entry: string, start: string): FoundPackage | null {
  for (let folder = start; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const file = path.join(folder, 'package.json')
    if (nameOf(file) === name) return { entry, version: String(JSON.parse(fs.readFileSync(file, 'utf8')).version), folder }
  }
  return null
}

function nameOf(file: string): unknown {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')).name
  } catch {
    return null
  }
}

// What stands at a path, distinguished from a path that cannot be looked at.
import { type Stats, statSync } from 'node:fs'
import { UsageError } from './usage-error.ts'

/** undefined if nothing is there; UsageError if the system does not let us look. */
export function stateOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new UsageError(`${path}: cannot be read (${code === 'EACCES' ? 'no permission' : code}); give another path`)
  }
}

// An engine as evidence has it.
import path from 'node:path'
import type { AvailableEngine } from '@whyslow/command/run.ts'
import { traitsOf } from '@whyslow/measure/engines/index.ts'
import type { EngineOptions } from '@whyslow/measure/engines/types.ts'
import { homeFolder } from '@whyslow/measure/machine/folders.ts'
import type { EngineFacts } from '../evidence/evidence.ts'

export function engineFacts(
  id: string,
  { version, device, deviceKind, from }: AvailableEngine,
  options: EngineOptions,
  threadsInUse: number,
): EngineFacts {
  return { id, version, device, deviceKind, from: shownPlace(from), ...traitsOf(id), options, threadsInUse }
}

/** A path as it is typed from here; documents are shared, and need not name the user. */
export function shownPlace(place: string): string {
  if (!path.isAbsolute(place)) return place
  const below = (folder: string) => {
    const way = path.relative(folder, place)
    return way !== '' && !way.startsWith('..') && !path.isAbsolute(way) ? way : null
  }
  const inHome = below(homeFolder())
  return below(process.cwd()) ?? (inHome === null ? place : path.join('~', inHome))
}

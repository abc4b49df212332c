// Where tests write their files. They make and remove thousands of small ones, which costs a disk's file system more than most tests cost
// themselves: if this machine has a folder in memory with room, a run gets a folder of its own there. The full tests write to the disk.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const IN_MEMORY = '/dev/shm'
const NAME = 'whyslow-tests-'
/** Far more than a run writes. */
const ROOM_BYTES = 2 ** 30
const DAY_MS = 86_400_000

/**
 * Sets TMPDIR for this process and those that it starts, unless someone has chosen one, and says which folder that is. It goes when this
 * process ends.
 */
export function writeToMemory(parent = IN_MEMORY, env = process.env, roomBytes = ROOM_BYTES): string | null {
  if (env.TMPDIR !== undefined || env.WHYSLOW_TEST_FULL !== undefined || !existsSync(parent)) return null
  const { bavail, bsize } = statfsSync(parent)
  if (bavail * bsize < roomBytes) return null
  try {
    removeAbandoned(parent)
    const folder = mkdtempSync(join(parent, NAME))
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
    if (!runsPrograms(folder)) return null
    env.TMPDIR = folder
    return folder
  } catch {
    return null
  }
}

/** Containers often mount it so that no program in it may start, and tests start some. */
function runsPrograms(folder: string): boolean {
  const program = join(folder, 'program')
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o700 })
  const { status } = spawnSync(program)
  rmSync(program)
  return status === 0
}

/** Folders of runs that were killed. */
function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent).filter((one) => one.startsWith(NAME))) {
    const folder = join(parent, name)
    if (Date.now() - statSync(folder).mtimeMs > DAY_MS) rmSync(folder, { recursive: true, force: true })
  }
}

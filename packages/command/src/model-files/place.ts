// Putting a finished folder in its place: written next to it, on the disk, then renamed. A run that is killed leaves no folder or a
// complete one; what it left next to it is found by its name, which holds the process's id, and cleared by the next run.
import fs from 'node:fs'
import path from 'node:path'
import { markUnfinished } from '@whyslow/measure/machine/files.ts'
import { asInputError, type Disk, nodeDisk } from './disk.ts'

/** What the user's own package manager puts into the folder, and Python with what was built for it: it moves to the new one. */
export const PACKAGE_FILES = new Set([
  'node_modules',
  '__pycache__',
  'package-lock.json',
  'npm-shrinkwrap.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'bun.lock',
])

/** Folders that this process is writing. */
const begun = new Set<string>()
let listening = false

/**
 * Makes the folder `target` (absolute, links resolved) of what `write` puts into the folder it is given. One that stands there is
 * replaced as a whole, and put back where that fails. Throws InputError for what the disk refuses; leaves no temporary file.
 */
export async function placeFolder(
  target: string,
  write: (folder: string) => Promise<void>,
  disk: Disk = nodeDisk,
  shown = target,
): Promise<void> {
  const fresh = siblingName(target, process.pid, 'tmp')
  try {
    disk.makeFolder(fresh)
  } catch (error) {
    throw asInputError(error, shown)
  }
  removeAtExit(fresh)
  const finished = markUnfinished(fresh)
  try {
    await write(fresh)
    disk.syncFolder(fresh)
    swap(fresh, target, disk)
  } catch (error) {
    quietly(() => disk.remove(fresh))
    throw asInputError(error, shown)
  } finally {
    finished()
    begun.delete(fresh)
  }
}

/** Swaps without a pause, so that nothing but the end of the process comes between. */
function swap(fresh: string, target: string, disk: Disk): void {
  const aside = siblingName(target, process.pid, 'old')
  const replaces = fs.existsSync(target)
  if (replaces) disk.rename(target, aside)
  try {
    disk.rename(fresh, target)
  } catch (error) {
    if (replaces) disk.rename(aside, target)
    throw error
  }
  // It stands: what fails from here on is no failure of the folder.
  quietly(() => disk.syncFolder(path.dirname(target)))
  if (!replaces) return
  carryOver(aside, target, disk)
  quietly(() => disk.remove(aside))
}

function carryOver(from: string, to: string, disk: Disk): void {
  for (const name of PACKAGE_FILES) {
    const [old, fresh] = [path.join(from, name), path.join(to, name)]
    if (fs.existsSync(old) && !fs.existsSync(fresh)) quietly(() => disk.rename(old, fresh))
  }
}

/**
 * Clears what dead runs left next to `target` (absolute, links resolved): unfinished folders go, and a folder that was set
 * aside comes back where none took its place. Does nothing about what it may not touch.
 */
export function removeLeftovers(target: string, disk: Disk = nodeDisk): void {
  const left = leftBeside(target).filter(({ file, pid }) => !isWriting(pid, file))
  for (const { file, kind } of left) if (kind === 'old' && !fs.existsSync(target)) quietly(() => disk.rename(file, target))
  for (const { file } of left) quietly(() => disk.remove(file))
}

function leftBeside(target: string): { file: string; pid: number; kind: string }[] {
  const parent = path.dirname(target)
  const start = `${path.basename(target)}.whyslow-`
  let names: string[]
  try {
    names = fs.readdirSync(parent)
  } catch {
    return []
  }
  return names.flatMap((name) => {
    const [, pid, kind] = (name.startsWith(start) && /^(\d+)-(tmp|old)$/.exec(name.slice(start.length))) || []
    return pid === undefined ? [] : [{ file: path.join(parent, name), pid: Number(pid), kind: kind! }]
  })
}

/** Our own id with a folder that we did not begin is that of an earlier process: in containers the first one is always 1. */
function isWriting(pid: number, file: string): boolean {
  if (pid === process.pid) return begun.has(file)
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** 'fast' -> 'fast.whyslow-123-tmp', in the same parent folder, so that renaming is one step. */
export function siblingName(target: string, pid: number, kind: 'tmp' | 'old'): string {
  return `${target}.whyslow-${pid}-${kind}`
}

function removeAtExit(folder: string): void {
  begun.add(folder)
  if (listening) return
  listening = true
  process.on('exit', () => {
    for (const one of begun) quietly(() => nodeDisk.remove(one))
  })
}

/** For what the next run can do again. */
function quietly(act: () => void): void {
  try {
    act()
  } catch {
    // The next run tries again.
  }
}

// Whether a folder can be written at a path, found out before anything is measured.
import fs from 'node:fs'
import path from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import { homeFolder } from '@whyslow/measure/machine/folders.ts'
import { asInputError, type Disk, nodeDisk } from './disk.ts'
import { filesOfFolder } from './manifest.ts'
import { PACKAGE_FILES, removeLeftovers, siblingName } from './place.ts'

/**
 * The absolute path, links resolved, at which the folder `out` will stand. Throws InputError if it cannot or must not: its
 * parent is missing or read-only; a file is there; a folder is there that is not whyslow's, or holds files that whyslow did not
 * put there, and `force` is false; it is, or holds, the root, the home or current folder, or the model, whatever `force` says.
 * Clears what dead runs left next to it.
 */
export function checkOut(out: string, force: boolean, modelFile: string, disk: Disk = nodeDisk): string {
  const target = realTarget(out)
  removeLeftovers(target, disk)
  const facts = statOf(target, out)
  if (facts !== undefined) {
    if (!facts.isDirectory()) throw new InputError(`-o ${out}: this is a file; give the name of a folder`)
    refuseNeeded(target, out, modelFile)
    if (facts.dev !== fs.statSync(path.dirname(target)).dev) {
      throw new InputError(`-o ${out}: another disk is mounted there; give a folder inside it`)
    }
    if (!force) refuseForeign(target, out)
  }
  try {
    const probe = siblingName(target, process.pid, 'tmp')
    disk.makeFolder(probe)
    disk.remove(probe)
  } catch (error) {
    throw asInputError(error, out)
  }
  return target
}

/** Where links lead, so that the rename replaces the folder and not the link. */
function realTarget(out: string): string {
  if (out.trim() === '' || out.includes('\0')) throw new InputError('-o: give the name of a folder to write')
  const wanted = path.resolve(out)
  const parent = path.dirname(wanted)
  if (!statOf(parent, out)?.isDirectory()) {
    throw new InputError(`-o ${out}: the folder ${parent} does not exist: create it or give another path`)
  }
  try {
    if (fs.lstatSync(wanted, { throwIfNoEntry: false })?.isSymbolicLink() !== true) {
      return path.join(fs.realpathSync(parent), path.basename(wanted))
    }
    return fs.realpathSync(wanted)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw asInputError(error, out)
    throw new InputError(`-o ${out}: this is a link that leads nowhere; remove it or give another name`)
  }
}

function statOf(file: string, out: string): fs.Stats | undefined {
  try {
    return fs.statSync(file)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw asInputError(error, out)
  }
}

/** Folders that are never replaced. */
function refuseNeeded(target: string, out: string, modelFile: string): void {
  if (path.dirname(target) === target) throw new InputError(`-o ${out}: this is the root folder; give a new folder's name`)
  const needed: readonly (readonly [string, string])[] = [
    [homeFolder(), 'your home folder'],
    [process.cwd(), 'the current folder'],
    [modelFile, 'the model'],
    [path.dirname(modelFile), 'the model'],
  ]
  for (const [file, title] of needed) {
    if (contains(target, realOr(file))) {
      throw new InputError(`-o ${out}: this is or holds ${title}, so it is never replaced; give a new folder's name`)
    }
  }
}

function contains(folder: string, file: string): boolean {
  return file === folder || file.startsWith(folder + path.sep)
}

function realOr(file: string): string {
  try {
    return fs.realpathSync(file)
  } catch {
    return path.resolve(file)
  }
}

function refuseForeign(target: string, out: string): void {
  const own = filesOfFolder(target)
  if (own === undefined) {
    throw new InputError(`-o ${out}: exists and was not written by whyslow; give another name, or --force to replace all of it`)
  }
  const foreign = fs.readdirSync(target).find((name) => !own.has(name) && !PACKAGE_FILES.has(name) && name !== '.DS_Store')
  if (foreign !== undefined) {
    throw new InputError(`-o ${out}: holds ${foreign}, which whyslow did not put there; move it, or --force to replace all of it`)
  }
}

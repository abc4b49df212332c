// A model without a folder around it: `name.onnx`, and `name.onnx.data` where it has weights next to it. Written next to it and renamed, the
// weights first, so that a model never stands without them.
import fs from 'node:fs'
import path from 'node:path'
import { asInputError, type Disk, nodeDisk } from '@whyslow/command/model-files/disk.ts'
import { type Folder, folderAt, type WrittenFile } from '@whyslow/command/model-files/folder.ts'
import { siblingName } from '@whyslow/command/model-files/place.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { writeModelOf } from './model-file.ts'
import type { ShipPlan } from './plan.ts'

/**
 * Throws InputError if `out` cannot be written: its folder is missing, it is the model that is read, or a file or folder is there
 * and `force` is false. Found out before anything is measured.
 */
export function checkModelOut(out: string, force: boolean, modelFile: string): void {
  const target = path.resolve(out)
  const parent = fs.statSync(path.dirname(target), { throwIfNoEntry: false })
  if (!parent?.isDirectory())
    throw new InputError(`-o ${out}: the folder ${path.dirname(target)} does not exist: create it or give another path`)
  const there = fs.statSync(target, { throwIfNoEntry: false })
  if (there !== undefined) {
    const original = fs.statSync(modelFile, { throwIfNoEntry: false })
    if (there.isDirectory()) throw new InputError(`-o ${out}: this is a folder; give the name of a file`)
    if (original?.ino === there.ino && original.dev === there.dev)
      throw new InputError(`-o ${out}: this is the model that is read; give another name`)
    if (!force) throw new InputError(`-o ${out}: exists; give another name, or --force to replace it`)
  }
  const probe = siblingName(target, process.pid, 'tmp')
  try {
    nodeDisk.makeFolder(probe)
    nodeDisk.remove(probe)
  } catch (error) {
    throw asInputError(error, out)
  }
}

/** Writes the plan's model as the file `plan.out`, or nothing. Throws InputError for what the disk refuses. */
export async function shipModel(plan: ShipPlan, disk: Disk = nodeDisk): Promise<void> {
  const { out, force, signal, original } = plan
  await writeAlone({ out, force, signal, from: original.file }, (folder, name) => writeModelOf(plan, folder, name), disk)
}

export interface AloneTarget extends Pick<ShipPlan, 'out' | 'force'> {
  readonly signal?: AbortSignal | undefined
  /** The file that was read, which is never replaced. */
  readonly from: string
}

/**
 * What `write` puts into a folder as the file `name`, and others next to it, comes to stand at `out`: all of it, or nothing. Gives the
 * files written. Throws InputError for what the disk refuses.
 */
export async function writeAlone(
  { out, force, signal, from }: AloneTarget,
  write: (folder: Folder, name: string) => Promise<void>,
  disk: Disk = nodeDisk,
): Promise<readonly WrittenFile[]> {
  checkModelOut(out, force, from)
  const target = path.resolve(out)
  const fresh = siblingName(target, process.pid, 'tmp')
  try {
    disk.makeFolder(fresh)
    const folder = folderAt(fresh, disk, signal)
    const name = path.basename(target)
    await write(folder, name)
    for (const file of [...folder.files].sort((a) => (a.path === name ? 1 : -1)))
      disk.rename(path.join(fresh, file.path), path.join(path.dirname(target), file.path))
    return folder.files
  } catch (error) {
    throw asInputError(error, out)
  } finally {
    disk.remove(fresh)
  }
}

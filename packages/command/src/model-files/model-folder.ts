// A model alone in a folder, as a trial opens it.
import fs from 'node:fs'
import path from 'node:path'
import type { Model } from '@whyslow/graph/model.ts'
import { nodeDisk } from './disk.ts'
import { folderAt } from './folder.ts'
import { MODEL_FILE, writeModelFiles } from './onnx-files.ts'

/** The name of the model's file, and other models with theirs that belong to it. */
export interface FolderNames {
  readonly name?: string
  readonly beside?: Readonly<Record<string, Model>>
}

/** Makes `folder`, which must not exist, and writes the model into it. Throws InputError if it passes what protobuf can hold. */
export async function writeModelFolder(
  model: Model,
  folder: string,
  { name = MODEL_FILE, beside = {} }: FolderNames = {},
): Promise<{ file: string; sizeBytes: number }> {
  fs.mkdirSync(folder)
  // Of a file that is gone with the run nothing need survive a power cut.
  const writing = folderAt(folder, { ...nodeDisk, sync() {} })
  await writeModelFiles(model, writing, undefined, name)
  for (const [other, own] of Object.entries(beside)) await writeModelFiles(own, writing, undefined, other)
  const sizeBytes = writing.files.reduce((sum, file) => sum + file.sizeBytes, 0)
  return { file: path.join(folder, name), sizeBytes }
}

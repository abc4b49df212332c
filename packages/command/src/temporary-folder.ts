// The folder for temporary files of one command.
import fs from 'node:fs'
import os from 'node:os'
import { InputError } from '@whyslow/graph/input-error.ts'
import { makeTemporaryFolder } from '@whyslow/measure/machine/files.ts'

/** Hands `use` a new folder, which is removed when `use` ends, or the process. Throws InputError if none can be made. */
export async function inTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = temporaryFolder()
  const removeFolder = () => fs.rmSync(folder, { recursive: true, force: true })
  process.on('exit', removeFolder)
  try {
    return await use(folder)
  } finally {
    process.off('exit', removeFolder)
    removeFolder()
  }
}

/** A new folder, which the caller removes. Throws InputError if none can be made. */
export function temporaryFolder(): string {
  try {
    return makeTemporaryFolder('whyslow-')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new InputError(
      `${os.tmpdir()}: temporary files cannot be made there (${code ?? message}); set TMPDIR to another folder`,
    )
  }
}

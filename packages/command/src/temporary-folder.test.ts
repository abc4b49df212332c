import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import { expect, test, vi } from 'vitest'
import { inTemporaryFolder } from './temporary-folder.ts'

test('where no temporary files can be made, it is said, with what helps', async () => {
  const gone = mkdtempSync(join(tmpdir(), 'whyslow-gone-'))
  rmSync(gone, { recursive: true })
  for (const name of ['TMPDIR', 'TMP', 'TEMP']) vi.stubEnv(name, gone)
  try {
    const made = inTemporaryFolder(async () => {})
    await expect(made).rejects.toThrow(InputError)
    await expect(made).rejects.toThrow(`${gone}: temporary files cannot be made there (ENOENT); set TMPDIR to another folder`)
  } finally {
    vi.unstubAllEnvs()
  }
})

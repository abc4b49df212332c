import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { UNIX } from '../../../../test/needs.ts'
import { runPass } from '../driver.ts'
import { python } from './python.ts'

const PYTHON = `#!/bin/sh
case "$*" in
  *import*) echo '{"version":"3.12.0","executable":"python","implementation":"cpython","has":{},"versions":{}}' ;;
  *) printf '{"kind":"warning","text":"[%s]"}\\n' "$PYTHONPATH" ;;
esac
`

test.skipIf(process.platform === 'win32')(
  'what lies next to a file of weights is not imported; next to a program it is',
  UNIX,
  async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-python-'))
    const named = path.join(folder, 'python')
    fs.writeFileSync(named, PYTHON, { mode: 0o755 })
    vi.stubEnv('PYTHONPATH', `:${folder}:/packages`)
    const pathOf = async (name: string) => {
      const file = path.join(folder, name)
      const command = await python.command(file, { python: named })
      const limits = { stallMs: 10_000, timeMs: 60_000, memoryBytes: null }
      const { messages } = await runPass(command, { pass: 'time', file } as never, { limits, folder })
      return messages.find(({ kind }) => kind === 'warning')
    }
    expect(await pathOf('model.PT2')).toMatchObject({ text: '[/packages]' })
    expect(await pathOf('model.py')).toMatchObject({ text: `[:${folder}:/packages]` })
    vi.unstubAllEnvs()
    fs.rmSync(folder, { recursive: true })
  },
)

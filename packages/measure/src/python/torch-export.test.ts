import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { UNIX } from '../../../../test/needs.ts'
import { exportTorch, refusal } from './torch-export.ts'

test('a model that cannot be exported: the place, the reason, the next command', () => {
  const place = { file: 'model.py', line: 14 }
  expect(refusal('/app/model.py', { reason: 'Unsupported: Tensor.item', place })).toBe(
    'model.py:14: the model cannot be exported to ONNX: Unsupported: Tensor.item; to measure it in PyTorch: whyslow /app/model.py',
  )
  expect(refusal('/app/model.py', { reason: 'model.py has no model()', place: null })).toBe('model.py has no model()')
})

test('no interpreter where one was named is one line', async () => {
  const question = { out: 'out.onnx', example: 'example.npz', python: './no/such/python' }
  await expect(exportTorch(path.resolve('model.py'), question)).rejects.toThrow(
    /model\.py: --python \.\/no\/such\/python: there is no such file/,
  )
})

const PYTHON = `#!/bin/sh
case "$*" in
  *import*) echo '{"version":"3.12.0","executable":"python","implementation":"cpython","has":{"torch":true,"numpy":true},"versions":{}}' ;;
  *) printf '{"reason":"path is [%s]","place":null}\\n' "$PYTHONPATH" ;;
esac
`

test.skipIf(process.platform === 'win32')(
  'what lies next to a file of weights is not imported; next to a program it is',
  UNIX,
  async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-export-'))
    const python = path.join(folder, 'python')
    fs.writeFileSync(python, PYTHON, { mode: 0o755 })
    vi.stubEnv('PYTHONPATH', `:${folder}:/packages`)
    const question = { out: 'out.onnx', example: 'example.npz', python }
    await expect(exportTorch(path.join(folder, 'model.pt2'), question)).rejects.toThrow('path is [/packages]')
    await expect(exportTorch(path.join(folder, 'model.py'), question)).rejects.toThrow(`path is [:${folder}:/packages]`)
    vi.unstubAllEnvs()
    fs.rmSync(folder, { recursive: true })
  },
)

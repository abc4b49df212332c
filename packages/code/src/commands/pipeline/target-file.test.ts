import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { targetFile } from './target-file.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-target-'))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))
const service = path.join(folder, 'service.py')
fs.writeFileSync(service, '')

test('a function is named after its file, or on its own', () => {
  for (const [given, call] of [
    [`${service}:app.score`, null],
    [service, 'app.score'],
    [service, 'service:app.score'],
  ] as const)
    expect(targetFile(given, call)).toMatchObject({ file: service, call: 'app.score' })
  expect(targetFile(service, null).call).toBeNull()
})

test('a file that does not exist is refused, with a function or without', () => {
  for (const given of ['nowhere.py', 'nowhere.py:score']) expect(() => targetFile(given, null)).toThrow(/there is no such file/)
})

import fs from 'node:fs'
import path from 'node:path'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { expect, test } from 'vitest'
import { modelsOf, writtenModels } from './written-models.ts'

const folder = folderOfTests()
const model = (key: string) => ({ key, file: `${key}.onnx` })

test('models come as they are written, and the list ends', async () => {
  const list = path.join(folder, 'list')
  const written = writtenModels(list)
  written.add(model('a'))
  const seen: string[] = []
  const reading = (async () => {
    for await (const { key } of modelsOf(list, () => false)) {
      seen.push(key)
      if (key === 'a') written.add(model('b'))
      else written.end()
    }
  })()
  await reading
  expect(seen).toEqual(['a', 'b'])
})

test('a line that is not whole is no model, and waiting ends when the time is over', async () => {
  const list = path.join(folder, 'half')
  fs.writeFileSync(list, `${JSON.stringify(model('a'))}\n{"key":"b"`)
  const seen: string[] = []
  let looks = 0
  for await (const { key } of modelsOf(list, () => looks++ > 2)) seen.push(key)
  expect(seen).toEqual(['a'])
})

import { expect, test } from 'vitest'
import { readContent, readFunctions } from '../../test/support/recordings/check-reader.ts'

test('py-spy: files and lines of frames; the process and the thread are none', async () => {
  const text = [
    'process 12:"python serve.py";thread (0x7F);main (serve.py:40);decode (serve.py:7) 30',
    'process 12:"python serve.py";thread (0x7F);main (serve.py:40);run (onnxruntime/capi/onnxruntime_inference_collection.py:220) 60',
    'main (serve.py:40);wait (threading.py:300) 10',
    '',
  ].join('\n')
  const { functions, warnings } = await readFunctions(text)
  expect(functions).toMatchObject({ samples: 100, totalMs: null, idleShare: 0.1, model: { share: 0.6 } })
  expect(functions.rows[1]).toMatchObject({ name: 'decode', file: 'serve.py', line: 7, selfShare: 0.3, language: 'python' })
  expect(warnings).toEqual([])
})

test('a line that is no stack is counted', async () => {
  expect((await readFunctions(`${'a;b 1\n'.repeat(20_000)}??\n`)).warnings).toEqual(['1 lines are not stacks and are left out'])
})

test('a letter that lies across two pieces stays one', async () => {
  const recording = await readContent('main;prédire 3\nmain;zählen 1\n', 1)
  expect(recording.kind === 'functions' && recording.functions.rows.map(({ name }) => name)).toEqual([
    'prédire',
    'zählen',
    'main',
  ])
})

test('text is no stack', async () => {
  await expect(readContent('hello\nworld\n')).rejects.toThrow(/no trace that is known: it begins with "hello world"/)
})

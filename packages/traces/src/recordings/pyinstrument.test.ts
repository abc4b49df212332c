import { expect, test } from 'vitest'
import { readContent, readFunctions } from '../../test/support/recordings/check-reader.ts'

const frame = (name: string, time: number, children: readonly object[] = [], file_path = 'serve.py', line_no = 3) => ({
  function: name,
  file_path,
  line_no,
  time,
  children,
})

test('own time is what children do not take; its own rows are no functions', async () => {
  const model = frame('_wrapped_call_impl', 0.5, [], '/x/torch/nn/modules/module.py', 1700)
  const root_frame = frame('main', 1, [frame('decode', 0.3, [frame('[self]', 0.3)]), model])
  const { functions } = await readFunctions({ start_time: 1, duration: 1.1, sample_count: 1000, root_frame })
  expect(functions).toMatchObject({ samples: 1000, totalMs: 1000, model: { name: 'the PyTorch module', share: 0.5 } })
  const shares = functions.rows.map(({ name, selfShare }) => [name, Number(selfShare.toFixed(6))])
  expect(shares).toEqual([
    ['_wrapped_call_impl', 0.5],
    ['decode', 0.3],
    ['main', 0.2],
  ])
})

test('refuses a tree in which nothing took time', async () => {
  await expect(readContent({ root_frame: frame('main', 0), sample_count: 0 })).rejects.toThrow(/no frame took time/)
})

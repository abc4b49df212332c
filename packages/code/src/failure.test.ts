import { expect, test } from 'vitest'
import type { PassFailure } from './driver.ts'
import { failureSentence, refusal } from './failure.ts'
import type { Message } from './protocol.ts'

const failure = (given: Partial<PassFailure>): PassFailure => ({
  ...{ how: 'threw', phase: 'import', stage: null, sample: null, reason: 'ValueError: no', place: { file: 'm.py', line: 3 } },
  ...given,
})
const runtime = { name: 'cpython', version: '3.11.2', executable: '/e/bin/python' }
const hello: Message = { kind: 'hello', language: 'python', runtime, pid: 1 }
const imported = (givesModel: boolean): Message => ({
  kind: 'imported',
  ms: 1,
  target: { kind: 'stages', stages: ['predict'], places: [null], ...(givesModel && { givesModel }) },
})
const told = (given: Partial<PassFailure>, givesModel = false) =>
  refusal(
    {
      messages: [hello, imported(givesModel)],
      failure: failure(given),
      log: { head: '', tail: '', bytes: 0 },
      leftRunning: 0,
    },
    'python3 of the path',
  )

test('a file that gives a model is told by the functions that it has', () => {
  expect(failureSentence(failure({ phase: 'load' }))).toBe('load() threw: ValueError: no (m.py:3)')
  expect(told({ phase: 'load' }, true)).toBe('model() threw: ValueError: no (m.py:3)')
  expect(told({ phase: 'samples' }, true)).toMatch(/^example_inputs\(\) threw/)
  expect(told({ phase: 'first', stage: 'predict', sample: 0 }, true)).toMatch(/^the model on sample 0 threw/)
  // What the contract lacks is a sentence of its own.
  const reason = 'it has model() and no example_inputs(): add one'
  expect(told({ how: 'contract', phase: 'load', place: null, reason }, true)).toBe(reason)
})

test('a module that is missing is told with the Python that lacks it', () => {
  const python = 'Python 3.11.2 (/e/bin/python, python3 of the path)'
  expect(told({ reason: "ModuleNotFoundError: No module named 'torch'" })).toBe(
    `the file threw: ModuleNotFoundError: No module named 'torch' (m.py:3); ${python} has no torch: pip install torch there, or name an environment that has it with --python`,
  )
  expect(told({ reason: "ModuleNotFoundError: No module named 'PIL.Image'" })).toContain('has no PIL: pip install pillow there')
  expect(told({ reason: "ModuleNotFoundError: No module named 'ourteam'" })).toContain('has no ourteam: install it there')
})

test.each([
  'RuntimeError: Found no NVIDIA driver on your system.',
  'AssertionError: Torch not compiled with CUDA enabled',
  'RuntimeError: Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False.',
])('no GPU: %s', (reason) => expect(told({ reason, phase: 'load' })).toContain('; PyTorch finds no GPU here: take the CPU'))

test('what never comes back from its own level is a server', () => {
  expect(told({ how: 'timed-out', reason: 'nothing happened for 60 s' })).toMatch(
    /^the file hangs: nothing happened for 60 s \(m\.py:3\); a server .* belongs behind/,
  )
  expect(told({ how: 'timed-out', phase: 'first', stage: 'predict' })).not.toContain('server')
})

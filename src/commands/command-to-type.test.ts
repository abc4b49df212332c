import { expect, test } from 'vitest'
import { commandToType } from './command-to-type.ts'

const shape = { flag: '--shape', value: 'x=1x3x48x320' }
const threads = { flag: '--threads', value: '2' }
const data = { flag: '--data', value: 'my samples' }

test.each([
  ['whyslow fix MODEL -o fast/', [], 'whyslow fix a.onnx -o fast/'],
  ['whyslow fix MODEL -o fast/', [shape, threads], 'whyslow fix a.onnx -o fast/ --shape x=1x3x48x320 --threads 2'],
  ['whyslow MODEL --threads 1', [shape, threads], 'whyslow a.onnx --threads 1 --shape x=1x3x48x320'],
  ['whyslow quantize MODEL -o fast/ --data SAMPLES', [], 'whyslow quantize a.onnx -o fast/ --data SAMPLES'],
  ['whyslow quantize MODEL -o fast/ --data SAMPLES', [data], "whyslow quantize a.onnx -o fast/ --data 'my samples'"],
  // A smaller picture: neither the shape that was given nor the data fits it, the shape of another input does.
  [
    'whyslow MODEL --shape x=1x3x24x160',
    [shape, data, { flag: '--shape', value: 'y=2' }],
    'whyslow a.onnx --shape x=1x3x24x160 --shape y=2',
  ],
  ['whyslow compare MODEL', [{ flag: '--engine', value: 'ort-wasm' }, threads], 'whyslow compare a.onnx --threads 2'],
  ['whyslow machine', [threads], 'whyslow machine'],
])('%s, given %j', (template, given, expected) => {
  expect(commandToType(template, 'a.onnx', given)).toBe(expected)
})

test('a path is quoted as a shell takes it', () => {
  expect(commandToType('whyslow MODEL --batch 2', "it's MODEL.onnx", [])).toBe("whyslow 'it'\"'\"'s MODEL.onnx' --batch 2")
})

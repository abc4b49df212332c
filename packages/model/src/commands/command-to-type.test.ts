import { nextCommand } from '@whyslow/diagnosis/next-command.ts'
import { expect, test } from 'vitest'
import { fixModel, MODEL, measureWith, quantizeModel } from '../diagnose/next-command.ts'
import { commandToType } from './command-to-type.ts'

const shape = { flag: '--shape', value: 'x=1x3x48x320' }
const threads = { flag: '--threads', value: '2' }
const data = { flag: '--data', value: 'my samples' }

test.each([
  [fixModel(), [], 'whyslow fix a.onnx -o fast/'],
  [fixModel(), [shape, threads], 'whyslow fix a.onnx -o fast/ --shape x=1x3x48x320 --threads 2'],
  [measureWith('--threads', '1'), [shape, threads], 'whyslow a.onnx --threads 1 --shape x=1x3x48x320'],
  [quantizeModel, [], 'whyslow quantize a.onnx -o fast/ --data SAMPLES'],
  [quantizeModel, [data], "whyslow quantize a.onnx -o fast/ --data 'my samples'"],
  // A smaller picture: neither the shape that was given nor the data fits it, the shape of another input does.
  [
    measureWith('--shape', 'x=1x3x24x160'),
    [shape, data, { flag: '--shape', value: 'y=2' }],
    'whyslow a.onnx --shape x=1x3x24x160 --shape y=2',
  ],
  [nextCommand('compare', MODEL), [{ flag: '--engine', value: 'ort-wasm' }, threads], 'whyslow compare a.onnx --threads 2'],
] as const)('%j, given %j', (next, given, expected) => {
  expect(commandToType(next, 'a.onnx', given).next).toBe(expected)
})

test('a path is quoted as a shell takes it', () => {
  expect(commandToType(measureWith('--batch', '2'), "it's MODEL.onnx", [])).toEqual({
    next: "whyslow 'it'\"'\"'s MODEL.onnx' --batch 2",
    run: { command: '', arguments: ["it's MODEL.onnx", '--batch', '2'] },
  })
})
